// dotenv: from .env to process.env. Source: github.com/motdotla/dotenv
'use strict';
const fs = require('fs');
const path = require('path');

function parse(source) {
  const found = {};
  const line = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/gm;
  for (const [, key, raw = ''] of String(source).replace(/\r\n?/g, '\n').matchAll(line)) {
    const text = raw.trim();
    const quote = /^['"`]/.exec(text)?.[0];
    const bare = quote && text.endsWith(quote) && text.length > 1 ? text.slice(1, -1) : text;
    found[key] = quote === '"' ? bare.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : bare;
  }
  return found;
}

function populate(target, parsed, options = {}) {
  for (const [key, value] of Object.entries(parsed)) if (options.override || !(key in target)) target[key] = value;
}

function config(options = {}) {
  const parsed = {};
  let error;
  for (const file of [].concat(options.path ?? path.resolve(process.cwd(), '.env'))) {
    try { Object.assign(parsed, parse(fs.readFileSync(String(file), options.encoding ?? 'utf8'))); } catch (failure) { error = failure; }
  }
  populate(options.processEnv ?? process.env, parsed, options);
  return error ? { parsed, error } : { parsed };
}
module.exports = { config, parse, populate, configDotenv: config };
