// AsyncLocalStorage, for what runs at once; it does not follow promises.
'use strict';
class AsyncLocalStorage {
  #store;
  run(store, work, ...args) { const before = this.#store; this.#store = store; try { return work(...args); } finally { this.#store = before; } }
  getStore() { return this.#store; }
  enterWith(store) { this.#store = store; }
}
module.exports = { AsyncLocalStorage };
