#!/usr/bin/env node
// nodemon: run a program, and again whenever a file changes. Source: github.com/remy/nodemon
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');

const endings = new Set(['js', 'mjs', 'cjs', 'json']);
const watched = [];
const words = process.argv.slice(2);
let quiet = false;
let delay = 1000;
let exec = 'node';
while (words[0]?.startsWith('-')) {
  const word = words.shift();
  if (word === '--watch' || word === '-w') watched.push(words.shift());
  else if (word === '--ext' || word === '-e') { endings.clear(); for (const one of words.shift().split(/[ ,]/)) endings.add(one); }
  else if (word === '--exec' || word === '-x') exec = words.shift();
  else if (word === '--delay') delay = Number.parseFloat(words.shift()) * 1000;
  else if (word === '--quiet' || word === '-q') quiet = true;
  else if (word === '--version' || word === '-v') { console.log(require('../package.json').version); process.exit(0); }
  else if (word === '--ignore' || word === '-i') words.shift();
}
const said = (color, text) => { if (!quiet) console.log(process.stdout.isTTY ? `\x1b[${color}m[nodemon] ${text}\x1b[39m` : `[nodemon] ${text}`); };
const manifest = (() => { try { return JSON.parse(fs.readFileSync('package.json', 'utf8')); } catch { return {}; } })();
if (words.length === 0) words.push(manifest.main ?? 'index.js');
const command = exec === 'node' ? ['node', ...words] : [...exec.split(' '), ...words];

let child;
let state = 'running';
function start() {
  said(32, `starting \`${command.join(' ')}\``);
  state = 'running';
  child = spawn(command[0], command.slice(1), { stdio: 'inherit' });
  child.on('exit', (code, signal) => {
    child = undefined;
    if (state === 'restarting') { start(); return; }
    if (state === 'ending') process.exit(0);
    if (code === 0 || signal) said(32, 'clean exit - waiting for changes before restart');
    else said(31, 'app crashed - waiting for file changes before starting...');
  });
}
function restart() {
  said(32, 'restarting due to changes...');
  if (child) { state = 'restarting'; child.kill('SIGUSR2'); } else start();
}

function look(place, found) {
  let names;
  try { names = fs.statSync(place).isDirectory() ? fs.readdirSync(place) : undefined; } catch { return; }
  if (names === undefined) { if (endings.has(path.extname(place).slice(1))) found.set(place, fs.statSync(place).mtimeMs); return; }
  for (const name of names) if (name !== 'node_modules' && !name.startsWith('.')) look(path.join(place, name), found);
}
const places = watched.length ? watched : ['.'];
const snapshot = () => { const found = new Map(); for (const one of places) look(one, found); return found; };

said(33, `${require('../package.json').version}`);
said(33, 'to restart at any time, enter `rs`');
said(33, `watching path(s): ${watched.length ? watched.join(' ') : '*.*'}`);
said(33, `watching extensions: ${[...endings].join(',')}`);
let before = snapshot();
start();
setInterval(() => {
  const now = snapshot();
  const changed = now.size !== before.size || [...now].some(([file, time]) => before.get(file) !== time);
  before = now;
  if (changed) restart();
}, delay);
if (process.stdin.isTTY) process.stdin.on('data', (data) => { if (data.toString().trim() === 'rs') restart(); });
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    state = 'ending';
    if (child) child.kill(signal);
    else process.exit(0);
  });
}
