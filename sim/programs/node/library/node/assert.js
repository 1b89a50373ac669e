// assert. Source: nodejs.org/api/assert.html
'use strict';
const { inspect, _same: same } = require('node:util');
const { withCode } = require('binding:language');

class AssertionError extends Error {
  constructor({ message, actual, expected, operator, generated = false, where }) {
    super(message);
    Object.assign(this, { generatedMessage: generated, code: 'ERR_ASSERTION', actual, expected, operator });
    Object.defineProperty(this, 'name', { value: 'AssertionError', writable: true, configurable: true, enumerable: false });
    Error.captureStackTrace(this, where ?? AssertionError);
    withCode(this, 'ERR_ASSERTION');
  }
}

function fail(given, generated, details, where) {
  if (given instanceof Error) throw given;
  throw new AssertionError({ message: given ?? generated, generated: given === undefined, ...details, where });
}

function compared(head, actual, expected) {
  const look = { compact: false, customInspect: false, depth: 1000, sorted: true };
  const [one, other] = [inspect(actual, look), inspect(expected, look)];
  if (!one.includes('\n') && !other.includes('\n') && (typeof actual !== 'object' || actual === null) && one.length + other.length < 60) {
    return `${head}\n\n${one} !== ${other}\n`;
  }
  const [left, right] = [one.split('\n'), other.split('\n')];
  const lines = [];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    if (left[at] === right[at]) lines.push(`  ${left[at]}`);
    else {
      if (left[at] !== undefined) lines.push(`+ ${left[at]}`);
      if (right[at] !== undefined) lines.push(`- ${right[at]}`);
    }
  }
  return `${head}\n+ actual - expected\n\n${lines.join('\n')}\n`;
}

function assert(value, message) { assert.ok(value, message); }
Object.assign(assert, {
  AssertionError,
  ok(value, message) {
    if (!value) fail(message, 'The expression evaluated to a falsy value:\n\n  assert(...)\n', { actual: value, expected: true, operator: '==' }, assert.ok);
  },
  equal(actual, expected, message) {
    if (!(actual == expected || (Number.isNaN(actual) && Number.isNaN(expected)))) fail(message, `${inspect(actual)} == ${inspect(expected)}`, { actual, expected, operator: '==' }, assert.equal);
  },
  notEqual(actual, expected, message) {
    if (actual == expected) fail(message, `${inspect(actual)} != ${inspect(expected)}`, { actual, expected, operator: '!=' }, assert.notEqual);
  },
  strictEqual(actual, expected, message) {
    if (!Object.is(actual, expected)) fail(message, compared('Expected values to be strictly equal:', actual, expected), { actual, expected, operator: 'strictEqual' }, assert.strictEqual);
  },
  notStrictEqual(actual, expected, message) {
    if (Object.is(actual, expected)) fail(message, `Expected "actual" to be strictly unequal to: ${inspect(expected)}`, { actual, expected, operator: 'notStrictEqual' }, assert.notStrictEqual);
  },
  deepEqual(actual, expected, message) {
    if (!same(actual, expected, false)) fail(message, compared('Expected values to be loosely deep-equal:', actual, expected), { actual, expected, operator: 'deepEqual' }, assert.deepEqual);
  },
  deepStrictEqual(actual, expected, message) {
    if (!same(actual, expected)) fail(message, compared('Expected values to be strictly deep-equal:', actual, expected), { actual, expected, operator: 'deepStrictEqual' }, assert.deepStrictEqual);
  },
  notDeepStrictEqual(actual, expected, message) {
    if (same(actual, expected)) fail(message, `Expected "actual" not to be strictly deep-equal to: ${inspect(expected)}`, { actual, expected, operator: 'notDeepStrictEqual' }, assert.notDeepStrictEqual);
  },
  fail(message) { fail(message, 'Failed', { operator: 'fail' }, assert.fail); },
  throws(work, expected, message) {
    try { work(); } catch (error) { matches(error, expected, message); return; }
    fail(message, 'Missing expected exception.', { expected, operator: 'throws' }, assert.throws);
  },
  doesNotThrow(work) { work(); },
  async rejects(work, expected, message) {
    try { await (typeof work === 'function' ? work() : work); } catch (error) { matches(error, expected, message); return; }
    fail(message, 'Missing expected rejection.', { expected, operator: 'rejects' }, assert.rejects);
  },
  match(text, pattern, message) {
    if (!pattern.test(text)) fail(message, `The input did not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`, { actual: text, expected: pattern, operator: 'match' }, assert.match);
  },
  ifError(value) { if (value !== null && value !== undefined) throw value; },
});
function matches(error, expected, message) {
  if (expected === undefined || typeof expected === 'string') return;
  const fits = expected instanceof RegExp ? expected.test(String(error))
    : typeof expected === 'function' ? (expected.prototype !== undefined && error instanceof expected) || (!(expected.prototype instanceof Error) && expected !== Error && expected(error) === true)
      : Object.keys(expected).every((key) => (expected[key] instanceof RegExp ? expected[key].test(error[key]) : same(error[key], expected[key])));
  if (!fits) { if (typeof expected === 'function') throw error; fail(message, `The error does not match: ${inspect(error)}`, { actual: error, expected, operator: 'throws' }); }
}
assert.notDeepEqual = assert.notDeepStrictEqual;
assert.strict = Object.assign((value, message) => assert.ok(value, message), assert, { equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual });
module.exports = assert;
