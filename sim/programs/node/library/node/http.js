// HTTP/1.1: server and client. Source: nodejs.org/api/http.html
'use strict';
const EventEmitter = require('node:events');
const net = require('node:net');
const { Readable, Writable } = require('node:stream');
const { parser } = require('binding:network');
const { make, invalidArgument } = require('node:internal/errors');

const STATUS_CODES = {
  100: 'Continue', 101: 'Switching Protocols', 200: 'OK', 201: 'Created', 202: 'Accepted', 203: 'Non-Authoritative Information',
  204: 'No Content', 205: 'Reset Content', 206: 'Partial Content', 300: 'Multiple Choices', 301: 'Moved Permanently',
  302: 'Found', 303: 'See Other', 304: 'Not Modified', 307: 'Temporary Redirect', 308: 'Permanent Redirect',
  400: 'Bad Request', 401: 'Unauthorized', 402: 'Payment Required', 403: 'Forbidden', 404: 'Not Found',
  405: 'Method Not Allowed', 406: 'Not Acceptable', 408: 'Request Timeout', 409: 'Conflict', 410: 'Gone',
  411: 'Length Required', 413: 'Payload Too Large', 414: 'URI Too Long', 415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable', 417: 'Expectation Failed', 418: "I'm a Teapot", 422: 'Unprocessable Entity',
  425: 'Too Early', 426: 'Upgrade Required', 428: 'Precondition Required', 429: 'Too Many Requests',
  431: 'Request Header Fields Too Large', 500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway',
  503: 'Service Unavailable', 504: 'Gateway Timeout', 505: 'HTTP Version Not Supported',
};
const METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'];
const JOINED = new Set(['set-cookie']);

class IncomingMessage extends Readable {
  constructor(socket) {
    super();
    Object.assign(this, { socket, connection: socket, complete: false, aborted: false, httpVersion: '1.1', headers: {},
      rawHeaders: [], trailers: {}, url: '', method: null, statusCode: null, statusMessage: null });
    this.autoClose = false;
  }
  _begin(version, pairs) {
    this.httpVersion = version;
    [this.httpVersionMajor, this.httpVersionMinor] = version.split('.').map(Number);
    for (const [name, value] of pairs) {
      this.rawHeaders.push(name, value);
      const key = name.toLowerCase();
      if (JOINED.has(key)) (this.headers[key] ??= []).push(value);
      else if (key in this.headers) this.headers[key] += key === 'cookie' ? `; ${value}` : `, ${value}`;
      else this.headers[key] = value;
    }
    return this;
  }
  setTimeout(ms, callback) { this.socket.setTimeout(ms, callback); return this; }
}

