// https: the simulated network has no TLS; what is asked for says so.
'use strict';
const { Agent, Server } = require('node:http');
function refuse() { throw Object.assign(new Error('the simulated node has no TLS: use http'), { code: 'ERR_NO_CRYPTO' }); }
module.exports = { Agent, Server, globalAgent: new Agent(), request: refuse, get: refuse, createServer: refuse };
