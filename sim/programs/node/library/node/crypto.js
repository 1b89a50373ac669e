// crypto: hashes and chance. Source: nodejs.org/api/crypto.html
'use strict';
const binding = require('binding:crypto');
const { Transform } = require('node:stream');
const { make, invalidArgument } = require('node:internal/errors');

class Hash extends Transform {
  #parts = []; #done = false; #finish;
  constructor(finish) { super(); this.#finish = finish; }
  update(data, encoding) {
    if (this.#done) throw make(Error, 'Digest already called', 'ERR_CRYPTO_HASH_FINALIZED', this.update);
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) throw invalidArgument('data', ['string', 'Buffer', 'TypedArray', 'DataView'], data);
    this.#parts.push(typeof data === 'string' ? Buffer.from(data, encoding) : data);
    return this;
  }
  digest(encoding) {
    if (this.#done) throw make(Error, 'Digest already called', 'ERR_CRYPTO_HASH_FINALIZED', this.digest);
    this.#done = true;
    const found = this.#finish(Buffer.concat(this.#parts));
    return encoding && encoding !== 'buffer' ? found.toString(encoding) : found;
  }
  _transform(data, encoding, done) { this.update(data); done(); }
  _flush(done) { this.push(this.digest()); done(); }
}

function createHash(name) {
  if (!binding.known(name)) throw Object.assign(new Error('Digest method not supported'), { code: 'ERR_CRYPTO_INVALID_DIGEST' });
  return new Hash((data) => binding.hash(name, data));
}
function randomBytes(size, callback) {
  const found = binding.random(size);
  if (!callback) return found;
  process.nextTick(callback, null, found);
  return undefined;
}
function randomInt(least, most, callback) {
  if (most === undefined || typeof most === 'function') [least, most, callback] = [0, least, most];
  const found = least + Math.floor(binding.random(6).reduce((sum, byte) => sum * 256 + byte, 0) / 281474976710656 * (most - least));
  if (!callback) return found;
  process.nextTick(callback, null, found);
  return undefined;
}
function randomUUID() {
  const bytes = binding.random(16);
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
const getRandomValues = (target) => { binding.random(target.length).copy(target); return target; };
module.exports = {
  createHash, randomBytes, randomInt, randomUUID, getRandomValues, pseudoRandomBytes: randomBytes,
  createHmac: (name, key) => new Hash((data) => binding.hmac(name, key, data)),
  hash: (name, data, encoding = 'hex') => createHash(name).update(data).digest(encoding),
  getHashes: () => binding.names(), timingSafeEqual: (one, other) => Buffer.compare(one, other) === 0,
  pbkdf2Sync: (password, salt, rounds, size, name) => binding.pbkdf2(password, salt, rounds, size, name),
  pbkdf2(password, salt, rounds, size, name, callback) { process.nextTick(callback, null, binding.pbkdf2(password, salt, rounds, size, name)); },
  scryptSync: (password, salt, size) => binding.scrypt(password, salt, size),
  scrypt(password, salt, size, ...rest) { process.nextTick(rest.at(-1), null, binding.scrypt(password, salt, size)); },
  webcrypto: { getRandomValues, randomUUID },
};
