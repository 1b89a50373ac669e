// EventEmitter. Source: nodejs.org/api/events.html
'use strict';
const { invalidArgument, make } = require('node:internal/errors');
const { inspect } = require('binding:console');

function EventEmitter() {
  EventEmitter.init.call(this);
}

EventEmitter.prototype._events = undefined;
EventEmitter.prototype._eventsCount = 0;
EventEmitter.prototype._maxListeners = undefined;
EventEmitter.defaultMaxListeners = 10;

EventEmitter.init = function () {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = Object.create(null);
    this._eventsCount = 0;
  }
  this._maxListeners = this._maxListeners || undefined;
};

function listOf(emitter, name) {
  const found = emitter._events === undefined ? undefined : emitter._events[name];
  return found === undefined ? [] : typeof found === 'function' ? [found] : found;
}

function add(emitter, name, listener, first) {
  if (typeof listener !== 'function') throw invalidArgument('listener', 'function', listener);
  if (emitter._events === undefined) EventEmitter.init.call(emitter);
  if (emitter._events.newListener !== undefined) emitter.emit('newListener', name, listener.listener ?? listener);
  const old = emitter._events[name];
  if (old === undefined) {
    emitter._events[name] = listener;
    emitter._eventsCount++;
  } else if (typeof old === 'function') {
    emitter._events[name] = first ? [listener, old] : [old, listener];
  } else if (first) old.unshift(listener);
  else old.push(listener);
  const most = emitter._maxListeners ?? EventEmitter.defaultMaxListeners;
  const list = emitter._events[name];
  if (most > 0 && typeof list !== 'function' && list.length > most && !list.warned) {
    list.warned = true;
    process.emitWarning(`Possible EventEmitter memory leak detected. ${list.length} ${String(name)} listeners added to ` +
      `${inspect(emitter, { depth: -1 })}. MaxListeners is ${most}. Use emitter.setMaxListeners() to increase limit`,
      'MaxListenersExceededWarning');
  }
  return emitter;
}

function once(emitter, name, listener) {
  if (typeof listener !== 'function') throw invalidArgument('listener', 'function', listener);
  let fired = false;
  const wrapped = function (...args) {
    if (fired) return undefined;
    fired = true;
    emitter.removeListener(name, wrapped);
    return listener.apply(emitter, args);
  };
  wrapped.listener = listener;
  return wrapped;
}

EventEmitter.prototype.on = EventEmitter.prototype.addListener = function (name, listener) {
  return add(this, name, listener, false);
};
EventEmitter.prototype.prependListener = function (name, listener) {
  return add(this, name, listener, true);
};
EventEmitter.prototype.once = function (name, listener) {
  return this.on(name, once(this, name, listener));
};
EventEmitter.prototype.prependOnceListener = function (name, listener) {
  return this.prependListener(name, once(this, name, listener));
};

EventEmitter.prototype.off = EventEmitter.prototype.removeListener = function (name, listener) {
  const list = listOf(this, name);
  const at = list.findLastIndex((one) => one === listener || one.listener === listener);
  if (at < 0) return this;
  const left = list.filter((_, index) => index !== at);
  if (left.length === 0) {
    delete this._events[name];
    this._eventsCount--;
  } else this._events[name] = left.length === 1 ? left[0] : left;
  if (this._events.removeListener !== undefined) this.emit('removeListener', name, listener);
  return this;
};

EventEmitter.prototype.removeAllListeners = function (name) {
  for (const one of name === undefined ? this.eventNames() : [name]) {
    for (const listener of [...listOf(this, one)].reverse()) this.removeListener(one, listener);
  }
  return this;
};

EventEmitter.prototype.emit = function emit(name, ...args) {
  const list = listOf(this, name);
  if (list.length === 0) {
    if (name !== 'error') return false;
    const [error] = args;
    if (error instanceof Error) throw error;
    const unhandled = make(Error, `Unhandled error. (${typeof error === 'string' ? `'${error}'` : inspect(error)})`,
      'ERR_UNHANDLED_ERROR', emit);
    unhandled.context = error;
    throw unhandled;
  }
  for (const listener of [...list]) listener.apply(this, args);
  return true;
};

EventEmitter.prototype.listeners = function (name) {
  return listOf(this, name).map((one) => one.listener ?? one);
};
EventEmitter.prototype.rawListeners = function (name) {
  return [...listOf(this, name)];
};
EventEmitter.prototype.listenerCount = function (name) {
  return listOf(this, name).length;
};
EventEmitter.prototype.eventNames = function () {
  return this._events === undefined ? [] : Reflect.ownKeys(this._events);
};
EventEmitter.prototype.setMaxListeners = function (count) {
  this._maxListeners = count;
  return this;
};
EventEmitter.prototype.getMaxListeners = function () {
  return this._maxListeners ?? EventEmitter.defaultMaxListeners;
};

EventEmitter.once = function (emitter, name) {
  return new Promise((resolve, reject) => {
    const failed = (error) => { emitter.removeListener(name, done); reject(error); };
    const done = (...args) => { emitter.removeListener('error', failed); resolve(args); };
    emitter.once(name, done);
    if (name !== 'error') emitter.once('error', failed);
  });
};
EventEmitter.listenerCount = (emitter, name) => emitter.listenerCount(name);
EventEmitter.EventEmitter = EventEmitter;
module.exports = EventEmitter;
