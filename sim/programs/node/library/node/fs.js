// fs: everything is done at once; callbacks and promises hear of it in the loop's next round. Source: nodejs.org/api/fs.html
'use strict';
const binding = require('binding:files');
const { Readable, Writable } = require('node:stream');
const EventEmitter = require('node:events');
const { invalidArgument } = require('node:internal/errors');
const path = require('node:path');

const encodingOf = (options) => (typeof options === 'string' ? options : options?.encoding ?? undefined);
const shown = (data, options) => {
  const encoding = encodingOf(options);
  return encoding && encoding !== 'buffer' ? data.toString(encoding) : data;
};

class Stats {
  constructor(found) {
    Object.assign(this, found);
    Object.defineProperty(this, 'kind', { value: found.kind, enumerable: false });
    for (const name of ['atime', 'mtime', 'ctime', 'birthtime']) this[name] = new Date(this[`${name}Ms`]);
  }
  isFile() { return this.kind === 'file'; }
  isDirectory() { return this.kind === 'directory'; }
  isSymbolicLink() { return this.kind === 'link'; }
  isSocket() { return this.kind === 'socket'; }
  isFIFO() { return this.kind === 'fifo'; }
  isBlockDevice() { return false; }
  isCharacterDevice() { return this.kind === 'other'; }
}

