'use strict';
const { microtask } = require('binding:timers');
exports.queueMicrotask = function queueMicrotask(callback) { microtask(callback); };
