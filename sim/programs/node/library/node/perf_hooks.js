'use strict';
const { now } = require('binding:process');
const marks = new Map();
const performance = {
  now: () => now() / 1e6 + 30, timeOrigin: Date.now() - 30,
  mark(name) { marks.set(name, performance.now()); return { name, entryType: 'mark', startTime: marks.get(name), duration: 0 }; },
  measure(name, from, to) {
    const start = marks.get(from) ?? 0;
    return { name, entryType: 'measure', startTime: start, duration: (marks.get(to) ?? performance.now()) - start };
  },
  toJSON: () => ({ timeOrigin: performance.timeOrigin }),
};
module.exports = { performance };
