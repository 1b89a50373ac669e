// process. Source: nodejs.org/api/process.html
'use strict';
const EventEmitter = require('node:events');
const binding = require('binding:process');
const timers = require('binding:timers');

const process = Object.create(Object.create(EventEmitter.prototype, {
  constructor: { value: function process() {}, writable: true, configurable: true },
  [Symbol.toStringTag]: { value: 'process', configurable: true },
}));
EventEmitter.init.call(process);
for (const name of ['_events', '_eventsCount', '_maxListeners']) {
  Object.defineProperty(process, name, { enumerable: false, writable: true, configurable: true, value: process[name] });
}
const number = binding.version.slice(1);

Object.assign(process, {
  title: 'node', version: binding.version, arch: 'x64', platform: 'linux', argv: binding.argv, execArgv: [],
  env: binding.env, pid: binding.pid, ppid: binding.ppid, execPath: binding.execPath, argv0: 'node',
  versions: { node: number, v8: '13.6.233.17-node.37', uv: '1.51.0', zlib: '1.3.1', modules: '137', openssl: '3.0.17' },
  release: { name: 'node', lts: 'Krypton' }, config: {}, features: {},
  cwd: () => binding.cwd(), chdir: (path) => binding.chdir(path), umask: () => binding.umask(),
  uptime: () => binding.uptime(), memoryUsage: () => binding.memory(), abort() { binding.kill(binding.pid, 'SIGABRT'); },
  getuid: () => binding.getuid(), geteuid: () => binding.getuid(), getgid: () => binding.getgid(),
  getegid: () => binding.getgid(),
  cpuUsage() { const used = Math.round(binding.now() / 20000); return { user: used, system: Math.round(used / 4) }; },
  resourceUsage: () => ({ userCPUTime: 0, systemCPUTime: 0, maxRSS: Math.round(binding.memory().rss / 1024) }),
  nextTick(callback, ...args) { timers.tick(callback, args); },
  hrtime(before) {
    const now = binding.now();
    let seconds = Math.floor(now / 1e9);
    let rest = now % 1e9;
    if (before) {
      seconds -= before[0];
      rest -= before[1];
      if (rest < 0) { seconds--; rest += 1e9; }
    }
    return [seconds, rest];
  },
  kill(pid, signal) { return binding.kill(pid, signal); },
  exit(code) {
    if (code !== undefined) binding.setExitCode(code);
    if (!process._exiting) { process._exiting = true; process.emit('exit', Number(binding.exitCode() ?? 0)); }
    binding.exit(binding.exitCode() ?? 0);
  },
  emitWarning(warning, type = 'Warning', code) {
    if (typeof type === 'object' && type !== null) { code = type.code; type = type.type ?? 'Warning'; }
    const made = warning instanceof Error ? warning : Object.assign(new Error(warning), { name: type });
    if (code) made.code = code;
    process.nextTick(() => {
      if (process.emit('warning', made)) return;
      const head = `(node:${process.pid}) ${code ? `[${code}] ` : ''}${made.name}: ${made.message}\n`;
      binding.write(2, `${head}(Use \`node --trace-warnings ...\` to show where the warning was created)\n`);
    });
  },
});
process.hrtime.bigint = () => binding.nanoseconds();
process.memoryUsage.rss = () => binding.memory().rss;
Object.defineProperty(process, 'exitCode', {
  enumerable: true, configurable: true, get: () => binding.exitCode(), set: (code) => binding.setExitCode(code),
});
Object.defineProperty(process, '_exiting', { value: false, writable: true });

// signals: a handler for as long as somebody listens
const isSignal = (name) => typeof name === 'string' && name in binding.signals;
process.on('newListener', (name) => {
  if (!isSignal(name)) return;
  if (name === 'SIGKILL' || name === 'SIGSTOP') {
    throw Object.assign(new Error(`uv_signal_start EINVAL`), { errno: -22, code: 'EINVAL', syscall: 'uv_signal_start' });
  }
  binding.onSignal(binding.signals[name], true);
});
process.on('removeListener', (name) => {
  if (isSignal(name) && process.listenerCount(name) === 0) binding.onSignal(binding.signals[name], false);
});

// standard streams are made when somebody asks for them
for (const [name, fd] of [['stdout', 1], ['stderr', 2], ['stdin', 0]]) {
  let stream;
  Object.defineProperty(process, name, {
    enumerable: true, configurable: true,
    get() { return (stream ??= require('node:internal/standard').standard(fd)); },
  });
}
module.exports = process;
