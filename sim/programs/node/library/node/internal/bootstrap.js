// The globals that are node's, not the language's.
'use strict';
const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
const lazy = (name, load) => Object.defineProperty(globalThis, name, {
  configurable: true, get: load, set(value) { define(name, value); },
});

define('process', require('node:process'));
define('console', require('node:console'));
define('Buffer', require('node:buffer').Buffer);
define('Uint8Array', require('binding:buffer').Uint8Array);
for (const [name, value] of Object.entries(require('node:timers'))) {
  if (name !== 'promises') define(name, value);
}
define('queueMicrotask', require('node:internal/queues').queueMicrotask);
define('structuredClone', require('node:internal/clone').structuredClone);
lazy('URL', () => require('node:url').URL);
lazy('URLSearchParams', () => require('node:url').URLSearchParams);
lazy('TextEncoder', () => require('node:util').TextEncoder);
lazy('TextDecoder', () => require('node:util').TextDecoder);
lazy('AbortController', () => require('node:internal/abort').AbortController);
lazy('AbortSignal', () => require('node:internal/abort').AbortSignal);
lazy('Event', () => require('node:internal/abort').Event);
lazy('EventTarget', () => require('node:internal/abort').EventTarget);
lazy('fetch', () => require('node:internal/fetch').fetch);
lazy('Headers', () => require('node:internal/fetch').Headers);
lazy('Request', () => require('node:internal/fetch').Request);
lazy('Response', () => require('node:internal/fetch').Response);
lazy('crypto', () => require('node:crypto').webcrypto);
lazy('Intl', () => require('node:internal/intl'));
lazy('performance', () => require('node:perf_hooks').performance);
define('atob', (text) => Buffer.from(String(text), 'base64').toString('latin1'));
define('btoa', (text) => Buffer.from(String(text), 'latin1').toString('base64'));