class Dirent {
  #kind;
  constructor(name, parent, kind) {
    this.name = name;
    this.parentPath = parent;
    this.path = parent;
    this.#kind = kind;
  }
  isFile() { return this.#kind === 'file'; }
  isDirectory() { return this.#kind === 'directory'; }
  isSymbolicLink() { return this.#kind === 'link'; }
}

function list(folder, options, prefix = '') {
  const found = [];
  for (const name of binding.readdir(folder)) {
    const whole = path.join(folder, name);
    const { kind } = options?.withFileTypes || options?.recursive ? binding.lstat(whole) : {};
    found.push(options?.withFileTypes ? new Dirent(name, folder, kind) : prefix + name);
    if (options?.recursive && kind === 'directory') found.push(...list(whole, options, `${prefix}${name}/`));
  }
  return found;
}

function stat(call) {
  return (name, options) => {
    try { return new Stats(call(name)); } catch (error) {
      if (options?.throwIfNoEntry === false && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
}

function copyAll(from, to, options) {
  if (!binding.stat(from).kind || binding.stat(from).kind !== 'directory') { binding.copy(from, to); return; }
  if (!options?.recursive) throw Object.assign(new Error(`Recursive option not enabled, cannot copy a directory: ${from}`), { code: 'ERR_FS_EISDIR' });
  binding.mkdir(to, true);
  for (const name of binding.readdir(from)) copyAll(path.join(from, name), path.join(to, name), options);
}

// what is done at once; each has a twin with a callback, and one with a promise
const calls = {
  readFile: (name, options) => shown(binding.read(name), options),
  writeFile: (name, data, options) => binding.write(name, data, encodingOf(options), options?.flag ?? 'w', options?.mode),
  appendFile: (name, data, options) => binding.write(name, data, encodingOf(options), 'a', options?.mode),
  mkdir: (name, options) => binding.mkdir(name, Boolean(options?.recursive), options?.mode ?? (typeof options === 'number' ? options : undefined)),
  rm: (name, options) => binding.remove(name, Boolean(options?.recursive), Boolean(options?.force)),
  rmdir: (name, options) => (options?.recursive ? binding.remove(name, true, true) : binding.rmdir(name)),
  readdir: (name, options) => list(name, options),
  stat: stat(binding.stat), lstat: stat(binding.lstat),
  access: (name, mode) => binding.access(name, mode),
  unlink: (name) => binding.unlink(name), rename: (from, to) => binding.rename(from, to),
  copyFile: (from, to) => binding.copy(from, to), cp: copyAll,
  symlink: (target, name) => binding.symlink(target, name), link: (from, to) => binding.link(from, to),
  readlink: (name) => binding.readlink(name), realpath: (name) => binding.realpath(name),
  chmod: (name, mode) => binding.chmod(name, mode), chown: (name, uid, gid) => binding.chown(name, uid, gid),
  utimes: (name, atime, mtime) => binding.utimes(name, Number(atime), mtime instanceof Date ? mtime.getTime() / 1000 : Number(mtime)),
  truncate: (name, size) => binding.truncate(name, size), mkdtemp: (prefix) => binding.mkdtemp(prefix),
  open: (name, flags, mode) => binding.open(name, flags, mode), close: (fd) => binding.close(fd), fsync: () => {},
  fstat: (fd) => new Stats(binding.stat(`/proc/self/fd/${fd}`)),
};

const promises = {};
for (const [name, call] of Object.entries(calls)) {
  const named = (made, as) => Object.defineProperty(made, 'name', { value: as });
  module.exports[`${name}Sync`] = named((...args) => call(...args), `${name}Sync`);
  module.exports[name] = named((...args) => {
    const callback = args.pop();
    if (typeof callback !== 'function') throw invalidArgument('cb', 'function', callback);
    let error = null;
    let value;
    try { value = call(...args); } catch (failure) { error = failure; }
    binding.later(() => (error ? callback(error) : value === undefined ? callback(null) : callback(null, value)));
  }, name);
  promises[name] = named((...args) => new Promise((resolve, reject) => {
    let error = null;
    let value;
    try { value = call(...args); } catch (failure) {
      failure.stack = `${failure}`;
      error = failure;
    }
    binding.later(() => (error ? reject(error) : resolve(value)));
  }), name);
}

function readSync(fd, buffer, offset = 0, length = buffer.length - offset, position = null) {
  if (typeof offset === 'object' && offset !== null) ({ offset = 0, length = buffer.length - offset, position = null } = offset);
  const data = binding.readSome(fd, length, position ?? undefined);
  data.copy(buffer, offset);
  return data.length;
}
function writeSync(fd, data, ...rest) {
  const held = typeof data === 'string' ? Buffer.from(data) : data.subarray(rest[0] ?? 0, rest[1] === undefined ? undefined : (rest[0] ?? 0) + rest[1]);
  binding.write(fd, held);
  return held.length;
}

class ReadStream extends Readable {
  #data; #at = 0;
  constructor(name, options = {}) {
    super(typeof options === 'string' ? { encoding: options } : options);
    this.path = name;
    this.bytesRead = 0;
    this._range = [options.start ?? 0, (options.end ?? Infinity) + 1];
    this._step = options.highWaterMark ?? 65536;
    binding.later(() => {
      try { this.#data = binding.read(name).subarray(this._range[0], Number.isFinite(this._range[1]) ? this._range[1] : undefined); }
      catch (error) { this.destroy(error); return; }
      this.emit('open', 3);
      this.emit('ready');
      this._read();
    });
  }
  _read() {
    if (this.#data === undefined || this.destroyed) return;
    binding.later(() => {
      const piece = this.#data.subarray(this.#at, this.#at + this._step);
      this.#at += piece.length;
      this.bytesRead = this.#at;
      this.push(piece.length ? piece : null);
    });
  }
  close(callback) { this.destroy(); if (callback) process.nextTick(callback); }
}

class WriteStream extends Writable {
  #ready;
  constructor(name, options = {}) {
    super();
    this.path = name;
    this.bytesWritten = 0;
    this._encoding = encodingOf(options);
    const flags = options.flags ?? 'w';
    try { if (!flags.startsWith('a')) binding.write(name, '', undefined, flags); this.#ready = true; }
    catch (error) { this.#ready = false; binding.later(() => this.destroy(error)); return; }
    binding.later(() => { this.emit('open', 3); this.emit('ready'); });
  }
  _write(data, encoding, done) {
    if (!this.#ready) { done(); return; }
    binding.write(this.path, data, encoding, 'a');
    this.bytesWritten += data.length;
    done();
  }
  close(callback) { this.end(callback); }
}

// watching asks again and again, as watchFile does
class FSWatcher extends EventEmitter {
  #timer;
  constructor(name, listener, recursive) {
    super();
    if (listener) this.on('change', listener);
    binding.stat(name);
    const look = () => {
      const found = new Map();
      const add = (file, label) => {
        try {
          const { kind, mtimeMs, size } = binding.stat(file);
          found.set(label, `${mtimeMs} ${size}`);
          if (kind === 'directory' && (file === name || recursive)) for (const one of binding.readdir(file)) add(path.join(file, one), path.join(file === name ? '' : label, one));
        } catch { found.delete(label); }
      };
      add(name, path.basename(name));
      return found;
    };
    let before = look();
    this.#timer = setInterval(() => {
      const now = look();
      for (const key of new Set([...before.keys(), ...now.keys()])) {
        if (before.get(key) !== now.get(key)) this.emit('change', before.has(key) && now.has(key) ? 'change' : 'rename', key);
      }
      before = now;
    }, 250);
  }
  close() { clearInterval(this.#timer); this.emit('close'); }
  ref() { this.#timer.ref(); return this; }
  unref() { this.#timer.unref(); return this; }
}

const watched = new Map();
Object.assign(module.exports, {
  Stats, Dirent, ReadStream, WriteStream, readSync, writeSync,
  existsSync: (name) => binding.exists(name),
  exists: (name, callback) => binding.later(() => callback(binding.exists(name))),
  createReadStream: (name, options) => new ReadStream(name, options),
  createWriteStream: (name, options) => new WriteStream(name, options),
  watch: (name, options, listener) => new FSWatcher(name, typeof options === 'function' ? options : listener, options?.recursive),
  watchFile(name, options, listener) {
    const watcher = new FSWatcher(name);
    let before = new Stats(binding.stat(name));
    watcher.on('change', () => { const now = new Stats(binding.stat(name)); (listener ?? options)(now, before); before = now; });
    watched.set(name, watcher);
  },
  unwatchFile(name) { watched.get(name)?.close(); watched.delete(name); },
  read(fd, buffer, offset, length, position, callback) { const count = readSync(fd, buffer, offset, length, position); binding.later(() => callback(null, count, buffer)); },
  write(fd, data, ...rest) { const count = writeSync(fd, data); binding.later(() => rest.at(-1)(null, count, data)); },
  F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1,
  constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, COPYFILE_EXCL: 1 },
});
promises.constants = module.exports.constants;
promises.open = async (name, flags) => {
  const fd = binding.open(name, flags);
  return {
    fd, close: async () => binding.close(fd), readFile: async (options) => shown(binding.read(name), options),
    writeFile: async (data, options) => binding.write(name, data, encodingOf(options), 'w'),
    appendFile: async (data) => binding.write(name, data, undefined, 'a'), write: async (data) => ({ bytesWritten: writeSync(fd, data) }),
    stat: async () => new Stats(binding.stat(name)),
  };
};
module.exports.promises = promises;
