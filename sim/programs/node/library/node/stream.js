// Streams, as simply as the usual programs need them. Source: nodejs.org/api/stream.html
'use strict';
const EventEmitter = require('node:events');

class Stream extends EventEmitter {
  pipe(target, options) {
    this.on('data', (data) => { target.write(data); });
    if (options?.end !== false && target !== process.stdout && target !== process.stderr) this.on('end', () => target.end());
    target.emit('pipe', this);
    return target;
  }
}

class Readable extends Stream {
  #queue = []; #ended = false; #told = false; #encoding; #reading = false;
  constructor(options = {}) {
    super();
    this.readable = true;
    this.readableFlowing = null;
    this.readableEnded = false;
    this.destroyed = false;
    this.#encoding = options.encoding;
    this.readableObjectMode = Boolean(options.objectMode);
    if (options.read) this._read = options.read;
    if (options.destroy) this._destroy = options.destroy;
  }
  _read() {}
  push(data) {
    if (data === null) this.#ended = true;
    else {
      const text = typeof data === 'string' && !this.readableObjectMode && !this.#encoding;
      this.#queue.push(text ? Buffer.from(data) : data);
    }
    this.#reading = false;
    if (this.readableFlowing) process.nextTick(() => this.#flow());
    else if (this.listenerCount('readable')) process.nextTick(() => this.emit('readable'));
    return this.#queue.length < 16;
  }
  #shown(data) {
    return this.#encoding && typeof data !== 'string' && !this.readableObjectMode ? data.toString(this.#encoding) : data;
  }
  #flow() {
    while (this.readableFlowing && this.#queue.length) this.emit('data', this.#shown(this.#queue.shift()));
    if (!this.readableFlowing) return;
    if (this.#ended) this.#finish();
    else if (!this.#reading && !this.destroyed) { this.#reading = true; this._read(16384); }
  }
  #finish() {
    if (this.#told || this.#queue.length) return;
    this.#told = true;
    this.readable = false;
    this.readableEnded = true;
    process.nextTick(() => { this.emit('end'); if (this.autoClose !== false) this.destroy(); });
  }
  read() {
    if (this.#queue.length === 0) {
      if (this.#ended) this.#finish();
      else if (!this.#reading) { this.#reading = true; this._read(16384); }
      return null;
    }
    const all = this.#queue.splice(0).map((one) => this.#shown(one));
    return this.readableObjectMode ? all[0] : typeof all[0] === 'string' ? all.join('') : Buffer.concat(all);
  }
  on(name, listener) {
    super.on(name, listener);
    if (name === 'data' && this.readableFlowing !== false) this.resume();
    if (name === 'readable') process.nextTick(() => { this._read(16384); if (this.#queue.length || this.#ended) this.emit('readable'); });
    return this;
  }
  addListener(name, listener) { return this.on(name, listener); }
  setEncoding(encoding) { this.#encoding = encoding; return this; }
  resume() {
    if (!this.readableFlowing) { this.readableFlowing = true; process.nextTick(() => this.#flow()); }
    return this;
  }
  pause() { this.readableFlowing = false; return this; }
  isPaused() { return this.readableFlowing === false; }
  unpipe() { this.removeAllListeners('data'); return this; }
  _destroy(error, done) { done(error); }
  destroy(error) {
    if (this.destroyed) return this;
    this.destroyed = true;
    this._destroy(error ?? null, (failure) => process.nextTick(() => {
      if (failure) this.emit('error', failure);
      this.emit('close');
    }));
    return this;
  }
  async* [Symbol.asyncIterator]() {
    const queue = [];
    let wake = () => {};
    let done = false;
    let failure;
    this.on('data', (data) => { queue.push(data); wake(); });
    this.on('end', () => { done = true; wake(); });
    this.on('error', (error) => { failure = error; wake(); });
    while (true) {
      while (queue.length) yield queue.shift();
      if (failure) throw failure;
      if (done) return;
      await new Promise((resolve) => { wake = resolve; });
    }
  }
  static from(source, options) {
    const made = new Readable({ objectMode: true, ...options });
    (async () => { for await (const one of source) made.push(one); made.push(null); })().catch((error) => made.destroy(error));
    return made;
  }
}

const writing = {
  write(data, encoding, callback) {
    if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
    if (this.writableEnded) {
      const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' });
      process.nextTick(() => this.emit('error', error));
      return false;
    }
    const held = typeof data === 'string' && !this.writableObjectMode && this.decodeStrings !== false ? Buffer.from(data, encoding) : data;
    this._queue.push([held, encoding ?? 'utf8', callback]);
    this._pump();
    return this._queue.length < 16;
  },
  _pump() {
    if (this._busy || this._corked) return;
    const next = this._queue.shift();
    if (next === undefined) {
      if (this._wants) { this._wants = false; process.nextTick(() => this.emit('drain')); }
      if (this.writableEnded && !this.writableFinished) this._finish();
      return;
    }
    this._busy = true;
    if (this._queue.length >= 15) this._wants = true;
    this._write(next[0], next[1], (error) => {
      this._busy = false;
      if (error) { this.destroy(error); return; }
      next[2]?.();
      this._pump();
    });
  },
  _finish() {
    this.writableFinished = true;
    const done = (error) => {
      if (error) { this.destroy(error); return; }
      process.nextTick(() => { this.emit('finish'); this._afterFinish?.(); });
    };
    if (this._final) this._final(done);
    else done();
  },
  end(data, encoding, callback) {
    if (typeof data === 'function') [data, callback] = [undefined, data];
    if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
    if (data !== undefined && data !== null) this.write(data, encoding);
    if (callback) this.once('finish', callback);
    if (this.writableEnded) return this;
    this.writableEnded = true;
    this.writable = false;
    this._pump();
    return this;
  },
  cork() { this._corked = true; },
  uncork() { this._corked = false; this._pump(); },
  setDefaultEncoding() { return this; },
};

function becomeWritable(stream, options = {}) {
  Object.assign(stream, { writable: true, writableEnded: false, writableFinished: false,
    writableObjectMode: Boolean(options.objectMode), decodeStrings: options.decodeStrings });
  for (const [name, value] of [['_queue', []], ['_busy', false], ['_wants', false], ['_corked', false]]) {
    Object.defineProperty(stream, name, { value, writable: true, configurable: true });
  }
  if (options.write) stream._write = options.write;
  if (options.final) stream._final = options.final;
}

class Writable extends Stream {
  constructor(options) {
    super();
    this.destroyed = false;
    becomeWritable(this, options);
    if (options?.destroy) this._destroy = options.destroy;
  }
  _write(data, encoding, done) { done(); }
  _afterFinish() { this.destroy(); }
  _destroy(error, done) { done(error); }
}
Writable.prototype.destroy = Readable.prototype.destroy;
Object.assign(Writable.prototype, writing);

class Duplex extends Readable {
  constructor(options) {
    super(options);
    becomeWritable(this, options);
  }
  _write(data, encoding, done) { done(); }
}
Object.assign(Duplex.prototype, writing);

class Transform extends Duplex {
  constructor(options = {}) {
    super(options);
    if (options.transform) this._transform = options.transform;
    if (options.flush) this._flush = options.flush;
  }
  _transform(data, encoding, done) { done(null, data); }
  _write(data, encoding, done) {
    this._transform(data, encoding, (error, found) => {
      if (found !== undefined && found !== null) this.push(found);
      done(error);
    });
  }
  _final(done) {
    const last = (error, found) => {
      if (found !== undefined && found !== null) this.push(found);
      this.push(null);
      done(error);
    };
    if (this._flush) this._flush(last);
    else last();
  }
}
class PassThrough extends Transform {}

function pipeline(...parts) {
  const done = typeof parts.at(-1) === 'function' ? parts.pop() : () => {};
  let told = false;
  const finish = (error) => { if (!told) { told = true; done(error); } };
  for (const [index, part] of parts.entries()) {
    part.on('error', finish);
    if (index + 1 < parts.length) part.pipe(parts[index + 1]);
  }
  parts.at(-1).on('finish', () => finish());
  return parts.at(-1);
}

function finished(stream, done) {
  stream.on('end', () => done());
  stream.on('finish', () => done());
  stream.on('error', done);
}

Object.assign(Stream, { Stream, Readable, Writable, Duplex, Transform, PassThrough, pipeline, finished });
Stream.promises = {
  pipeline: (...parts) => new Promise((resolve, reject) => pipeline(...parts, (error) => (error ? reject(error) : resolve()))),
  finished: (stream) => new Promise((resolve, reject) => finished(stream, (error) => (error ? reject(error) : resolve()))),
};
module.exports = Stream;
