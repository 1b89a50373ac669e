// cowsay: a cow that says something. Source: github.com/piuccio/cowsay
'use strict';
function wrapped(text, width) {
  const lines = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line && line.length + 1 + word.length > width) { lines.push(line); line = word; } else line = line ? `${line} ${word}` : word;
    }
    lines.push(line);
  }
  return lines;
}
function balloon(text, [open, close], width) {
  const lines = wrapped(text, width);
  const size = Math.max(...lines.map((line) => line.length));
  const sides = (at) => (lines.length === 1 ? [open, close] : at === 0 ? ['/', '\\'] : at === lines.length - 1 ? ['\\', '/'] : ['|', '|']);
  const rows = lines.map((line, at) => `${sides(at)[0]} ${line.padEnd(size)} ${sides(at)[1]}`);
  return [` ${'_'.repeat(size + 2)}`, ...rows, ` ${'-'.repeat(size + 2)}`].join('\n');
}
const cow = (thread, eyes = 'oo', tongue = '  ') => `
        ${thread}   ^__^
         ${thread}  (${eyes})\\_______
            (__)\\       )\\/\\
             ${tongue} ||----w |
                ||     ||`;
exports.say = ({ text = '', e, T, W = 40 }) => balloon(text, ['<', '>'], W) + cow('\\', e, T);
exports.think = ({ text = '', e, T, W = 40 }) => balloon(text, ['(', ')'], W) + cow('o', e, T);
