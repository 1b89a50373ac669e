// fetch. Source: fetch.spec.whatwg.org
'use strict';
const http = require('node:http');
const { inspectSymbol } = require('binding:language');
const { inspect } = require('binding:console');

class Headers {
  #map = new Map();
  constructor(source = {}) {
    const pairs = source instanceof Headers ? [...source] : Array.isArray(source) ? source : Object.entries(source);
    for (const [name, value] of pairs) this.append(name, value);
  }
  append(name, value) { const key = name.toLowerCase(); this.#map.set(key, this.#map.has(key) ? `${this.#map.get(key)}, ${value}` : String(value)); }
  set(name, value) { this.#map.set(name.toLowerCase(), String(value)); }
  get(name) { return this.#map.get(name.toLowerCase()) ?? null; }
  has(name) { return this.#map.has(name.toLowerCase()); }
  delete(name) { this.#map.delete(name.toLowerCase()); }
  forEach(callback) { for (const [name, value] of this) callback(value, name, this); }
  entries() { return [...this.#map].sort(([one], [other]) => (one < other ? -1 : 1)).values(); }
  keys() { return [...this.entries()].map(([name]) => name).values(); }
  values() { return [...this.entries()].map(([, value]) => value).values(); }
  [Symbol.iterator]() { return this.entries(); }
  [inspectSymbol](depth, options) { return `Headers ${inspect(Object.fromEntries(this), options)}`; }
}

class Body {
  #data;
  constructor(data) { this.#data = data; this.bodyUsed = false; }
  async #take() {
    if (this.bodyUsed) throw new TypeError('Body is unusable: Body has already been read');
    this.bodyUsed = true;
    return this.#data;
  }
  async text() { return (await this.#take()).toString(); }
  async json() { return JSON.parse(await this.text()); }
  async arrayBuffer() { return new Uint8Array(await this.#take()); }
  async bytes() { return new Uint8Array(await this.#take()); }
}

function bytesOf(body, headers) {
  if (body === undefined || body === null) return undefined;
  if (body instanceof URLSearchParams && !headers.has('content-type')) headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
  else if (typeof body === 'string' && !headers.has('content-type')) headers.set('content-type', 'text/plain;charset=UTF-8');
  return Buffer.from(body instanceof Uint8Array ? body : String(body));
}

class Response extends Body {
  constructor(body, { status = 200, statusText = '', headers, url = '', redirected = false } = {}) {
    const held = new Headers(headers);
    super(bytesOf(body, held) ?? Buffer.alloc(0));
    Object.assign(this, { status, statusText, headers: held, url, redirected, ok: status >= 200 && status < 300, type: 'default' });
  }
  static json(data, options = {}) {
    return new Response(JSON.stringify(data), { ...options, headers: { 'content-type': 'application/json', ...options.headers } });
  }
}

class Request {
  constructor(input, options = {}) {
    Object.assign(this, { url: String(input?.url ?? new URL(input)), method: (options.method ?? input?.method ?? 'GET').toUpperCase(),
      headers: new Headers(options.headers ?? input?.headers), body: options.body ?? input?.body, signal: options.signal });
  }
}

function once(request, url) {
  return new Promise((resolve, reject) => {
    const body = bytesOf(request.body, request.headers);
    const defaults = { accept: '*/*', 'accept-language': '*', 'sec-fetch-mode': 'cors', 'user-agent': 'node' };
    const sent = http.request(url, { method: request.method, headers: { ...defaults, ...Object.fromEntries(request.headers), connection: 'keep-alive' } });
    if (body) sent.setHeader('content-length', body.length);
    request.signal?.addEventListener('abort', () => { sent.destroy(); reject(request.signal.reason); });
    sent.on('response', (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve([response, Buffer.concat(parts)]));
    });
    sent.on('error', (cause) => reject(Object.assign(new TypeError('fetch failed'), { cause })));
    sent.end(body);
  });
}

async function fetch(input, options) {
  const request = new Request(input, options);
  request.signal?.throwIfAborted();
  let url = new URL(request.url);
  for (let hops = 0; hops < 20; hops++) {
    if (url.protocol !== 'http:') {
      throw Object.assign(new TypeError('fetch failed'), { cause: new Error(`the simulated node has no TLS: ${url.protocol}`) });
    }
    const [response, data] = await once(request, url);
    const where = response.headers.location;
    if (![301, 302, 303, 307, 308].includes(response.statusCode) || !where || options?.redirect === 'manual') {
      const headers = Object.entries(response.headers).map(([name, value]) => [name, [].concat(value).join(', ')]);
      return new Response(data, { status: response.statusCode, statusText: response.statusMessage, headers, url: url.href, redirected: hops > 0 });
    }
    url = new URL(where, url);
    if (response.statusCode === 303 || (response.statusCode < 303 && request.method === 'POST')) Object.assign(request, { method: 'GET', body: undefined });
  }
  throw new TypeError('fetch failed');
}
module.exports = { fetch, Headers, Request, Response };
