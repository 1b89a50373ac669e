'use strict';
class StringDecoder {
  #rest = Buffer.alloc(0);
  constructor(encoding = 'utf8') { this.encoding = encoding; }
  write(data) {
    const whole = Buffer.concat([this.#rest, data]);
    let end = whole.length;
    for (let back = 1; back <= Math.min(3, end); back++) {
      const byte = whole[end - back];
      if ((byte & 0xc0) === 0x80) continue;
      const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
      if (needs > back) end -= back;
      break;
    }
    this.#rest = whole.subarray(end);
    return whole.subarray(0, end).toString(this.encoding);
  }
  end(data) { const text = (data ? this.write(data) : '') + this.#rest.toString(this.encoding); this.#rest = Buffer.alloc(0); return text; }
}
module.exports = { StringDecoder };
