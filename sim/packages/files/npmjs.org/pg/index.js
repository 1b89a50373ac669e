// pg: a client of PostgreSQL, and a pool of them. Source: node-postgres.com; PostgreSQL's protocol, version 3
'use strict';
const net = require('net');
const EventEmitter = require('events');

class DatabaseError extends Error {
  constructor(fields) {
    super(fields.M);
    Object.assign(this, { length: 0, severity: fields.S, code: fields.C, detail: fields.D, hint: fields.H, position: fields.P,
      schema: fields.s, table: fields.t, column: fields.c, constraint: fields.n });
    Object.defineProperty(this, 'name', { value: 'error', configurable: true, writable: true });
  }
}

// from text, by the type's number
const number = (text) => Number.parseFloat(text);
const PARSERS = {
  16: (text) => text === 't', 20: (text) => text, 21: number, 23: number, 26: number, 700: number, 701: number,
  114: JSON.parse, 3802: JSON.parse, 1082: (text) => new Date(`${text}T00:00:00Z`),
  1114: (text) => new Date(`${text.replace(' ', 'T')}Z`), 1184: (text) => new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')),
};
const types = { setTypeParser(id, parse) { PARSERS[id] = parse; }, builtins: { BOOL: 16, INT8: 20, INT2: 21, INT4: 23, NUMERIC: 1700 } };

function prepared(value) {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `{${value.map((one) => (one === null ? 'NULL' : `"${String(prepared(one)).replace(/(["\\])/g, '\\$1')}"`)).join(',')}}`;
  return typeof value === 'object' && !Buffer.isBuffer(value) ? JSON.stringify(value) : String(value);
}

const int16 = (value) => { const data = Buffer.alloc(2); data.writeInt16BE(value); return data; };
const int32 = (value) => { const data = Buffer.alloc(4); data.writeInt32BE(value); return data; };
const text = (value) => Buffer.concat([Buffer.from(String(value)), Buffer.from([0])]);
const message = (kind, ...parts) => { const body = Buffer.concat(parts); return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body]); };

function strings(data) {
  const found = [];
  let at = 0;
  while (at < data.length && data[at] !== 0) {
    const end = data.indexOf(0, at);
    found.push(data.toString('utf8', at, end));
    at = end + 1;
  }
  return found;
}

class Result {
  constructor() { Object.assign(this, { command: null, rowCount: null, oid: null, rows: [], fields: [] }); }
}

function settings(given) {
  const options = typeof given === 'string' ? { connectionString: given } : given ?? {};
  const { env } = process;
  const url = options.connectionString ? new URL(options.connectionString) : undefined;
  const user = (url && decodeURIComponent(url.username)) || options.user || env.PGUSER || env.USER || 'postgres';
  return {
    host: url?.hostname || options.host || env.PGHOST || 'localhost', port: Number(url?.port || options.port || env.PGPORT || 5432), user,
    password: (url && decodeURIComponent(url.password)) || options.password || env.PGPASSWORD,
    database: url?.pathname.slice(1) || options.database || env.PGDATABASE || user,
  };
}

