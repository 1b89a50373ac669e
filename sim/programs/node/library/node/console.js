// console. Source: nodejs.org/api/console.html
'use strict';
const binding = require('binding:console');
const { write, isatty } = require('binding:process');

class Console {
  #out; #err; #margin = ''; #counts = new Map(); #times = new Map();
  constructor(stdout, stderr) {
    this.#out = typeof stdout === 'number' ? stdout : stdout?.stdout ?? stdout;
    this.#err = typeof stderr === 'number' ? stderr : (stdout?.stderr ?? stderr ?? this.#out);
    for (const name of Object.getOwnPropertyNames(Console.prototype)) {
      if (name !== 'constructor') {
        const method = this[name].bind(this);
        Object.defineProperty(method, 'name', { value: name, configurable: true });
        this[name] = method;
      }
    }
  }
  #say(stream, args) {
    const colors = typeof stream === 'number' ? isatty(stream) && !process.env.NO_COLOR : stream.isTTY === true;
    let text = binding.format(colors, args);
    if (this.#margin) text = this.#margin + text.replaceAll('\n', `\n${this.#margin}`);
    if (typeof stream === 'number') write(stream, `${text}\n`);
    else stream.write(`${text}\n`);
  }
  log(...args) { this.#say(this.#out, args); }
  warn(...args) { this.#say(this.#err, args); }
  dir(value, options) { this.#say(this.#out, [binding.inspect(value, { customInspect: false, ...options })]); }
  time(label = 'default') { this.#times.set(`${label}`, process.hrtime()); }
  timeEnd(label = 'default') { this.#spent(label, []); this.#times.delete(`${label}`); }
  timeLog(label = 'default', ...data) { this.#spent(label, data); }
  #spent(label, data) {
    const begun = this.#times.get(`${label}`);
    if (begun === undefined) {
      process.emitWarning(`No such label '${label}' for console.timeEnd()`);
      return;
    }
    const [seconds, rest] = process.hrtime(begun);
    const ms = seconds * 1000 + rest / 1e6;
    const said = ms >= 1000 ? `${(ms / 1000).toFixed(3)}s` : `${Number(ms.toFixed(3))}ms`;
    this.log(`${label}: ${said}`, ...data);
  }
  trace(...args) {
    const error = { name: 'Trace', message: binding.format(false, args) };
    Error.captureStackTrace(error, this.trace);
    this.error(error.stack);
  }
  assert(value, ...args) {
    if (value) return;
    if (typeof args[0] === 'string') args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift('Assertion failed');
    this.warn(...args);
  }
  clear() { if (isatty(1)) write(1, '\x1b[1;1H\x1b[0J'); }
  count(label = 'default') {
    const count = (this.#counts.get(`${label}`) ?? 0) + 1;
    this.#counts.set(`${label}`, count);
    this.log(`${label}: ${count}`);
  }
  countReset(label = 'default') { this.#counts.delete(`${label}`); }
  group(...args) {
    if (args.length > 0) this.log(...args);
    this.#margin += '  ';
  }
  groupEnd() { this.#margin = this.#margin.slice(0, -2); }
  table(data, columns) {
    if (data === null || typeof data !== 'object') { this.log(data); return; }
    const isMap = data instanceof Map;
    const isSet = data instanceof Set;
    const rows = isMap ? [...data].map(([key, value], index) => [index, { Key: key, Values: value }])
      : isSet ? [...data].map((value, index) => [index, value]) : Object.keys(data).map((key) => [key, data[key]]);
    const show = (value) => binding.inspect(value, { depth: value !== null && typeof value === 'object' ? -1 : 0 });
    const names = [];
    let plain = false;
    for (const [, row] of rows) {
      if (row !== null && typeof row === 'object') {
        for (const key of columns ?? Object.keys(row)) if (!names.includes(key)) names.push(key);
      } else plain = true;
    }
    const head = [isMap || isSet ? '(iteration index)' : '(index)', ...names, ...(plain ? ['Values'] : [])];
    const lines = rows.map(([key, row]) => {
      const isObject = row !== null && typeof row === 'object';
      const cells = names.map((name) => (isObject && Object.hasOwn(row, name) ? show(row[name]) : ''));
      return [String(key), ...cells, ...(plain ? [isObject ? '' : show(row)] : [])];
    });
    this.log(binding.table(head, lines));
  }
  debug(...args) { this.log(...args); }
  info(...args) { this.log(...args); }
  dirxml(...args) { this.log(...args); }
  error(...args) { this.warn(...args); }
  groupCollapsed(...args) { this.group(...args); }
}

module.exports = new Console(1, 2);
module.exports.Console = Console;
Object.defineProperty(module.exports, Symbol.toStringTag, { value: 'console', configurable: true });
Object.setPrototypeOf(module.exports, {});
