// redis: a client in the manner of node-redis 4 and later; of version 3, with callbacks, where that is installed.
// Source: github.com/redis/node-redis; the protocol RESP 2.
'use strict';
const net = require('net');
const EventEmitter = require('events');

class ClientClosedError extends Error { constructor() { super('The client is closed'); } }
class SocketClosedUnexpectedlyError extends Error { constructor() { super('Socket closed unexpectedly'); } }
class ErrorReply extends Error {}
class ReconnectStrategyError extends Error {}

function encode(words) {
  const parts = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const data = Buffer.isBuffer(word) ? word : Buffer.from(String(word));
    parts.push(Buffer.from(`$${data.length}\r\n`), data, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

// One reply from the bytes at `at`: [value, where it ends]; undefined where more are needed.
function decode(data, at) {
  const end = data.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const line = data.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(data[at])) {
    case '+': return [line, next];
    case '-': return [new ErrorReply(line), next];
    case ':': return [Number(line), next];
    case '$': {
      const size = Number(line);
      if (size < 0) return [null, next];
      return data.length < next + size + 2 ? undefined : [data.toString('utf8', next, next + size), next + size + 2];
    }
    default: {
      if (Number(line) < 0) return [null, next];
      const list = [];
      let from = next;
      for (let left = Number(line); left > 0; left--) {
        const found = decode(data, from);
        if (found === undefined) return undefined;
        list.push(found[0]);
        from = found[1];
      }
      return [list, from];
    }
  }
}

const pairs = (list) => Object.assign(Object.create(null), Object.fromEntries(
  Array.from({ length: list.length / 2 }, (_, at) => [list[at * 2], list[at * 2 + 1]])));
const scored = (list) => Array.from({ length: list.length / 2 }, (_, at) => ({ value: list[at * 2], score: Number(list[at * 2 + 1]) }));
const flat = (value) => (value instanceof Map ? [...value].flat() : Array.isArray(value) ? value.flat()
  : value !== null && typeof value === 'object' && !Buffer.isBuffer(value) ? Object.entries(value).flat() : [value]);

// How the arguments of a method become words, and its reply a value; all others go as they are.
const SHAPES = {
  set(key, value, options = {}) {
    const words = ['SET', key, value];
    for (const name of ['EX', 'PX', 'EXAT', 'PXAT']) if (options[name] !== undefined) words.push(name, options[name]);
    if (options.expiration) words.push(options.expiration.type, options.expiration.value);
    for (const name of ['NX', 'XX', 'KEEPTTL', 'GET']) if (options[name]) words.push(name);
    if (options.condition) words.push(options.condition);
    return words;
  },
  hSet: (key, field, ...rest) => ['HSET', key, ...(rest.length ? [field, ...rest] : flat(field))],
  mSet: (values) => ['MSET', ...flat(values)],
  zAdd: (key, members) => ['ZADD', key, ...[].concat(members).flatMap(({ score, value }) => [score, value])],
  zRange: (key, from, to, options = {}) => ['ZRANGE', key, from, to, ...(options.BY ? [`BY${options.BY}`] : []), ...(options.REV ? ['REV'] : [])],
  zRangeWithScores: (key, from, to, options = {}) => ['ZRANGE', key, from, to, ...(options.REV ? ['REV'] : []), 'WITHSCORES'],
  scan: (cursor, options = {}) => ['SCAN', cursor, ...(options.MATCH ? ['MATCH', options.MATCH] : []), ...(options.COUNT ? ['COUNT', options.COUNT] : [])],
  flushAll: () => ['FLUSHALL'], flushDb: () => ['FLUSHDB'], dbSize: () => ['DBSIZE'], hGetAll: (key) => ['HGETALL', key],
};
const REPLIES = {
  hGetAll: pairs, zRangeWithScores: scored, scan: ([cursor, keys]) => ({ cursor, keys }), expire: Number, sIsMember: Number,
  zScore: (value) => (value === null ? null : Number(value)), incrByFloat: String, hExists: Number,
};

class RedisClient extends EventEmitter {
  #socket; #data = Buffer.alloc(0); #waiting = []; #early = []; #listeners = new Map(); #closing = false; #tries = 0;
  constructor(options = {}) {
    super();
    const url = options.url ? new URL(options.url) : undefined;
    this.options = options;
    this._host = url?.hostname || options.socket?.host || options.host || 'localhost';
    this._port = Number(url?.port || options.socket?.port || options.port || 6379);
    this._password = url?.password ? decodeURIComponent(url.password) : options.password;
    this._user = url?.username || options.username;
    this._database = Number(url?.pathname.slice(1) || options.database || 0);
    this.isOpen = this.isReady = false;
  }
  async connect() {
    if (this.isOpen) throw new Error('Socket already opened');
    this.isOpen = true;
    await this.#open();
    return this;
  }
  #open() {
    return new Promise((resolve, reject) => {
      const socket = this.#socket = net.connect(this._port, this._host);
      this.emit('connect');
      socket.on('connect', async () => {
        this.#tries = 0;
        try {
          if (this._password) await this.#send(['AUTH', ...(this._user ? [this._user] : []), this._password]);
          if (this._database) await this.#send(['SELECT', this._database]);
        } catch (error) { this.isOpen = false; reject(error); return; }
        for (const [channel, { pattern }] of this.#listeners) this.#send([pattern ? 'PSUBSCRIBE' : 'SUBSCRIBE', channel]);
        this.isReady = true;
        for (const work of this.#early.splice(0)) work();
        this.emit('ready');
        resolve();
      });
      socket.on('data', (data) => this.#take(data));
      socket.on('error', (error) => this.#lost(error, resolve, reject));
      socket.on('close', () => { if (this.isReady && !this.#closing) this.#lost(new SocketClosedUnexpectedlyError(), resolve, reject); });
    });
  }
  #lost(error, resolve, reject) {
    this.isReady = false;
    for (const { reject: refuse } of this.#waiting.splice(0)) refuse(error);
    if (this.#closing || !this.isOpen) return;
    const strategy = this.options.socket?.reconnectStrategy ?? ((tries) => Math.min(2 ** tries * 50, 2000));
    const wait = typeof strategy === 'function' ? strategy(this.#tries++, error) : strategy;
    if (this.listenerCount('error')) this.emit('error', error);
    else if (wait === false || wait instanceof Error || !this.options.legacy) { this.isOpen = false; reject(error); this.emit('error', error); return; }
    if (wait === false || wait instanceof Error) { this.isOpen = false; reject(wait instanceof Error ? wait : error); return; }
    this.emit('reconnecting');
    setTimeout(() => { if (this.isOpen) this.#open().then(resolve, reject); }, wait);
  }
  #take(data) {
    this.#data = this.#data.length ? Buffer.concat([this.#data, data]) : data;
    let at = 0;
    for (let found; at < this.#data.length && (found = decode(this.#data, at)) !== undefined; at = found[1]) this.#reply(found[0]);
    this.#data = this.#data.subarray(at);
  }
  #reply(value) {
    if (Array.isArray(value) && (value[0] === 'message' || value[0] === 'pmessage') && this.#listeners.size) {
      const [channel, text] = value.slice(-2);
      for (const listener of this.#listeners.get(value[1])?.calls ?? []) listener(text, channel);
      return;
    }
    const entry = this.#waiting.shift();
    if (value instanceof ErrorReply) entry?.reject(value);
    else entry?.resolve(value);
  }
  #send(words) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(encode(words));
    });
  }
  sendCommand(words) {
    if (!this.isOpen) return Promise.reject(new ClientClosedError());
    if (this.isReady) return this.#send(words);
    return new Promise((resolve, reject) => { this.#early.push(() => this.#send(words).then(resolve, reject)); });
  }
  async #listen(word, channels, listener, pattern) {
    for (const channel of [].concat(channels)) {
      const known = this.#listeners.get(channel);
      if (known) known.calls.push(listener);
      else { this.#listeners.set(channel, { calls: [listener], pattern }); await this.sendCommand([word, channel]); }
    }
  }
  subscribe(channels, listener) { return this.#listen('SUBSCRIBE', channels, listener, false); }
  pSubscribe(channels, listener) { return this.#listen('PSUBSCRIBE', channels, listener, true); }
  async unsubscribe(channels) {
    for (const channel of channels === undefined ? [...this.#listeners.keys()] : [].concat(channels)) {
      this.#listeners.delete(channel);
      await this.sendCommand(['UNSUBSCRIBE', channel]);
    }
  }
  async quit() { this.#closing = true; const said = await this.sendCommand(['QUIT']); this.#end(); return said; }
  async close() { this.#closing = true; this.#end(); }
  async disconnect() { this.#closing = true; this.#end(); }
  destroy() { this.#closing = true; this.#end(); }
  #end() { this.isOpen = this.isReady = false; this.#socket?.destroy(); this.emit('end'); }
  duplicate(options) { return new RedisClient({ ...this.options, ...options }); }
  async* scanIterator(options) {
    let cursor = '0';
    do {
      const found = await this.scan(cursor, options);
      cursor = String(found.cursor);
      yield* found.keys;
    } while (cursor !== '0');
  }
  multi() {
    const queue = [];
    const chain = new Proxy({}, {
      get: (_, name) => {
        if (name === 'exec') {
          return async () => {
            await this.sendCommand(['MULTI']);
            for (const [, words] of queue) await this.sendCommand(words);
            return (await this.sendCommand(['EXEC'])).map((value, at) => (REPLIES[queue[at][0]] ?? ((one) => one))(value));
          };
        }
        return (...args) => { queue.push([name, wordsOf(name, args)]); return chain; };
      },
    });
    return chain;
  }
}

function wordsOf(name, args) {
  if (SHAPES[name]) return SHAPES[name](...args);
  return [name.toUpperCase(), ...args.flatMap(flat)].filter((word) => word !== undefined);
}
const COMMANDS = `get set del exists expire pExpire expireAt ttl pTtl persist keys type rename incr incrBy incrByFloat decr decrBy append strLen
  getSet getDel getEx setEx pSetEx setNX mGet mSet getRange setRange hSet hGet hGetAll hDel hExists hKeys hVals hLen hMGet hIncrBy hIncrByFloat
  hSetNX lPush rPush lPop rPop lLen lRange lIndex lSet lRem lTrim lInsert lMove rPopLPush blPop brPop sAdd sRem sMembers sIsMember sCard sPop
  sRandMember sUnion sInter sDiff zAdd zRem zScore zRange zRangeWithScores zRank zRevRank zCard zCount zIncrBy zRangeByScore scan ping echo
  publish flushAll flushDb dbSize info time select eval exists unlink setBit getBit bitCount pfAdd pfCount xAdd xLen xRange configGet`.split(/\s+/);
for (const name of COMMANDS) {
  const method = async function (...args) {
    const reply = await this.sendCommand(wordsOf(name, args));
    return REPLIES[name] ? REPLIES[name](reply) : reply;
  };
  RedisClient.prototype[name] = method;
  RedisClient.prototype[name.toUpperCase()] = method;
}

// -- version 3: connected at once, callbacks

function legacy(port, host, options) {
  if (typeof port === 'object') [options, port, host] = [port, port.port, port.host];
  if (typeof port === 'string' && port.includes('://')) [options, port] = [{ url: port, ...host }, undefined];
  const client = new RedisClient({ legacy: true, port, host, ...options });
  const made = new EventEmitter();
  for (const name of ['ready', 'connect', 'error', 'end', 'reconnecting']) client.on(name, (...args) => made.emit(name, ...args));
  for (const name of COMMANDS) {
    made[name.toLowerCase()] = made[name.toUpperCase()] = (...args) => {
      const callback = typeof args.at(-1) === 'function' ? args.pop() : () => {};
      client.sendCommand([name.toUpperCase(), ...args.flatMap(flat)]).then((reply) => callback(null, REPLIES[name] && name === 'hGetAll' ? REPLIES[name](reply) : reply), callback);
      return true;
    };
  }
  made.quit = (callback) => { client.quit().then((said) => callback?.(null, said), callback); };
  made.end = () => client.destroy();
  Object.defineProperty(made, 'connected', { get: () => client.isReady });
  client.connect().catch(() => {});
  return made;
}
const { version } = require('./package.json');
module.exports = {
  createClient: Number.parseInt(version, 10) < 4 ? legacy : (options) => new RedisClient(options), RedisClient, ErrorReply,
  ClientClosedError, SocketClosedUnexpectedlyError, ReconnectStrategyError, commandOptions: (options) => options,
};
