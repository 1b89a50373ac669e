// axios: HTTP with promises. Source: axios-http.com/docs
'use strict';
const http = require('http');

class AxiosError extends Error {
  constructor(message, code, config, response, cause) {
    super(message);
    Object.assign(this, { code, config, ...(response && { response, status: response.status }), ...(cause && { cause }) });
    Object.defineProperty(this, 'name', { value: 'AxiosError', configurable: true, writable: true, enumerable: false });
    Object.defineProperty(this, 'isAxiosError', { value: true, enumerable: false });
  }
  toJSON() { return { message: this.message, name: this.name, code: this.code, status: this.response?.status ?? null }; }
}

function addressOf({ url = '', baseURL, params }) {
  const whole = baseURL && !/^https?:/i.test(url) ? `${baseURL.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}` : url;
  const made = new URL(whole);
  for (const [name, value] of Object.entries(params ?? {})) {
    for (const one of [].concat(value)) if (one !== undefined && one !== null) made.searchParams.append(Array.isArray(value) ? `${name}[]` : name, one);
  }
  return made;
}

function bodyOf(data, headers) {
  if (data === undefined || data === null) return undefined;
  const has = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  if (typeof data === 'string' || Buffer.isBuffer(data)) { if (!has) headers['Content-Type'] = 'application/x-www-form-urlencoded'; return Buffer.from(data); }
  if (data instanceof URLSearchParams) { headers['Content-Type'] ??= 'application/x-www-form-urlencoded;charset=utf-8'; return Buffer.from(String(data)); }
  if (!has) headers['Content-Type'] = 'application/json';
  return Buffer.from(JSON.stringify(data));
}

function parsed(bytes, config) {
  if (config.responseType === 'arraybuffer') return bytes;
  const text = bytes.toString();
  if (config.responseType === 'text') return text;
  try { return JSON.parse(text); } catch { return text; }
}

function send(config, hops = 0) {
  return new Promise((resolve, reject) => {
    const headers = { Accept: 'application/json, text/plain, */*', 'User-Agent': `axios/${require('./package.json').version}`, ...config.headers };
    const body = bodyOf(config.data, headers);
    if (body) headers['Content-Length'] = body.length;
    const address = addressOf(config);
    const auth = config.auth && `${config.auth.username}:${config.auth.password}`;
    const request = http.request(address, { method: config.method, headers, ...(auth && { auth }) });
    const fail = (message, code, cause) => reject(new AxiosError(message, code, config, undefined, cause));
    if (config.timeout) request.setTimeout(config.timeout, () => { request.destroy(); fail(`timeout of ${config.timeout}ms exceeded`, 'ECONNABORTED'); });
    config.signal?.addEventListener('abort', () => { request.destroy(); fail('canceled', 'ERR_CANCELED'); });
    request.on('error', (error) => fail(error.message, error.code, error));
    request.on('response', (reply) => {
      const where = reply.headers.location;
      if (where && [301, 302, 303, 307, 308].includes(reply.statusCode) && hops < (config.maxRedirects ?? 5)) {
        reply.resume();
        const keeps = reply.statusCode >= 307;
        send({ ...config, url: new URL(where, address).href, params: undefined, ...(!keeps && { method: 'get', data: undefined }) }, hops + 1).then(resolve, reject);
        return;
      }
      const parts = [];
      reply.on('data', (part) => parts.push(part));
      reply.on('end', () => {
        const response = { data: parsed(Buffer.concat(parts), config), status: reply.statusCode, statusText: reply.statusMessage, headers: reply.headers, config, request };
        const fits = config.validateStatus ?? ((status) => status >= 200 && status < 300);
        if (fits(response.status)) resolve(response);
        else reject(new AxiosError(`Request failed with status code ${response.status}`, response.status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE', config, response));
      });
    });
    request.end(body);
  });
}

class Interceptors {
  list = [];
  use(done, failed) { return this.list.push([done, failed]) - 1; }
  eject(at) { this.list[at] = undefined; }
}

function create(defaults = {}) {
  const interceptors = { request: new Interceptors(), response: new Interceptors() };
  const request = (url, options) => {
    const given = typeof url === 'string' ? { ...options, url } : url;
    let chain = Promise.resolve({ method: 'get', ...axios.defaults, ...given, headers: { ...axios.defaults.headers, ...given.headers } });
    for (const pair of interceptors.request.list) if (pair) chain = chain.then(...pair);
    chain = chain.then((config) => send(config));
    for (const pair of interceptors.response.list) if (pair) chain = chain.then(...pair);
    return chain;
  };
  const axios = (url, options) => request(url, options);
  Object.assign(axios, { defaults: { ...defaults, headers: { ...defaults.headers } }, interceptors, request, create: (more) => create({ ...defaults, ...more }) });
  for (const method of ['get', 'delete', 'head', 'options']) axios[method] = (url, options) => request({ ...options, method, url });
  for (const method of ['post', 'put', 'patch']) axios[method] = (url, data, options) => request({ ...options, method, url, data });
  return axios;
}

module.exports = Object.assign(create(), { AxiosError, Axios: create, isAxiosError: (error) => error?.isAxiosError === true, all: (list) => Promise.all(list) });
module.exports.default = module.exports;