class OutgoingMessage extends Writable {
  constructor() {
    super();
    Object.assign(this, { headersSent: false, sendDate: true, finished: false, socket: null, connection: null });
    Object.defineProperty(this, '_headers', { value: new Map(), writable: true });
    Object.defineProperty(this, '_held', { value: [], writable: true });
  }
  setHeader(name, value) {
    if (this.headersSent) throw make(Error, 'Cannot set headers after they are sent to the client', 'ERR_HTTP_HEADERS_SENT', this.setHeader);
    if (typeof name !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw make(TypeError, `Header name must be a valid HTTP token ["${name}"]`, 'ERR_INVALID_HTTP_TOKEN', this.setHeader);
    }
    if (value === undefined) {
      throw make(TypeError, `Invalid value "undefined" for header "${name}"`, 'ERR_HTTP_INVALID_HEADER_VALUE', this.setHeader);
    }
    if (/[^\t\x20-\x7e\x80-\xff]/.test(String(value))) {
      throw make(TypeError, `Invalid character in header content ["${name}"]`, 'ERR_INVALID_CHAR', this.setHeader);
    }
    this._headers.set(name.toLowerCase(), [name, value]);
    return this;
  }
  appendHeader(name, value) {
    const old = this.getHeader(name);
    return this.setHeader(name, old === undefined ? value : [].concat(old, value));
  }
  setHeaders(headers) { for (const [name, value] of headers) this.setHeader(name, value); return this; }
  getHeader(name) { return this._headers.get(String(name).toLowerCase())?.[1]; }
  hasHeader(name) { return this._headers.has(String(name).toLowerCase()); }
  getHeaderNames() { return [...this._headers.keys()]; }
  getHeaders() { return Object.assign(Object.create(null), Object.fromEntries([...this._headers].map(([key, [, value]]) => [key, value]))); }
  removeHeader(name) { this._headers.delete(String(name).toLowerCase()); }
  flushHeaders() { if (!this.headersSent) this._send(null); }
  _lines() {
    return [...this._headers.values()].flatMap(([name, value]) => [].concat(value).map((one) => `${name}: ${one}\r\n`)).join('');
  }
  // the head goes out with the first piece of the body, or at the end, when its length is known
  write(data, encoding, callback) {
    if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
    if (this.writableEnded) {
      const error = make(Error, 'write after end', 'ERR_STREAM_WRITE_AFTER_END', this.write);
      process.nextTick(() => this.emit('error', error));
      return false;
    }
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw invalidArgument('chunk', ['string', 'Buffer', 'Uint8Array'], data);
    }
    this._send(typeof data === 'string' ? Buffer.from(data, encoding) : data);
    if (callback) process.nextTick(callback);
    return true;
  }
  end(data, encoding, callback) {
    if (typeof data === 'function') [data, callback] = [undefined, data];
    if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
    if (data !== undefined && data !== null && typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw invalidArgument('chunk', ['string', 'Buffer', 'Uint8Array'], data);
    }
    if (callback) this.once('finish', callback);
    if (this.writableEnded) return this;
    const last = data === undefined || data === null ? null : typeof data === 'string' ? Buffer.from(data, encoding) : data;
    this._send(last, true);
    this.writableEnded = true;
    this.finished = true;
    process.nextTick(() => { this.writableFinished = true; this.emit('finish'); this._done(); });
    return this;
  }
  _send(data, last = false) {
    let out = [];
    if (!this.headersSent) {
      const size = last ? data?.length ?? 0 : undefined;
      out.push(Buffer.from(this._head(size), 'latin1'));
      this.headersSent = true;
    }
    if (data !== null && data.length && this._hasBody) {
      if (this._chunked) out.push(Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n'));
      else out.push(data);
    }
    if (last && this._chunked && this._hasBody) out.push(Buffer.from('0\r\n\r\n'));
    if (out.length) this._out(Buffer.concat(out));
  }
  _length(size) {
    if (!this._hasBody || this.hasHeader('content-length')) return '';
    if (this.hasHeader('transfer-encoding')) { this._chunked = /chunked/i.test(this.getHeader('transfer-encoding')); return ''; }
    if (size !== undefined) return `Content-Length: ${size}\r\n`;
    this._chunked = true;
    return 'Transfer-Encoding: chunked\r\n';
  }
  setTimeout(ms, callback) { this.socket?.setTimeout(ms, callback); return this; }
}

