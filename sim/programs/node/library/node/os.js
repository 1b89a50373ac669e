// os: the machine, as the container sees it. Source: nodejs.org/api/os.html
'use strict';
const binding = require('binding:process');
const files = require('binding:files');

function userInfo() {
  const uid = binding.getuid();
  let line;
  try { line = files.read('/etc/passwd').toString().split('\n').map((one) => one.split(':')).find((one) => Number(one[2]) === uid); } catch { /* no such file */ }
  return { uid, gid: binding.getgid(), username: line?.[0] ?? String(uid), homedir: line?.[5] ?? '/', shell: line?.[6] ?? null };
}
const model = { model: 'Simulated CPU', speed: 2400, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } };
module.exports = {
  EOL: '\n', devNull: '/dev/null', arch: () => 'x64', platform: () => 'linux', type: () => 'Linux', endianness: () => 'LE',
  hostname: () => binding.uname().nodename, release: () => binding.uname().release, version: () => binding.uname().version,
  machine: () => binding.uname().machine, uptime: () => binding.boot(), loadavg: () => binding.loads(),
  totalmem: () => binding.memoryInfo().MemTotal, freemem: () => binding.memoryInfo().MemAvailable ?? binding.memoryInfo().MemFree,
  cpus: () => Array.from({ length: binding.processors() }, () => ({ ...model })), availableParallelism: () => binding.processors(),
  networkInterfaces: () => binding.interfaces(), tmpdir: () => process.env.TMPDIR ?? '/tmp',
  homedir: () => process.env.HOME ?? userInfo().homedir, userInfo,
  constants: { signals: binding.signals, errno: { ENOENT: 2, EACCES: 13, EEXIST: 17, EADDRINUSE: 98, ECONNREFUSED: 111 } },
};
