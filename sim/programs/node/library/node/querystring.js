// querystring. Source: nodejs.org/api/querystring.html
'use strict';
const unescape = (text) => {
  try { return decodeURIComponent(text.replaceAll('+', ' ')); } catch { return text; }
};
const word = (value) => (['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? String(value) : '');

function parse(text, separator = '&', equals = '=') {
  const found = Object.create(null);
  for (const part of String(text).split(separator)) {
    if (part === '') continue;
    const at = part.indexOf(equals);
    const [key, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + equals.length)];
    const name = unescape(key);
    if (name in found) found[name] = [].concat(found[name], unescape(value));
    else found[name] = unescape(value);
  }
  return found;
}

function stringify(object, separator = '&', equals = '=') {
  return Object.entries(object ?? {}).flatMap(([key, value]) => [].concat(value)
    .map((one) => `${encodeURIComponent(key)}${equals}${encodeURIComponent(word(one))}`)).join(separator);
}
module.exports = { parse, decode: parse, stringify, encode: stringify, escape: encodeURIComponent, unescape };
