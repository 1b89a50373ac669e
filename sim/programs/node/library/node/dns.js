'use strict';
const { lookup } = require('binding:network');
function ask(name, options, callback) {
  if (typeof options === 'function') [options, callback] = [{}, options];
  lookup(name, (error, found) => {
    if (error) callback(error);
    else if (options?.all) callback(null, found.map((address) => ({ address, family: 4 })));
    else callback(null, found[0], 4);
  });
}
function resolve4(name, callback) { lookup(name, (error, found) => (error ? callback(error) : callback(null, found))); }
const promise = (work) => new Promise((resolve, reject) => work((error, value) => (error ? reject(error) : resolve(value))));
module.exports = {
  lookup: ask, resolve: (name, kind, callback) => resolve4(name, callback ?? kind), resolve4, setDefaultResultOrder() {},
  promises: {
    lookup: (name, options = {}) => promise((done) => ask(name, { ...options, all: true }, done)).then((all) => (options.all ? all : all[0])),
    resolve: (name) => promise((done) => resolve4(name, done)), resolve4: (name) => promise((done) => resolve4(name, done)),
  },
};
