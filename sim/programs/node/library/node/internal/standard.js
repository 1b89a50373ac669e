// process.stdin, stdout, stderr.
'use strict';
const { Readable, Writable } = require('node:stream');
const binding = require('binding:process');

class Output extends Writable {
  constructor(fd) {
    super();
    this.fd = fd;
    this._type = binding.isatty(fd) ? 'tty' : 'pipe';
    if (binding.isatty(fd)) this.isTTY = true;
  }
  write(data, encoding, callback) {
    binding.write(this.fd, data, typeof encoding === 'string' ? encoding : undefined);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  }
  end(data, ...rest) { if (data !== undefined && typeof data !== 'function') this.write(data, ...rest); return this; }
  get columns() { return this.isTTY ? binding.columns(this.fd) : undefined; }
  get rows() { return this.isTTY ? binding.rows(this.fd) : undefined; }
  getWindowSize() { return [this.columns, this.rows]; }
  hasColors() { return this.isTTY === true; }
  getColorDepth() { return this.isTTY ? 8 : 1; }
  cursorTo(x, y) { return this.write(y === undefined ? `\x1b[${x + 1}G` : `\x1b[${y + 1};${x + 1}H`); }
  clearLine(direction) { return this.write(direction < 0 ? '\x1b[1K' : direction > 0 ? '\x1b[0K' : '\x1b[2K'); }
  moveCursor() { return true; }
}

class Input extends Readable {
  #stop;
  constructor() {
    super();
    this.fd = 0;
    if (binding.isatty(0)) this.isTTY = true;
  }
  _read() { this.#stop ??= binding.read(0, (data) => this.push(data ?? null)); }
  pause() { super.pause(); this.#stop?.(); this.#stop = undefined; return this; }
  _destroy(error, done) { this.#stop?.(); done(error); }
  setRawMode(on) { binding.rawMode(on); this.isRaw = on; return this; }
  ref() { return this; }
  unref() { return this; }
}

exports.standard = (fd) => (fd === 0 ? new Input() : new Output(fd));
