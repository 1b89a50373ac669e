// path. Source: nodejs.org/api/path.html
'use strict';
const { invalidArgument } = require('node:internal/errors');

function checked(path, name = 'path') {
  if (typeof path !== 'string') throw invalidArgument(name, 'string', path);
  return path;
}

function parts(path, absolute) {
  const found = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') found.push(part);
    else if (found.length && found.at(-1) !== '..') found.pop();
    else if (!absolute) found.push('..');
  }
  return found;
}

const path = {
  sep: '/',
  delimiter: ':',
  normalize(given) {
    if (checked(given) === '') return '.';
    const absolute = given.startsWith('/');
    let found = parts(given, absolute).join('/');
    if (!found && !absolute) found = '.';
    if (found && given.endsWith('/')) found += '/';
    return absolute ? `/${found}` : found;
  },
  join(...given) {
    for (const one of given) checked(one);
    const joined = given.filter((one) => one !== '').join('/');
    return joined === '' ? '.' : path.normalize(joined);
  },
  resolve(...given) {
    let found = '';
    for (const one of [process.cwd(), ...given].reverse()) {
      checked(one);
      if (one === '') continue;
      found = found ? `${one}/${found}` : one;
      if (one.startsWith('/')) break;
    }
    return `/${parts(found, true).join('/')}`;
  },
  isAbsolute: (given) => checked(given).startsWith('/'),
  dirname(given) {
    const bare = checked(given).replace(/(?<=.)\/+$/, '');
    const at = bare.lastIndexOf('/');
    return at < 0 ? '.' : at === 0 ? '/' : bare.slice(0, at);
  },
  basename(given, ending) {
    const name = checked(given).replace(/\/+$/, '').split('/').at(-1);
    return ending !== undefined && name !== ending && name.endsWith(ending) ? name.slice(0, -ending.length) : name;
  },
  extname(given) {
    const name = path.basename(checked(given));
    const at = name.lastIndexOf('.');
    return at <= 0 ? '' : name.slice(at);
  },
  relative(from, to) {
    const one = parts(path.resolve(from), true);
    const other = parts(path.resolve(to), true);
    let same = 0;
    while (same < one.length && same < other.length && one[same] === other[same]) same++;
    return [...one.slice(same).map(() => '..'), ...other.slice(same)].join('/');
  },
  parse(given) {
    const base = path.basename(given);
    const ext = path.extname(given);
    const root = given.startsWith('/') ? '/' : '';
    const dir = given.includes('/') ? path.dirname(given) : '';
    return { root, dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
  },
  format({ root = '', dir, base, name = '', ext = '' }) {
    const last = base ?? name + (ext && !ext.startsWith('.') ? `.${ext}` : ext);
    return dir ? (dir === root ? `${dir}${last}` : `${dir}/${last}`) : root + last;
  },
  toNamespacedPath: (given) => given,
};
path.posix = path;
path.win32 = path;
module.exports = path;
