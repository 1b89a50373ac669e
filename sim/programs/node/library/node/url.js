// URL and URLSearchParams; url.parse. Source: nodejs.org/api/url.html, url.spec.whatwg.org
'use strict';
const { inspectSymbol } = require('binding:language');
const { inspect } = require('binding:console');
const { make, invalidArgument } = require('node:internal/errors');
const querystring = require('node:querystring');

const PORTS = { 'http:': '80', 'https:': '443', 'ftp:': '21', 'ws:': '80', 'wss:': '443', 'file:': '' };
const FORM = /^([a-zA-Z][a-zA-Z0-9+.-]*:)(?:\/\/(?:([^/?#@]*)@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d*))?)?([^?#]*)(\?[^#]*)?(#.*)?$/;
const encode = (text) => encodeURIComponent(text).replace(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
  .replaceAll('%20', '+');
const decode = (text) => Buffer.from(text.replaceAll('+', ' ').replace(/%([0-9a-fA-F]{2})/g, (_, code) =>
  String.fromCharCode(Number.parseInt(code, 16))), /%[89a-fA-F]/.test(text) ? 'latin1' : 'utf8').toString();
const escaped = (text, extra) => encodeURI(text).replaceAll('%25', '%').replace(extra, (one) => encodeURIComponent(one));

class URLSearchParams {
  #pairs = []; #changed = () => {};
  constructor(source = '', changed) {
    if (changed) this.#changed = changed;
    if (typeof source === 'string') {
      for (const part of source.replace(/^\?/, '').split('&')) {
        if (part === '') continue;
        const at = part.indexOf('=');
        this.#pairs.push(at < 0 ? [decode(part), ''] : [decode(part.slice(0, at)), decode(part.slice(at + 1))]);
      }
    } else if (source && typeof source[Symbol.iterator] === 'function') {
      for (const [key, value] of source) this.#pairs.push([String(key), String(value)]);
    } else for (const key of Object.keys(source ?? {})) this.#pairs.push([key, String(source[key])]);
  }
  get size() { return this.#pairs.length; }
  append(key, value) { this.#pairs.push([String(key), String(value)]); this.#changed(); }
  delete(key) { this.#pairs = this.#pairs.filter(([one]) => one !== String(key)); this.#changed(); }
  get(key) { return this.#pairs.find(([one]) => one === String(key))?.[1] ?? null; }
  getAll(key) { return this.#pairs.filter(([one]) => one === String(key)).map(([, value]) => value); }
  has(key) { return this.#pairs.some(([one]) => one === String(key)); }
  set(key, value) {
    const first = this.#pairs.find(([one]) => one === String(key));
    if (!first) { this.append(key, value); return; }
    first[1] = String(value);
    this.#pairs = this.#pairs.filter((one) => one === first || one[0] !== String(key));
    this.#changed();
  }
  sort() { this.#pairs.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)); this.#changed(); }
  forEach(callback, self) { for (const [key, value] of this.#pairs) callback.call(self, value, key, this); }
  keys() { return this.#pairs.map(([key]) => key).values(); }
  values() { return this.#pairs.map(([, value]) => value).values(); }
  entries() { return this.#pairs.map((pair) => [...pair]).values(); }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return this.#pairs.map(([key, value]) => `${encode(key)}=${encode(value)}`).join('&'); }
  [inspectSymbol](depth, options) {
    if (!this.#pairs.length) return 'URLSearchParams {}';
    return `URLSearchParams { ${this.#pairs.map(([key, value]) => `${inspect(key, options)} => ${inspect(value, options)}`).join(', ')} }`;
  }
}

function walk(path) {
  const found = [];
  const words = path.split('/').slice(1);
  for (const [at, word] of words.entries()) {
    const last = at === words.length - 1;
    if (word === '..') { found.pop(); if (last) found.push(''); }
    else if (word === '.') { if (last) found.push(''); }
    else found.push(word);
  }
  return `/${found.join('/')}`;
}

class URL {
  #parts; #search;
  constructor(input, base) {
    const text = String(input).trim();
    const match = FORM.exec(text);
    const known = match && (match[1].toLowerCase() in PORTS);
    if (match && !(known && base !== undefined && !/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text))) this.#parts = this.#read(match, text);
    else if (base !== undefined) this.#parts = this.#join(text, base instanceof URL ? base : new URL(base));
    if (!this.#parts) {
      const error = make(TypeError, 'Invalid URL', 'ERR_INVALID_URL', URL);
      error.input = text;
      if (base !== undefined) error.base = String(base);
      throw error;
    }
    this.#search = new URLSearchParams(this.#parts.search, () => {
      const said = this.#search.toString();
      this.#parts.search = said && `?${said}`;
    });
  }
  #read(match, text) {
    const protocol = match[1].toLowerCase();
    const special = protocol in PORTS;
    const host = (match[3] ?? '').toLowerCase();
    if (special && protocol !== 'file:' && (!host || /[\s<>^|%]/.test(host))) return undefined;
    const [username = '', password = ''] = (match[2] ?? '').split(':');
    const port = match[4] && match[4] !== PORTS[protocol] ? String(Number(match[4])) : '';
    if (Number(port) > 65535) return undefined;
    const path = special ? walk(escaped(match[5] || '/', /["<>`{}]/g)) : match[5];
    return { protocol, username, password, hostname: host, port, pathname: path, slashes: /^[^:]+:\/\//.test(text),
      search: match[6] && match[6] !== '?' ? escaped(match[6], /["<>']/g) : '', hash: match[7] && match[7] !== '#' ? escaped(match[7], /["<>`]/g) : '' };
  }
  #join(text, base) {
    if (text.startsWith('//')) return this.#read(FORM.exec(base.protocol + text), '//');
    const [, path, search, hash] = /^([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text);
    const folder = base.pathname.replace(/[^/]*$/, '');
    const whole = path === '' ? base.pathname : path.startsWith('/') ? path : folder + path;
    const found = this.#read(FORM.exec(`${base.origin === 'null' ? `${base.protocol}//${base.host}` : base.origin}${whole}${search ?? (path === '' ? base.search : '')}${hash ?? ''}`), '://');
    return found && { ...found, username: base.username, password: base.password };
  }
  get href() {
    const { protocol, username, password, pathname, search, hash, slashes } = this.#parts;
    const auth = username ? `${username}${password ? `:${password}` : ''}@` : '';
    return `${protocol}${slashes || protocol in PORTS ? `//${auth}${this.host}` : ''}${pathname}${search}${hash}`;
  }
  set href(value) { this.#parts = new URL(value).#parts; }
  get origin() { return this.protocol in PORTS && this.protocol !== 'file:' ? `${this.protocol}//${this.host}` : 'null'; }
  get host() { return this.#parts.port ? `${this.#parts.hostname}:${this.#parts.port}` : this.#parts.hostname; }
  set host(value) { [this.#parts.hostname, this.#parts.port = ''] = String(value).split(':'); }
  get searchParams() { return this.#search; }
  get search() { return this.#parts.search; }
  set search(value) {
    const text = String(value).replace(/^\?/, '');
    this.#parts.search = text && `?${text}`;
    this.#search = new URLSearchParams(text, () => { this.#parts.search = `?${this.#search}`; });
  }
  get hash() { return this.#parts.hash; }
  set hash(value) { this.#parts.hash = value ? `#${String(value).replace(/^#/, '')}` : ''; }
  toString() { return this.href; }
  toJSON() { return this.href; }
  [inspectSymbol](depth, options) {
    const { href, origin, protocol, username, password, host, hostname, port, pathname, search, searchParams, hash } = this;
    return `URL ${inspect({ href, origin, protocol, username, password, host, hostname, port, pathname, search, searchParams, hash }, options)}`;
  }
  static canParse(input, base) { try { new URL(input, base); return true; } catch { return false; } }
  static parse(input, base) { try { return new URL(input, base); } catch { return null; } }
  static { // the parts that are only kept
    for (const name of ['protocol', 'username', 'password', 'hostname', 'port', 'pathname']) {
      Object.defineProperty(URL.prototype, name, {
        enumerable: true, configurable: true,
        get() { return this.#parts[name]; }, set(value) { this.#parts[name] = String(value); },
      });
    }
  }
}

// -- the old interface

class Url {
  constructor() {
    Object.assign(this, { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null,
      search: null, query: null, pathname: null, path: null, href: '' });
  }
}

function parse(text, queries = false) {
  if (typeof text !== 'string') throw invalidArgument('url', 'string', text);
  const found = new Url();
  const match = /^([a-zA-Z][\w+.-]*:)?(?:\/\/(?:([^/?#@]*)@)?([^/?#:]*)(?::(\d+))?)?([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text.trim());
  const [, protocol, auth, hostname, port, pathname, search, hash] = match;
  if (protocol) found.protocol = protocol.toLowerCase();
  if (hostname !== undefined && (protocol || text.startsWith('//'))) {
    Object.assign(found, { slashes: true, auth: auth ?? null, hostname, port: port ?? null, host: port ? `${hostname}:${port}` : hostname });
  }
  found.hash = hash ?? null;
  found.search = search ?? (queries ? '' : null);
  found.query = queries ? querystring.parse((search ?? '').slice(1)) : search ? search.slice(1) : null;
  found.pathname = pathname || (found.slashes ? '/' : null);
  found.path = found.pathname === null && !search ? null : `${found.pathname ?? ''}${search ?? ''}`;
  found.href = format(found);
  return found;
}

function format(url) {
  if (url instanceof URL) return url.href;
  const { protocol, auth, host, hostname, port, pathname, search, query, hash, slashes } = url;
  const where = host ?? (hostname ? `${hostname}${port ? `:${port}` : ''}` : '');
  const asked = search ?? (query && typeof query === 'object' && Object.keys(query).length ? `?${querystring.stringify(query)}` : '');
  const scheme = protocol ? (protocol.endsWith(':') ? protocol : `${protocol}:`) : '';
  return `${scheme}${where || slashes ? '//' : ''}${auth ? `${auth}@` : ''}${where}${pathname ?? ''}${asked}${hash ?? ''}`;
}

module.exports = {
  URL, URLSearchParams, Url, parse, format, resolve: (from, to) => new URL(to, new URL(from, 'http://x')).href.replace(/^http:\/\/x/, ''),
  fileURLToPath: (url) => decodeURIComponent((url instanceof URL ? url : new URL(url)).pathname),
  pathToFileURL: (path) => new URL(`file://${encodeURI(require('node:path').resolve(path))}`),
  domainToASCII: (name) => name, domainToUnicode: (name) => name,
};
