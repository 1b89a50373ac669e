// Buffer. Source: nodejs.org/api/buffer.html
'use strict';
const binding = require('binding:buffer');
const { invalidArgument } = require('node:internal/errors');

function Buffer(value, encoding) {
  return typeof value === 'number' ? Buffer.alloc(value) : Buffer.from(value, encoding);
}
Buffer.prototype = binding.bufferPrototype;
Object.defineProperty(Buffer.prototype, 'constructor', { value: Buffer, writable: true, configurable: true });

Buffer.from = function (value, encoding) {
  if (typeof value === 'string') return binding.fromString(value, encoding);
  if (value && value.type === 'Buffer' && Array.isArray(value.data)) return binding.fromArray(value.data);
  if (value && typeof value === 'object') return binding.fromArray(value);
  throw invalidArgument('first', ['string', 'Buffer', 'Array'], value);
};
Buffer.alloc = function (size, fill, encoding) {
  if (typeof size !== 'number') throw invalidArgument('size', 'number', size);
  const made = binding.alloc(size);
  return fill === undefined || fill === 0 ? made : binding.fill(made, fill, encoding);
};
Buffer.allocUnsafe = Buffer.allocUnsafeSlow = (size) => Buffer.alloc(size);
Buffer.concat = (list) => binding.concat(list);
Buffer.isBuffer = (value) => value instanceof Buffer;
Buffer.byteLength = (value, encoding) => (typeof value === 'string' ? binding.fromString(value, encoding).length : value.length);
Buffer.compare = (one, other) => binding.compare(one, other);
Buffer.isEncoding = (name) => ['utf8', 'utf-8', 'hex', 'base64', 'base64url', 'latin1', 'binary', 'ascii', 'ucs2',
  'utf16le'].includes(String(name).toLowerCase());
Buffer.poolSize = 8192;

const bytes = binding.prototype;
const hide = (target, table) => {
  for (const name of Reflect.ownKeys(table)) {
    Object.defineProperty(target, name, { value: table[name], writable: true, configurable: true });
  }
};
const list = (self) => Array.from({ length: self.length }, (_, index) => self[index]);
hide(bytes, {
  subarray(start, end) { return binding.subarray(this, start, end); },
  slice(start, end) { return binding.fromArray(binding.subarray(this, start, end)); },
  fill(value, encoding) { return binding.fill(this, value, encoding); },
  set(source, offset = 0) { for (let at = 0; at < source.length; at++) this[offset + at] = source[at]; },
  values() { return list(this).values(); },
  keys() { return list(this).keys(); },
  entries() { return list(this).entries(); },
  [Symbol.iterator]() { return list(this).values(); },
  toString() { return list(this).join(','); },
  join(by) { return list(this).join(by); },
  at(index) { return list(this).at(index); },
});
for (const name of ['forEach', 'map', 'filter', 'reduce', 'some', 'every', 'find', 'findIndex', 'reverse', 'sort']) {
  hide(bytes, { [name](...args) {
    const found = list(this)[name](...args);
    return Array.isArray(found) ? binding.fromArray(found) : found;
  } });
}
hide(Buffer.prototype, {
  toString(encoding, start, end) {
    return binding.toText(start === undefined && end === undefined ? this : binding.subarray(this, start, end), encoding);
  },
  slice(start, end) { return binding.subarray(this, start, end); },
  toJSON() { return { type: 'Buffer', data: list(this) }; },
  equals(other) { return binding.compare(this, other) === 0; },
  compare(other) { return binding.compare(this, other); },
  write(text, offset, length, encoding) {
    return binding.write(this, text, typeof offset === 'number' ? offset : 0, [offset, length, encoding]
      .find((one) => typeof one === 'string'));
  },
  copy(target, at, start, end) { return binding.copy(this, target, at, start, end); },
  indexOf(value, start) { return binding.indexOf(this, value, start); },
  includes(value, start) { return binding.indexOf(this, value, start) >= 0; },
});
for (const [name, size, kind] of [['UInt8', 1, 'L'], ['Int8', 1, 'sL'], ['UInt16LE', 2, 'L'], ['UInt16BE', 2, 'B'],
  ['Int16LE', 2, 'sL'], ['Int16BE', 2, 'sB'], ['UInt32LE', 4, 'L'], ['UInt32BE', 4, 'B'], ['Int32LE', 4, 'sL'],
  ['Int32BE', 4, 'sB']]) {
  hide(Buffer.prototype, {
    [`read${name}`](offset = 0) { return binding.readInteger(this, offset, size, kind); },
    [`write${name}`](value, offset = 0) { return binding.writeInteger(this, value, offset, size, kind); },
  });
}
module.exports = { Buffer, kMaxLength: 9007199254740991, constants: { MAX_LENGTH: 9007199254740991 } };
