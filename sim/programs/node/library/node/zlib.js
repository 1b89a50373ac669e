// Compression. Source: nodejs.org/api/zlib.html
'use strict';
const binding = require('binding:zlib');
const { Transform } = require('node:stream');
const held = (data) => (typeof data === 'string' ? Buffer.from(data) : data);
class Whole extends Transform {
  #parts = []; #work;
  constructor(work) { super(); this.#work = work; }
  _transform(data, encoding, done) { this.#parts.push(held(data)); done(); }
  _flush(done) { try { done(null, this.#work(Buffer.concat(this.#parts))); } catch (error) { done(error); } }
}
for (const name of ['gzip', 'gunzip', 'deflate', 'inflate', 'deflateRaw', 'inflateRaw']) {
  const work = (data) => binding[name](held(data));
  exports[`${name}Sync`] = work;
  exports[name] = (data, options, callback = options) => process.nextTick(() => {
    let found;
    try { found = work(data); } catch (error) { callback(error); return; }
    callback(null, found);
  });
  exports[`create${name[0].toUpperCase()}${name.slice(1)}`] = () => new Whole(work);
}
exports.constants = { Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9, Z_DEFAULT_COMPRESSION: -1 };
