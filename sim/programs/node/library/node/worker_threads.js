'use strict';
module.exports = { isMainThread: true, threadId: 0, workerData: null, parentPort: null };
module.exports.Worker = class Worker { constructor() { throw new Error('the simulated node has no worker threads'); } };
