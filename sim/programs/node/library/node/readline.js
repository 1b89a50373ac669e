// Lines of a stream. Source: nodejs.org/api/readline.html
'use strict';
const EventEmitter = require('node:events');

class Interface extends EventEmitter {
  #rest = ''; #asked = []; #lines = []; #prompt = '> '; #walks = false;
  constructor(input, output) {
    super();
    const options = input && input.input ? input : { input, output };
    Object.assign(this, { input: options.input, output: options.output, closed: false, terminal: Boolean(options.terminal), line: '' });
    if (options.prompt !== undefined) this.#prompt = options.prompt;
    this.input?.on('data', (data) => this.#take(data.toString()));
    this.input?.on('end', () => {
      if (this.#rest) { const last = this.#rest; this.#rest = ''; this.#line(last); }
      this.close();
    });
  }
  #take(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop();
    for (const line of lines) if (!this.closed) this.#line(line);
  }
  #line(line) {
    const answer = this.#asked.shift();
    if (answer) answer(line);
    else if (this.listenerCount('line') || this.#walks) this.emit('line', line);
    else this.#lines.push(line);
  }
  on(name, listener) {
    super.on(name, listener);
    if (name === 'line' && this.#lines.length) process.nextTick(() => { for (const line of this.#lines.splice(0)) this.emit('line', line); });
    return this;
  }
  question(query, options, callback) {
    if (typeof options === 'function') callback = options;
    this.output?.write(query);
    if (this.#lines.length) { const line = this.#lines.shift(); process.nextTick(() => callback(line)); }
    else this.#asked.push(callback);
  }
  setPrompt(text) { this.#prompt = text; }
  getPrompt() { return this.#prompt; }
  prompt() { this.output?.write(this.#prompt); }
  write(text) { if (text) this.#take(text); }
  pause() { this.input?.pause(); this.emit('pause'); return this; }
  resume() { this.input?.resume(); this.emit('resume'); return this; }
  close() {
    if (this.closed) return;
    this.closed = true;
    this.input?.pause();
    this.emit('close');
  }
  async* [Symbol.asyncIterator]() {
    const queue = this.#lines.splice(0);
    let wake = () => {};
    this.#walks = true;
    super.on('line', (line) => { queue.push(line); wake(); });
    this.once('close', () => wake());
    while (true) {
      while (queue.length) yield queue.shift();
      if (this.closed) return;
      await new Promise((resolve) => { wake = resolve; });
    }
  }
}

exports.Interface = Interface;
exports.createInterface = (input, output) => new Interface(input, output);
exports.clearLine = (stream, direction, done) => { stream.clearLine?.(direction); done?.(); return true; };
exports.cursorTo = (stream, x, y, done) => { stream.cursorTo?.(x, y); (typeof y === 'function' ? y : done)?.(); return true; };
exports.moveCursor = () => true;
exports.emitKeypressEvents = () => {};
exports.promises = {
  Interface,
  createInterface(input, output) {
    const made = new Interface(input, output);
    const ask = made.question.bind(made);
    made.question = (query) => new Promise((resolve) => { ask(query, resolve); });
    return made;
  },
};
