'use strict';
const { requireFor, builtins } = require('binding:language');
const { fileURLToPath } = require('node:url');
exports.createRequire = (file) => requireFor(String(file).startsWith('file:') ? fileURLToPath(file) : String(file));
exports.builtinModules = builtins();
exports.isBuiltin = (name) => exports.builtinModules.includes(String(name).replace(/^node:/, ''));