class ServerResponse extends OutgoingMessage {
  constructor(request) {
    super();
    Object.assign(this, { statusCode: 200, statusMessage: undefined, req: request });
    this._hasBody = request.method !== 'HEAD';
    this.shouldKeepAlive = request.httpVersion === '1.1' ? !/close/i.test(request.headers.connection ?? '')
      : /keep-alive/i.test(request.headers.connection ?? '');
  }
  writeHead(status, reason, headers) {
    if (this.headersSent) throw make(Error, 'Cannot write headers after they are sent to the client', 'ERR_HTTP_HEADERS_SENT', this.writeHead);
    if (typeof reason !== 'string') [reason, headers] = [undefined, reason];
    if (!Number.isInteger(Number(status)) || status < 100 || status > 999) {
      throw make(RangeError, `Invalid status code: ${status}`, 'ERR_HTTP_INVALID_STATUS_CODE', this.writeHead);
    }
    this.statusCode = Number(status);
    if (reason !== undefined) this.statusMessage = reason;
    if (Array.isArray(headers)) for (let at = 0; at < headers.length; at += 2) this.setHeader(headers[at], headers[at + 1]);
    else for (const name of Object.keys(headers ?? {})) this.setHeader(name, headers[name]);
    return this;
  }
  writeContinue() { this._out(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')); }
  _head(size) {
    const status = this.statusCode;
    if (status === 204 || status === 304) { this._hasBody = false; }
    this.statusMessage ??= STATUS_CODES[status] ?? 'unknown';
    const date = this.sendDate && !this.hasHeader('date') ? `Date: ${new Date().toUTCString()}\r\n` : '';
    let keep = '';
    if (this.hasHeader('connection')) this.shouldKeepAlive &&= !/close/i.test(this.getHeader('connection'));
    else keep = this.shouldKeepAlive ? 'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n' : 'Connection: close\r\n';
    return `HTTP/1.1 ${status} ${this.statusMessage}\r\n${this._lines()}${date}${keep}${this._length(size)}\r\n`;
  }
  _out(data) { this._server.write(this, data); }
  _done() { this._server.done(this); }
  assignSocket(socket) { this.socket = this.connection = socket; }
}

// One connection of a server: requests in order, answers in the same order.
class Exchange {
  #server; #socket; #parser = parser(true); #request; #answers = []; #timer;
  constructor(server, socket) {
    this.#server = server;
    this.#socket = socket;
    socket.on('data', (data) => this.#events(this.#parser.feed(data)));
    socket.on('end', () => socket.end());
    socket.on('error', (error) => { if (server.listenerCount('clientError')) server.emit('clientError', error, socket); });
    socket.on('close', () => {
      clearTimeout(this.#timer);
      for (const { response } of this.#answers) {
        response.destroyed = true;
        response.req.aborted = !response.req.complete;
        response.req.emit('close');
        response.emit('close');
      }
    });
    this.#wait(60000);
  }
  get idle() { return this.#answers.length === 0; }
  stop() { this.#socket.end(); this.#socket.destroy(); }
  #wait(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), ms);
    this.#timer.unref();
  }
  #events(events) {
    for (const [kind, ...rest] of events) {
      if (kind === 'head') this.#begin(...rest);
      else if (kind === 'body') this.#request.push(rest[0]);
      else if (kind === 'end') { this.#request.complete = true; this.#request.push(null); }
      else { this.#socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n`); return; }
    }
  }
  #begin(method, url, version, headers) {
    clearTimeout(this.#timer);
    const request = this.#request = new IncomingMessage(this.#socket)._begin(version, headers);
    Object.assign(request, { method, url });
    const response = new (this.#server.Response ?? ServerResponse)(request);
    response.assignSocket(this.#socket);
    Object.defineProperty(response, '_server', { value: this });
    this.#answers.push({ response, pieces: [], done: false });
    if (/100-continue/i.test(request.headers.expect ?? '')) response.writeContinue();
    this.#server.emit('request', request, response);
  }
  write(response, data) {
    const entry = this.#answers.find((one) => one.response === response);
    if (!entry) return;
    if (entry === this.#answers[0]) this.#socket.write(data);
    else entry.pieces.push(data);
  }
  done(response) {
    const entry = this.#answers.find((one) => one.response === response);
    if (entry) entry.done = true;
    while (this.#answers[0]?.done) {
      const { response: first } = this.#answers.shift();
      first.emit('close');
      if (!first.shouldKeepAlive || !this.#server.listening) { this.#socket.end(); return; }
      for (const piece of this.#answers[0]?.pieces.splice(0) ?? []) this.#socket.write(piece);
    }
    if (this.idle) this.#wait(this.#server.keepAliveTimeout);
  }
}

class Server extends net.Server {
  #exchanges = new Set();
  constructor(options, listener) {
    super();
    if (typeof options === 'function') listener = options;
    if (listener) this.on('request', listener);
    Object.assign(this, { keepAliveTimeout: 5000, requestTimeout: 300000, headersTimeout: 60000, timeout: 0, maxHeadersCount: null });
    this.on('connection', (socket) => {
      const exchange = new Exchange(this, socket);
      this.#exchanges.add(exchange);
      socket.on('close', () => this.#exchanges.delete(exchange));
    });
  }
  _idle() { this.closeIdleConnections(); }
  closeIdleConnections() { for (const one of this.#exchanges) if (one.idle) one.stop(); }
  closeAllConnections() { for (const one of this.#exchanges) one.stop(); }
  setTimeout() { return this; }
}

// -- the client

class ClientRequest extends OutgoingMessage {
  #socket; #parser = parser(false); #response; #timeout;
  constructor(options, callback) {
    super();
    const headers = options.headers ?? {};
    this.method = (options.method ?? 'GET').toUpperCase();
    this.path = options.path ?? '/';
    this.host = options.hostname ?? options.host ?? 'localhost';
    this.protocol = options.protocol ?? 'http:';
    this.port = Number(options.port || 80);
    this._hasBody = true;
    for (const name of Object.keys(headers)) if (headers[name] !== undefined) this.setHeader(name, headers[name]);
    if (!this.hasHeader('host')) this.setHeader('Host', this.port === 80 ? this.host : `${this.host}:${this.port}`);
    if (options.auth) this.setHeader('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`);
    if (callback) this.once('response', callback);
    const socket = this.#socket = this.socket = this.connection = new net.Socket();
    socket.on('data', (data) => this.#events(this.#parser.feed(data)));
    socket.on('end', () => {
      if (!this.#response || !this.#response.complete) this.#events(this.#parser.feed(Buffer.alloc(0)));
      if (!this.#response && !this.destroyed) this.#fail(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.emit('close'));
    if (options.timeout) this.setTimeout(options.timeout);
    if (options.signal) options.signal.addEventListener('abort', () => this.destroy(options.signal.reason));
    socket.connect(this.port, this.host);
    process.nextTick(() => this.emit('socket', socket));
  }
  #fail(error) {
    if (this.#response && !this.#response.complete) { this.#response.aborted = true; this.#response.destroy(error); return; }
    if (!this.destroyed && !this.#response) { this.destroyed = true; this.emit('error', error); }
  }
  #events(events) {
    for (const [kind, ...rest] of events) {
      if (kind === 'head') {
        const [status, reason, version, headers] = rest;
        const response = this.#response = this.res = new IncomingMessage(this.#socket)._begin(version, headers);
        Object.assign(response, { statusCode: status, statusMessage: reason, req: this });
        clearTimeout(this.#timeout);
        if (!this.emit('response', response)) response.resume();
      } else if (kind === 'body') this.#response.push(rest[0]);
      else if (kind === 'end') {
        this.#response.complete = true;
        this.#response.push(null);
        this.#socket.end();
        this.#socket.destroy();
      } else this.#fail(Object.assign(new Error('Parse Error: Expected HTTP/'), { code: 'HPE_INVALID_CONSTANT' }));
    }
  }
  _head(size) {
    const bare = ['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(this.method) && !size && size !== undefined;
    const length = bare && !this.hasHeader('content-length') ? '' : this._length(size);
    this.#parser.asked(this.method, this.path);
    const keep = this.hasHeader('connection') ? '' : 'Connection: keep-alive\r\n';
    return `${this.method} ${this.path} HTTP/1.1\r\n${this._lines()}${keep}${length}\r\n`;
  }
  _out(data) { this.#socket.write(data); }
  _done() {}
  setTimeout(ms, callback) {
    if (callback) this.once('timeout', callback);
    clearTimeout(this.#timeout);
    this.#timeout = setTimeout(() => this.emit('timeout'), ms);
    return this;
  }
  abort() { this.destroy(); }
  destroy(error) {
    if (this.destroyed) return this;
    clearTimeout(this.#timeout);
    const failure = error ?? (this.#response ? null : Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    this.destroyed = true;
    this.#socket.destroy();
    if (failure) process.nextTick(() => this.emit('error', failure));
    return this;
  }
  setNoDelay() {}
  setSocketKeepAlive() {}
}

class Agent extends EventEmitter {
  constructor(options = {}) { super(); this.options = options; this.maxSockets = options.maxSockets ?? Infinity; }
  destroy() {}
}

function settings(url, options, callback) {
  if (typeof options === 'function') [options, callback] = [{}, options];
  if (typeof url === 'string') url = new URL(url);
  if (url instanceof URL) {
    const { protocol, hostname, port, pathname, search, username, password } = url;
    const auth = username ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : undefined;
    url = { protocol, hostname, port, path: pathname + search, auth };
  }
  const found = { ...url, ...options };
  if (found.protocol && found.protocol !== 'http:') {
    throw make(TypeError, `Protocol "${found.protocol}" not supported. Expected "http:"`, 'ERR_INVALID_PROTOCOL', request);
  }
  return [found, callback];
}

function request(url, options, callback) { return new ClientRequest(...settings(url, options, callback)); }
function get(url, options, callback) { return request(url, options, callback).end(); }
function createServer(options, listener) { return new Server(options, listener); }

module.exports = {
  METHODS, STATUS_CODES, Agent, ClientRequest, IncomingMessage, OutgoingMessage, Server, ServerResponse, createServer,
  request, get, globalAgent: new Agent(), maxHeaderSize: 16384,
};
