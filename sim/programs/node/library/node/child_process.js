// Other programs of the container. Source: nodejs.org/api/child_process.html
'use strict';
const EventEmitter = require('node:events');
const { Readable, Writable } = require('node:stream');
const binding = require('binding:child');
const { read, write } = require('binding:process');
const { close } = require('binding:files');
const { promisify } = require('node:util');

class ChildProcess extends EventEmitter {
  constructor(file, args, options) {
    super();
    Object.assign(this, { pid: undefined, exitCode: null, signalCode: null, killed: false, spawnfile: file, spawnargs: [file, ...args] });
    const kinds = typeof options.stdio === 'string' ? Array(3).fill(options.stdio) : options.stdio ?? ['pipe', 'pipe', 'pipe'];
    let started;
    try {
      started = binding.spawn(file, args, options.cwd, options.env, [0, 1, 2].map((fd) => kinds[fd] ?? 'pipe'));
    } catch (error) {
      this.stdin = this.stdout = this.stderr = null;
      process.nextTick(() => this.emit('error', Object.assign(error, { spawnargs: args })));
      return;
    }
    this.pid = started.pid;
    let open = 0;
    const finish = () => { if (--open === 0) binding.wait(this.pid, (code, signal) => this.#ended(code, signal)); };
    const input = (fd) => {
      if (fd === undefined) return null;
      open++;
      const stream = new Readable();
      stream._read = () => {};
      read(fd, (data) => { stream.push(data ?? null); if (data === undefined) { close(fd); finish(); } });
      return stream;
    };
    open++;
    this.stdin = started.stdin === undefined ? null : new Writable({
      write(data, encoding, done) { write(started.stdin, data); done(); }, final(done) { binding.close(started.stdin); done(); } });
    this.stdout = input(started.stdout);
    this.stderr = input(started.stderr);
    this.stdio = [this.stdin, this.stdout, this.stderr];
    process.nextTick(() => { this.emit('spawn'); finish(); });
  }
  #ended(code, signal) {
    this.exitCode = code;
    this.signalCode = signal;
    this.emit('exit', code, signal);
    process.nextTick(() => this.emit('close', code, signal));
  }
  kill(signal = 'SIGTERM') {
    try { process.kill(this.pid, signal); this.killed = true; return true; } catch { return false; }
  }
  ref() {}
  unref() {}
}

function spawn(file, args = [], options = {}) {
  if (!Array.isArray(args)) [args, options] = [[], args];
  if (options.shell) return new ChildProcess('/bin/sh', ['-c', [file, ...args].join(' ')], options);
  return new ChildProcess(file, args.map(String), options);
}

function execFile(file, args, options, callback) {
  if (typeof args === 'function') [args, options, callback] = [[], {}, args];
  else if (!Array.isArray(args)) [args, options, callback] = [[], args, options];
  if (typeof options === 'function') [options, callback] = [{}, options];
  const child = spawn(file, args, options ?? {});
  const out = ['', ''];
  for (const [at, stream] of [child.stdout, child.stderr].entries()) stream?.on('data', (data) => { out[at] += data; });
  let told = false;
  const tell = (error) => { if (!told) { told = true; callback?.(error, ...out); } };
  child.on('error', tell);
  child.on('close', (code, signal) => {
    if (code === 0) { tell(null); return; }
    const cmd = options?.cmd ?? [file, ...args].join(' ');
    tell(Object.assign(new Error(`Command failed: ${cmd}\n${out[1]}`), { code, killed: child.killed, signal, cmd }));
  });
  if (options?.timeout) setTimeout(() => child.kill(), options.timeout).unref();
  return child;
}
function exec(command, options, callback) {
  if (typeof options === 'function') [options, callback] = [{}, options];
  return execFile('/bin/sh', ['-c', command], { ...options, cmd: command }, callback);
}
for (const one of [exec, execFile]) {
  one[promisify.custom] = (...args) => new Promise((resolve, reject) => {
    one(...args, (error, stdout, stderr) => (error ? reject(Object.assign(error, { stdout, stderr })) : resolve({ stdout, stderr })));
  });
}

const shown = (data, options) => (options?.encoding && options.encoding !== 'buffer' ? data.toString(options.encoding) : data);
function spawnSync(file, args = [], options = {}) {
  if (!Array.isArray(args)) [args, options] = [[], args];
  if (options.shell) [file, args] = ['/bin/sh', ['-c', [file, ...args].join(' ')]];
  const { pid, status, signal, stdout, stderr, error } = binding.run(file, args.map(String), options.cwd, options.env, options.input, options.stdio === 'inherit');
  return { status, signal, output: [null, shown(stdout, options), shown(stderr, options)], pid, stdout: shown(stdout, options),
    stderr: shown(stderr, options), ...(error && { error }) };
}
function checked(found, command, options) {
  if (found.error) throw found.error;
  if (options?.stdio === undefined && found.stderr.length) process.stderr.write(found.stderr);
  if (found.status !== 0) throw Object.assign(new Error(`Command failed: ${command}\n${found.stderr}`), found);
  return found.stdout;
}
const execFileSync = (file, args, options) => checked(spawnSync(file, args, options), [file, ...(args ?? [])].join(' '), options);
const execSync = (command, options) => checked(spawnSync('/bin/sh', ['-c', command], options), command, options);
function fork(file, args = [], options = {}) { return spawn(process.execPath, [file, ...args], { stdio: 'inherit', ...options }); }
module.exports = { ChildProcess, spawn, exec, execFile, spawnSync, execSync, execFileSync, fork };
