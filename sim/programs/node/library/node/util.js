// util. Source: nodejs.org/api/util.html
'use strict';
const binding = require('binding:console');
const { kindOf, roleOf, inspectSymbol } = require('binding:language');
const { invalidArgument } = require('node:internal/errors');

const inspect = (value, options, ...more) => binding.inspect(value, options, ...more);
inspect.custom = inspectSymbol;
inspect.defaultOptions = { showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100,
  maxStringLength: 10000, breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false };
Object.defineProperty(inspect, 'name', { value: 'inspect' });

const promised = Symbol.for('nodejs.util.promisify.custom');
function promisify(original) {
  if (typeof original !== 'function') throw invalidArgument('original', 'function', original);
  if (original[promised]) return original[promised];
  const made = function (...args) {
    return new Promise((resolve, reject) => {
      original.call(this, ...args, (error, value) => (error ? reject(error) : resolve(value)));
    });
  };
  Object.defineProperty(made, 'name', { value: original.name });
  return made;
}
promisify.custom = promised;
const { setTimeout: wait } = require('node:timers');
Object.defineProperty(wait, promised, { value: (delay, value) => new Promise((resolve) => { wait(resolve, delay, value); }) });

function callbackify(original) {
  return function (...args) {
    const callback = args.pop();
    original.apply(this, args).then((value) => process.nextTick(callback, null, value), (error) => process.nextTick(callback, error));
  };
}

function inherits(child, parent) {
  Object.defineProperty(child, 'super_', { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(child.prototype, parent.prototype);
}

function deprecate(work, message, code) {
  let told = false;
  return function (...args) {
    if (!told) { told = true; process.emitWarning(message, 'DeprecationWarning', code); }
    return work.apply(this, args);
  };
}

function same(one, other, strict = true) {
  if (Object.is(one, other) || (!strict && one == other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return !strict && Number.isNaN(one) && Number.isNaN(other);
  }
  const kind = kindOf(one);
  if (kind !== kindOf(other) || (strict && Object.getPrototypeOf(one) !== Object.getPrototypeOf(other))) return false;
  if (kind === 'Date') return one.getTime() === other.getTime();
  if (kind === 'RegExp') return String(one) === String(other);
  if (kind === 'Error' && (one.message !== other.message || one.name !== other.name)) return false;
  if (['Number', 'String', 'Boolean'].includes(kind) && one.valueOf() !== other.valueOf()) return false;
  if (kind === 'Set') {
    return one.size === other.size && [...one].every((value) => other.has(value) || [...other].some((found) => same(value, found, strict)));
  }
  if (kind === 'Map') {
    return one.size === other.size && [...one].every(([key, value]) => other.has(key) && same(value, other.get(key), strict));
  }
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key], strict));
}

const COLORS = { reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27], black: [30, 39],
  red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], magenta: [35, 39], cyan: [36, 39], white: [37, 39], gray: [90, 39] };
inspect.colors = COLORS;
function styleText(names, text) {
  return [].concat(names).reduceRight((said, name) => `\x1b[${COLORS[name][0]}m${said}\x1b[${COLORS[name][1]}m`, text);
}

class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text = '') { return new Uint8Array([...Buffer.from(String(text))]); }
}
class TextDecoder {
  constructor(encoding = 'utf-8') { this.encoding = encoding; }
  decode(bytes) { return bytes === undefined ? '' : Buffer.from(bytes).toString(this.encoding); }
}

function parseArgs({ args = process.argv.slice(2), options = {}, allowPositionals = false, strict = true } = {}) {
  const values = Object.create(null);
  const positionals = [];
  const words = [...args];
  for (const [name, option] of Object.entries(options)) if (option.default !== undefined) values[name] = option.default;
  while (words.length) {
    const word = words.shift();
    if (word === '--') { positionals.push(...words.splice(0)); break; }
    if (!word.startsWith('-') || word === '-') {
      if (strict && !allowPositionals) throw Object.assign(new TypeError(`Unexpected argument '${word}'. This command does not take positional arguments`), { code: 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' });
      positionals.push(word);
      continue;
    }
    const [, given, inline] = /^--?([^=]+)(?:=(.*))?$/.exec(word);
    const name = word.startsWith('--') ? given : Object.keys(options).find((one) => options[one].short === given) ?? given;
    const option = options[name];
    if (!option && strict) throw Object.assign(new TypeError(`Unknown option '${word}'`), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
    const value = option?.type === 'string' ? inline ?? words.shift() : inline ?? true;
    if (option?.multiple) (values[name] ??= []).push(value);
    else values[name] = value;
  }
  return { values, positionals };
}

const is = (kind) => (value) => kindOf(value) === kind;
module.exports = {
  inspect, promisify, callbackify, inherits, deprecate, styleText, TextEncoder, TextDecoder, parseArgs,
  format: (...args) => binding.format(false, args), formatWithOptions: (options, ...args) => binding.format(Boolean(options.colors), args),
  isDeepStrictEqual: (one, other) => same(one, other), _same: same, isArray: Array.isArray,
  stripVTControlCharacters: (text) => text.replace(/\x1b\[[0-9;]*[a-zA-Z]/g, ''), debuglog: () => () => {},
  toUSVString: (text) => String(text),
  types: {
    isDate: is('Date'), isRegExp: is('RegExp'), isPromise: is('Promise'), isMap: is('Map'), isSet: is('Set'),
    isNativeError: is('Error'), isUint8Array: is('Uint8Array'), isGeneratorObject: is('Generator'),
    isAsyncFunction: (value) => ['async', 'async_generator'].includes(roleOf(value)),
    isGeneratorFunction: (value) => ['generator', 'async_generator'].includes(roleOf(value)), isProxy: () => false,
  },
};
Object.defineProperty(module.exports, '_same', { enumerable: false });
