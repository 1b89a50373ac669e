// Errors of node itself, with their codes. Source: nodejs.org/api/errors.html
'use strict';
const { withCode } = require('binding:language');
const { inspect } = require('binding:console');

function received(value) {
  if (value === null || value === undefined) return ` Received ${value}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    const name = value.constructor && value.constructor.name;
    return name ? ` Received an instance of ${name}` : ` Received ${inspect(value, { depth: -1 })}`;
  }
  let shown = inspect(value, { colors: false });
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
  return ` Received type ${typeof value} (${shown})`;
}

function listed(kinds) {
  const words = [].concat(kinds);
  const types = words.filter((word) => word[0] === word[0].toLowerCase());
  const classes = words.filter((word) => word[0] !== word[0].toLowerCase());
  const join = (list) => list.length < 3 ? list.join(' or ') : `${list.slice(0, -1).join(', ')}, or ${list.at(-1)}`;
  const parts = [];
  if (types.length) parts.push(`${types.length > 1 ? 'one of type' : 'of type'} ${join(types)}`);
  if (classes.length) parts.push(`an instance of ${join(classes)}`);
  return parts.join(' or ');
}

function make(Kind, message, code, where) {
  const error = new Kind(message);
  Error.captureStackTrace(error, where || make);
  return withCode(error, code);
}

exports.make = make;
exports.invalidArgument = function invalidArgument(name, kinds, value) {
  const message = `The "${name}" argument must be ${listed(kinds)}.${received(value)}`;
  return make(TypeError, message, 'ERR_INVALID_ARG_TYPE', invalidArgument);
};
