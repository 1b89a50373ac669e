// uuid: random ones, and those made of a name. Source: RFC 9562
'use strict';
const crypto = require('crypto');
const NIL = '00000000-0000-0000-0000-000000000000';
const FORM = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12})$/i;
const bytesOf = (text) => Buffer.from(text.replaceAll('-', ''), 'hex');
function stringify(bytes) {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
function marked(bytes, version) {
  bytes[6] = (bytes[6] & 0x0f) | (version << 4);
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return stringify(bytes);
}
const named = (hash, version) => Object.assign(
  (name, namespace) => marked(crypto.createHash(hash).update(bytesOf(namespace)).update(name).digest().subarray(0, 16), version),
  { DNS: '6ba7b810-9dad-11d1-80b4-00c04fd430c8', URL: '6ba7b811-9dad-11d1-80b4-00c04fd430c8' });
function timed(version) {
  const bytes = crypto.randomBytes(16);
  const now = Date.now();
  for (let at = 0; at < 6; at++) bytes[at] = Math.floor(now / 2 ** (8 * (5 - at))) & 255;
  return marked(bytes, version);
}
module.exports = {
  v1: () => timed(1), v3: named('md5', 3), v4: () => crypto.randomUUID(), v5: named('sha1', 5), v6: () => timed(6), v7: () => timed(7),
  NIL, MAX: NIL.replaceAll('0', 'f'), validate: (text) => typeof text === 'string' && FORM.test(text),
  version: (text) => Number.parseInt(text.slice(14, 15), 16), parse: (text) => new Uint8Array(bytesOf(text)), stringify,
};
