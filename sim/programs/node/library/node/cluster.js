'use strict';
module.exports = { isMaster: true, isPrimary: true, isWorker: false, workers: {} };
module.exports.fork = () => { throw new Error('the simulated node has no cluster'); };