class Client extends EventEmitter {
  #socket; #data = Buffer.alloc(0); #queue = []; #now; #ready; #ended = false; #connected = false;
  constructor(options) {
    super();
    Object.assign(this, settings(options));
  }
  connect(callback) {
    const made = new Promise((resolve, reject) => {
      this.#ready = { resolve, reject };
      const socket = this.#socket = net.connect(this.port, this.host);
      socket.on('connect', () => {
        const body = Buffer.concat([int32(196608), text('user'), text(this.user), text('database'), text(this.database), Buffer.from([0])]);
        socket.write(Buffer.concat([int32(body.length + 4), body]));
      });
      socket.on('data', (data) => this.#take(data));
      socket.on('error', (error) => this.#lost(error));
      socket.on('close', () => { if (!this.#ended) this.#lost(new Error('Connection terminated unexpectedly')); else this.emit('end'); });
    });
    if (!callback) return made;
    made.then(() => callback(null, this), callback);
    return undefined;
  }
  #lost(error) {
    if (this.#ended) return;
    this.#ended = true;
    for (const one of [this.#now, ...this.#queue.splice(0)]) one?.reject(error);
    this.#now = undefined;
    if (this.#connected) { if (this.listenerCount('error')) this.emit('error', error); } else this.#ready.reject(error);
  }
  #take(data) {
    this.#data = Buffer.concat([this.#data, data]);
    while (this.#data.length >= 5) {
      const size = this.#data.readInt32BE(1);
      if (this.#data.length < size + 1) return;
      const kind = String.fromCharCode(this.#data[0]);
      const body = this.#data.subarray(5, size + 1);
      this.#data = this.#data.subarray(size + 1);
      this.#message(kind, body);
    }
  }
  #message(kind, body) {
    const now = this.#now;
    if (kind === 'R') {
      const wanted = body.readInt32BE(0);
      if (wanted === 3) this.#socket.write(message('p', text(this.password ?? '')));
      else if (wanted !== 0) this.#lost(new Error(`this simulated pg cannot authenticate by method ${wanted}`));
    } else if (kind === 'Z') {
      if (!this.#connected) { this.#connected = true; this.#ready.resolve(this); this.emit('connect'); } else if (now) this.#done();
      this.#next();
    } else if (kind === 'T') this.#fields(body);
    else if (kind === 'D') this.#row(body);
    else if (kind === 'C') {
      const words = strings(body)[0].split(' ');
      now.result.command = words[0];
      const count = Number(words.at(-1));
      now.result.rowCount = Number.isNaN(count) ? null : count;
      now.results.push(now.result);
      now.result = new Result();
    } else if (kind === 'E') {
      const fields = Object.fromEntries(strings(body).map((one) => [one[0], one.slice(1)]));
      if (now) now.error = new DatabaseError(fields);
      else this.#lost(new DatabaseError(fields));
    } else if (kind === 'N') this.emit('notice', new DatabaseError(Object.fromEntries(strings(body).map((one) => [one[0], one.slice(1)]))));
  }
  #fields(body) {
    let at = 2;
    for (let left = body.readInt16BE(0); left > 0; left--) {
      const end = body.indexOf(0, at);
      this.#now.result.fields.push({ name: body.toString('utf8', at, end), tableID: body.readInt32BE(end + 1),
        columnID: body.readInt16BE(end + 5), dataTypeID: body.readInt32BE(end + 7), dataTypeSize: body.readInt16BE(end + 11),
        dataTypeModifier: body.readInt32BE(end + 13), format: 'text' });
      at = end + 19;
    }
  }
  #row(body) {
    const { result, rowMode } = this.#now;
    const row = rowMode === 'array' ? [] : {};
    let at = 2;
    for (const [index, { name, dataTypeID }] of result.fields.entries()) {
      const size = body.readInt32BE(at);
      at += 4;
      const raw = size < 0 ? null : body.toString('utf8', at, at + size);
      at += Math.max(size, 0);
      row[rowMode === 'array' ? index : name] = raw === null ? null : (PARSERS[dataTypeID] ?? String)(raw);
    }
    result.rows.push(row);
  }
  #done() {
    const { resolve, reject, error, results } = this.#now;
    this.#now = undefined;
    if (error) reject(error);
    else resolve(results.length > 1 ? results : results[0] ?? new Result());
  }
  #next() {
    if (this.#now || !this.#connected) return;
    this.#now = this.#queue.shift();
    if (!this.#now) return;
    const { query, values } = this.#now;
    if (!values || values.length === 0) { this.#socket.write(message('Q', text(query))); return; }
    const given = values.map(prepared).flatMap((value) => (value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)]));
    this.#socket.write(Buffer.concat([
      message('P', text(''), text(query), int16(0)),
      message('B', text(''), text(''), int16(0), int16(values.length), ...given, int16(0)),
      message('D', Buffer.from('P'), text('')), message('E', text(''), int32(0)), message('S'),
    ]));
  }
  query(query, values, callback) {
    if (typeof values === 'function') [values, callback] = [undefined, values];
    const options = typeof query === 'object' ? query : { text: query, values };
    const made = new Promise((resolve, reject) => {
      if (this.#ended) { reject(new Error('Client was closed and is not queryable')); return; }
      this.#queue.push({ query: options.text, values: options.values ?? values, rowMode: options.rowMode, resolve, reject, results: [], result: new Result() });
      this.#next();
    });
    if (!callback) return made;
    made.then((result) => callback(null, result), callback);
    return undefined;
  }
  end(callback) {
    this.#ended = true;
    const made = new Promise((resolve) => { this.#socket.once('close', () => resolve()); });
    this.#socket.write(message('X'));
    this.#socket.end();
    if (callback) made.then(() => callback());
    return callback ? undefined : made;
  }
}

class Pool extends EventEmitter {
  #idle = []; #all = new Set(); #waiting = [];
  constructor(options = {}) {
    super();
    this.options = typeof options === 'string' ? { connectionString: options } : options;
    this.options.max ??= 10;
  }
  get totalCount() { return this.#all.size; }
  get idleCount() { return this.#idle.length; }
  get waitingCount() { return this.#waiting.length; }
  async #take() {
    if (this.#idle.length) return this.#idle.pop();
    if (this.#all.size >= this.options.max) return new Promise((resolve) => { this.#waiting.push(resolve); });
    const client = new Client(this.options);
    this.#all.add(client);
    client.on('error', (error) => { this.#drop(client); if (this.listenerCount('error')) this.emit('error', error, client); });
    try { await client.connect(); } catch (error) { this.#all.delete(client); throw error; }
    client.release = (gone) => this.#give(client, gone);
    this.emit('connect', client);
    return client;
  }
  #drop(client) { this.#all.delete(client); this.#idle = this.#idle.filter((one) => one !== client); }
  #give(client, gone) {
    if (gone) { this.#drop(client); client.end(); return; }
    const next = this.#waiting.shift();
    if (next) next(client);
    else this.#idle.push(client);
  }
  connect(callback) {
    const made = this.#take();
    if (!callback) return made;
    made.then((client) => callback(null, client, client.release), callback);
    return undefined;
  }
  query(query, values, callback) {
    if (typeof values === 'function') [values, callback] = [undefined, values];
    const made = this.#take().then(async (client) => {
      try { return await client.query(query, values); } finally { client.release(); }
    });
    if (!callback) return made;
    made.then((result) => callback(null, result), callback);
    return undefined;
  }
  async end() { await Promise.all([...this.#all].map((client) => client.end())); this.#all.clear(); this.#idle = []; }
}
module.exports = { Client, Pool, Result, DatabaseError, types, defaults: {} };
