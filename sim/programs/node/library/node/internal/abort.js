// Events and AbortController. Source: dom.spec.whatwg.org
'use strict';
class Event {
  constructor(type, options = {}) { Object.assign(this, { type, target: null, defaultPrevented: false, ...options, timeStamp: 0 }); }
  preventDefault() { this.defaultPrevented = true; }
  stopPropagation() {}
}
class EventTarget {
  #listeners = new Map();
  addEventListener(type, listener, options) {
    const list = this.#listeners.get(type) ?? [];
    list.push({ listener, once: options?.once });
    this.#listeners.set(type, list);
  }
  removeEventListener(type, listener) {
    this.#listeners.set(type, (this.#listeners.get(type) ?? []).filter((one) => one.listener !== listener));
  }
  dispatchEvent(event) {
    event.target = this;
    for (const { listener, once } of [...(this.#listeners.get(event.type) ?? [])]) {
      if (once) this.removeEventListener(event.type, listener);
      if (typeof listener === 'function') listener.call(this, event);
      else listener.handleEvent(event);
    }
    this[`on${event.type}`]?.(event);
    return !event.defaultPrevented;
  }
}
const failure = (message, name, code) => Object.assign(new Error(message), { name, code });
class AbortSignal extends EventTarget {
  aborted = false;
  reason = undefined;
  onabort = null;
  throwIfAborted() { if (this.aborted) throw this.reason; }
  _abort(reason) {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason ?? failure('This operation was aborted', 'AbortError', 20);
    this.dispatchEvent(new Event('abort'));
  }
  static abort(reason) { const made = new AbortSignal(); made._abort(reason); return made; }
  static timeout(ms) {
    const made = new AbortSignal();
    setTimeout(() => made._abort(failure('The operation was aborted due to timeout', 'TimeoutError', 23)), ms).unref();
    return made;
  }
}
class AbortController {
  signal = new AbortSignal();
  abort(reason) { this.signal._abort(reason); }
}
module.exports = { Event, EventTarget, AbortSignal, AbortController };
