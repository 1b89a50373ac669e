// TCP. Source: nodejs.org/api/net.html
'use strict';
const EventEmitter = require('node:events');
const { Duplex } = require('node:stream');
const binding = require('binding:network');
const { make } = require('node:internal/errors');

class Socket extends Duplex {
  #fd; #early = []; #timer; #timeout = 0;
  constructor() {
    super();
    this.connecting = false;
    this.bytesRead = 0;
    this.bytesWritten = 0;
    this.autoClose = false;
    this.on('end', () => { if (!this.allowHalfOpen && !this.writableEnded) this.end(); });
  }
  _open(fd, address, port) {
    this.#fd = fd;
    this.connecting = false;
    Object.assign(this, { remoteAddress: address, remotePort: port, remoteFamily: 'IPv4' });
    binding.read(fd, (error, data) => {
      if (this.destroyed) return;
      if (error) { this.destroy(error); return; }
      this.#touch();
      if (data === undefined) {
        this.push(null);
        this._ended = true;
        if (this.writableFinished) this.destroy();
      } else { this.bytesRead += data.length; this.push(data); }
    });
    for (const work of this.#early.splice(0)) work();
    return this;
  }
  connect(port, host, callback) {
    if (typeof port === 'object') [{ port, host }, callback] = [port, host];
    if (typeof host === 'function') [host, callback] = [undefined, host];
    if (callback) this.once('connect', callback);
    this.connecting = true;
    binding.connect(host ?? 'localhost', Number(port), (error, fd, address) => {
      if (this.destroyed) { if (fd !== undefined) binding.close(fd); return; }
      if (error) { this.connecting = false; this.destroy(error); return; }
      this._open(fd, address, Number(port));
      this.emit('connect');
      this.emit('ready');
    });
    return this;
  }
  _write(data, encoding, done) {
    const work = () => {
      if (!this.destroyed) this.bytesWritten += binding.write(this.#fd, data, encoding);
      this.#touch();
      done();
    };
    if (this.#fd === undefined) this.#early.push(work);
    else work();
  }
  _final(done) {
    const work = () => { if (!this.destroyed) binding.end(this.#fd); done(); };
    if (this.#fd === undefined) this.#early.push(work);
    else work();
  }
  _afterFinish() { if (this._ended) this.destroy(); }
  _destroy(error, done) {
    clearTimeout(this.#timer);
    if (this.#fd !== undefined) binding.close(this.#fd);
    this.writable = false;
    done(error);
  }
  destroySoon() { this.end(); }
  #touch() {
    clearTimeout(this.#timer);
    if (this.#timeout) { this.#timer = setTimeout(() => this.emit('timeout'), this.#timeout); this.#timer.unref(); }
  }
  setTimeout(ms, callback) {
    this.#timeout = ms;
    if (callback) this.once('timeout', callback);
    this.#touch();
    return this;
  }
  setNoDelay() { return this; }
  setKeepAlive() { return this; }
  ref() { if (this.#fd !== undefined) binding.keep(this.#fd, true); return this; }
  unref() { if (this.#fd !== undefined) binding.keep(this.#fd, false); return this; }
  address() { return { address: this.localAddress, family: 'IPv4', port: this.localPort }; }
  get readyState() { return this.connecting ? 'opening' : this.#fd !== undefined && !this.destroyed ? 'open' : 'closed'; }
}

class Server extends EventEmitter {
  #fd; #port; #host; #open = new Set(); #closing = false;
  constructor(options, listener) {
    super();
    if (typeof options === 'function') listener = options;
    if (listener) this.on('connection', listener);
    this.listening = false;
  }
  listen(port, ...rest) {
    if (typeof port === 'object' && port !== null) rest = [port.host, ...rest], port = port.port;
    if (typeof port === 'function') rest = [port], port = 0;
    const callback = rest.find((one) => typeof one === 'function');
    const host = rest.find((one) => typeof one === 'string');
    const number = port === undefined || port === null || port === '' ? 0 : Number(port);
    if (!Number.isInteger(number) || number < 0 || number > 65535) {
      const shown = typeof port === 'string' ? `type string ('${port}')` : `type ${typeof port} (${port})`;
      throw make(RangeError, `options.port should be >= 0 and < 65536. Received ${shown}.`, 'ERR_SOCKET_BAD_PORT', this.listen);
    }
    if (callback) this.once('listening', callback);
    let opened;
    try {
      opened = binding.listen(host, number, (fd, address, from) => {
        const socket = new Socket()._open(fd, this.#host === '::' ? `::ffff:${address}` : address, from);
        Object.assign(socket, { localPort: this.#port, localAddress: this.#host, server: this });
        this.#open.add(socket);
        socket.on('close', () => { this.#open.delete(socket); this.#closed(); });
        this.emit('connection', socket);
      });
    } catch (error) {
      process.nextTick(() => this.emit('error', error));
      return this;
    }
    this.#fd = opened.fd;
    this.#port = opened.port;
    this.#host = host === 'localhost' ? '127.0.0.1' : host ?? '::';
    this.listening = true;
    process.nextTick(() => this.emit('listening'));
    return this;
  }
  address() {
    return this.listening ? { address: this.#host, family: this.#host.includes(':') ? 'IPv6' : 'IPv4', port: this.#port } : null;
  }
  close(callback) {
    if (callback) {
      this.once('close', this.listening ? () => callback()
        : () => callback(make(Error, 'Server is not running.', 'ERR_SERVER_NOT_RUNNING', this.close)));
    }
    if (this.listening) binding.close(this.#fd);
    this.listening = false;
    this.#closing = true;
    this._idle?.();
    process.nextTick(() => this.#closed());
    return this;
  }
  #closed() {
    if (this.#closing && this.#open.size === 0) { this.#closing = false; this.emit('close'); }
  }
  getConnections(callback) { process.nextTick(() => callback(null, this.#open.size)); }
  get connections() { return this.#open; }
  ref() { binding.keep(this.#fd, true); return this; }
  unref() { binding.keep(this.#fd, false); return this; }
}

function connect(...args) { return new Socket().connect(...args); }
const isIPv4 = (text) => /^(\d{1,3})(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => part < 256);
const isIPv6 = (text) => /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text);
module.exports = {
  Socket, Stream: Socket, Server, connect, createConnection: connect, isIPv4, isIPv6,
  isIP: (text) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0),
  createServer: (options, listener) => new Server(options, listener),
};
