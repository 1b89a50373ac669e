// structuredClone. Source: html.spec.whatwg.org, structured cloning
'use strict';
const { kindOf } = require('binding:language');

function copy(value, known) {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw Object.assign(new Error(`${String(value)} could not be cloned.`), { name: 'DataCloneError', code: 25 });
  }
  if (typeof value !== 'object' || value === null) return value;
  if (known.has(value)) return known.get(value);
  const kind = kindOf(value);
  if (kind === 'Date') return new Date(value.getTime());
  if (kind === 'RegExp') return new RegExp(value.source, value.flags);
  const made = kind === 'Array' ? [] : kind === 'Map' ? new Map() : kind === 'Set' ? new Set()
    : kind === 'Error' ? new globalThis[value.name in globalThis ? value.name : 'Error'](value.message) : {};
  known.set(value, made);
  if (kind === 'Map') for (const [key, one] of value) made.set(copy(key, known), copy(one, known));
  else if (kind === 'Set') for (const one of value) made.add(copy(one, known));
  else if (kind === 'Error') made.stack = value.stack;
  else for (const key of Object.keys(value)) made[key] = copy(value[key], known);
  return made;
}

exports.structuredClone = function structuredClone(value) { return copy(value, new Map()); };
