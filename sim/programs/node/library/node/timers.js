// setTimeout and its like. Source: nodejs.org/api/timers.html
'use strict';
const binding = require('binding:timers');

class Timeout {
  #number;
  constructor(callback, delay, args, repeat) {
    this._idleTimeout = Math.trunc(delay >= 1 && delay <= 2147483647 ? delay : 1);
    this._onTimeout = callback;
    this._repeat = repeat ? this._idleTimeout : null;
    this._destroyed = false;
    this.#number = binding.start(callback, Number(delay), repeat, args);
    binding.handle(this.#number, this);
  }
  ref() { binding.keep(this.#number, true); return this; }
  unref() { binding.keep(this.#number, false); return this; }
  hasRef() { return binding.hasRef(this.#number); }
  refresh() {
    binding.stop(this.#number);
    this.#number = binding.start(this._onTimeout, this._idleTimeout, this._repeat !== null, []);
    return this;
  }
  close() { clearTimeout(this); return this; }
  [Symbol.toPrimitive]() { return this.#number; }
}

class Immediate {
  constructor(callback, args) {
    this._active = true;
    binding.immediate((...given) => { if (this._active) { this._active = false; return callback(...given); } }, args);
  }
  ref() { return this; }
  unref() { return this; }
  hasRef() { return this._active; }
}

function setTimeout(callback, delay, ...args) { return new Timeout(callback, delay, args, false); }
function setInterval(callback, delay, ...args) { return new Timeout(callback, delay, args, true); }
function setImmediate(callback, ...args) { return new Immediate(callback, args); }
function clearTimeout(timer) {
  if (timer === undefined || timer === null) return;
  if (timer instanceof Timeout) timer._destroyed = true;
  binding.stop(Number(timer));
}
function clearInterval(timer) { clearTimeout(timer); }
function clearImmediate(immediate) { if (immediate) immediate._active = false; }

module.exports = { setTimeout, clearTimeout, setImmediate, clearImmediate, setInterval, clearInterval };
Object.defineProperty(module.exports, 'promises', { get: () => require('node:timers/promises'), enumerable: true });
