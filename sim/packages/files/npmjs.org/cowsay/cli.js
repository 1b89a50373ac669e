#!/usr/bin/env node
'use strict';
const { say } = require('./index.js');
const words = process.argv.slice(2);
const show = (text) => console.log(say({ text }));
if (words.length) show(words.join(' '));
else {
  let text = '';
  process.stdin.on('data', (data) => { text += data; });
  process.stdin.on('end', () => show(text.trimEnd()));
}
