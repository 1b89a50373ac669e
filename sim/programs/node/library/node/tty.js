'use strict';
const { isatty } = require('binding:process');
exports.isatty = (fd) => isatty(fd);
