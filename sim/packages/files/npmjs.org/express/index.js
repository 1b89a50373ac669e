// express, as first programs use it: routes, middleware, routers, JSON, static files.
// Source: expressjs.com/en/5x/api.html
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const querystring = require('querystring');
const crypto = require('crypto');

const TYPES = {
  html: 'text/html', htm: 'text/html', css: 'text/css', js: 'text/javascript', mjs: 'text/javascript', json: 'application/json',
  txt: 'text/plain', md: 'text/markdown', svg: 'image/svg+xml', png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg',
  gif: 'image/gif', ico: 'image/vnd.microsoft.icon', webp: 'image/webp', pdf: 'application/pdf', xml: 'text/xml', csv: 'text/csv',
  wasm: 'application/wasm', woff2: 'font/woff2', text: 'text/plain', urlencoded: 'application/x-www-form-urlencoded',
};
const typed = (type) => (/^text\/|\/json|\/javascript|\/xml/.test(type) && !/charset/.test(type) ? `${type}; charset=utf-8` : type);
const typeOf = (name) => TYPES[name.toLowerCase()] ?? 'application/octet-stream';
const escaped = (text) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`
  .replace('&#38;', '&amp;').replace('&#60;', '&lt;').replace('&#62;', '&gt;').replace('&#34;', '&quot;'));

// -- paths

function pattern(given, whole) {
  if (given instanceof RegExp) return { test: given, names: [] };
  const names = [];
  let text = '';
  for (let at = 0; at < given.length;) {
    const rest = given.slice(at);
    const name = /^[:*]([A-Za-z_]\w*)(?:\(([^)]*)\))?(\?)?/.exec(rest);
    if (name) {
      names.push(name[1]);
      const what = rest[0] === '*' ? '(.+)' : `(${name[2] ?? '[^/]+?'})`;
      if (name[3] && text.endsWith('/')) text = `${text.slice(0, -1)}(?:/${what})?`;
      else text += name[3] ? `${what}?` : what;
      at += name[0].length;
    } else if (rest[0] === '*') { names.push(String(names.length)); text += '(.*)'; at++; }
    else if (rest[0] === '{') { text += '(?:'; at++; }
    else if (rest[0] === '}') { text += ')?'; at++; }
    else { text += rest[0].replace(/[.+?^${}()|[\]\\]/g, '\\$&'); at++; }
  }
  text = text.replace(/\/$/, '');
  return { test: new RegExp(whole ? `^${text}/?$` : `^${text || ''}(?=/|$)`, 'i'), names };
}

function fits({ test, names }, where) {
  const match = test.exec(where);
  if (!match) return undefined;
  const params = {};
  match.slice(1).forEach((value, at) => { if (value !== undefined) params[names[at] ?? at] = decodeURIComponent(value); });
  return { params, length: match[0].length };
}

// -- routers

const METHODS = ['get', 'post', 'put', 'delete', 'patch', 'options', 'head', 'all'];
const flatten = (list) => list.flat(Infinity);

function Router(options) {
  const router = (req, res, next) => router.handle(req, res, next);
  Object.setPrototypeOf(router, Router.prototype);
  router.stack = [];
  router.params = {};
  router.mergeParams = Boolean(options && options.mergeParams);
  return router;
}
Object.setPrototypeOf(Router.prototype, Function.prototype);

Router.prototype.use = function (where, ...handlers) {
  if (typeof where === 'function' || (Array.isArray(where) && typeof where[0] === 'function')) [where, handlers] = ['/', [where, ...handlers]];
  const functions = flatten(handlers);
  if (functions.length === 0) throw new TypeError('argument handler is required');
  for (const handler of functions) {
    if (typeof handler !== 'function') throw new TypeError('argument handler must be a function');
    for (const one of [].concat(where)) this.stack.push({ path: one, match: pattern(one, false), handler, method: undefined });
  }
  return this;
};
Router.prototype.param = function (name, handler) { (this.params[name] ??= []).push(handler); return this; };
Router.prototype.route = function (where) {
  const route = {};
  for (const method of METHODS) route[method] = (...handlers) => { this[method](where, ...handlers); return route; };
  return route;
};
for (const method of METHODS) {
  Router.prototype[method] = function (where, ...handlers) {
    for (const one of [].concat(where)) {
      const match = pattern(one, true);
      for (const handler of flatten(handlers)) {
        if (typeof handler !== 'function') {
          throw new TypeError(`argument handler must be a function`);
        }
        this.stack.push({ path: one, match, handler, method: method === 'all' ? 'all' : method.toUpperCase() });
      }
    }
    return this;
  };
}

Router.prototype.handle = function (req, res, done) {
  const { stack, params: known, mergeParams } = this;
  const outer = { url: req.url, base: req.baseUrl ?? '', params: req.params ?? {} };
  const restore = (after) => (error) => { req.url = outer.url; req.baseUrl = outer.base; req.params = outer.params; after(error); };
  const leave = restore(done);
  let at = 0;
  const next = (error) => {
    req.url = outer.url;
    req.baseUrl = outer.base;
    if (error === 'router') { leave(); return; }
    const where = outer.url.replace(/\?.*$/, '') || '/';
    while (at < stack.length) {
      const layer = stack[at++];
      const { method, handler } = layer;
      if (error && handler.length !== 4) continue;
      if (!error && handler.length === 4) continue;
      if (method !== undefined && method !== 'all' && method !== req.method && !(req.method === 'HEAD' && method === 'GET')) continue;
      const found = fits(layer.match, where);
      if (!found) continue;
      req.params = { ...(mergeParams || method === undefined ? outer.params : {}), ...found.params };
      if (method === undefined && layer.path !== '/') {
        req.baseUrl = outer.base + where.slice(0, found.length);
        const rest = outer.url.slice(found.length);
        req.url = rest.startsWith('/') ? rest : `/${rest}`;
      }
      if (method !== undefined) req.route = { path: layer.path, methods: { [req.method.toLowerCase()]: true } };
      checked(known, req, res, Object.keys(found.params), (failure) => {
        if (failure) next(failure);
        else run(handler, error, req, res, next);
      });
      return;
    }
    leave(error);
  };
  next();
};

function checked(known, req, res, names, done) {
  const work = names.flatMap((name) => (known[name] ?? []).map((handler) => [name, handler]));
  const step = (error) => {
    const one = error ? undefined : work.shift();
    if (!one) { done(error); return; }
    try { one[1](req, res, step, req.params[one[0]], one[0]); } catch (failure) { step(failure); }
  };
  step();
}

function run(handler, error, req, res, next) {
  let told = false;
  const once = (failure) => { if (!told) { told = true; next(failure); } };
  try {
    const found = error ? handler(error, req, res, once) : handler(req, res, once);
    if (found && typeof found.then === 'function') found.then(undefined, (failure) => once(failure ?? new Error('Rejected promise')));
  } catch (failure) { once(failure); }
}

// -- requests and responses

const request = Object.create(http.IncomingMessage.prototype);
const response = Object.create(http.ServerResponse.prototype);
const define = (target, name, get) => Object.defineProperty(target, name, { configurable: true, enumerable: true, get });

request.get = request.header = function (name) { return this.headers[name.toLowerCase().replace(/^referrer$/, 'referer')]; };
request.is = function (...types) {
  const type = (this.headers['content-type'] ?? '').split(';')[0].trim();
  return type !== '' && flatten(types).find((one) => type === one || type.endsWith(`/${one}`) || typeOf(one) === type) || false;
};
request.accepts = function (...types) {
  const wanted = (this.headers.accept ?? '*/*').split(',').map((one) => one.split(';')[0].trim());
  const list = flatten(types);
  for (const one of wanted) {
    if (one === '*/*') return list[0];
    const found = list.find((type) => (type.includes('/') ? type : typeOf(type)) === one || one === `${typeOf(type).split('/')[0]}/*`);
    if (found) return found;
  }
  return false;
};
define(request, 'query', function () {
  const text = (this.originalUrl ?? this.url).split('?')[1] ?? '';
  return querystring.parse(text);
});
define(request, 'path', function () { return this.url.replace(/\?.*$/, ''); });
define(request, 'hostname', function () { return (this.headers.host ?? '').replace(/:\d+$/, ''); });
define(request, 'host', function () { return this.headers.host ?? ''; });
define(request, 'protocol', function () { return (this.app.get('trust proxy') && this.headers['x-forwarded-proto']) || 'http'; });
define(request, 'secure', function () { return this.protocol === 'https'; });
define(request, 'ip', function () {
  const forwarded = this.app.get('trust proxy') && this.headers['x-forwarded-for'];
  return forwarded ? forwarded.split(',')[0].trim() : this.socket.remoteAddress;
});
define(request, 'xhr', function () { return (this.headers['x-requested-with'] ?? '').toLowerCase() === 'xmlhttprequest'; });

response.status = function (code) {
  if (!Number.isInteger(code)) throw new TypeError(`Invalid status code: ${JSON.stringify(code)}. Status code must be an integer.`);
  this.statusCode = code;
  return this;
};
response.set = response.header = function (name, value) {
  if (typeof name === 'object') { for (const [key, one] of Object.entries(name)) this.set(key, one); return this; }
  const text = Array.isArray(value) ? value.map(String) : String(value);
  this.setHeader(name, name.toLowerCase() === 'content-type' ? typed(text) : text);
  return this;
};
response.get = function (name) { return this.getHeader(name); };
response.append = function (name, value) { this.appendHeader(name, value); return this; };
response.vary = function (name) { this.append('Vary', name); return this; };
response.type = response.contentType = function (type) { return this.set('Content-Type', type.includes('/') ? type : typeOf(type)); };
response.location = function (url) { return this.set('Location', encodeURI(url).replaceAll('%25', '%')); };
response.links = function (links) {
  return this.set('Link', Object.entries(links).map(([rel, url]) => `<${url}>; rel="${rel}"`).join(', '));
};
response.attachment = function (name) {
  if (name) this.type(path.extname(name).slice(1));
  return this.set('Content-Disposition', `attachment${name ? `; filename="${path.basename(name)}"` : ''}`);
};
response.cookie = function (name, value, options = {}) {
  const text = typeof value === 'object' ? `j:${JSON.stringify(value)}` : String(value);
  const age = options.maxAge === undefined ? '' : `; Max-Age=${Math.floor(options.maxAge / 1000)}`;
  const expires = options.expires ?? (options.maxAge === undefined ? undefined : new Date(Date.now() + options.maxAge));
  const end = expires ? `; Expires=${expires.toUTCString()}` : '';
  const flags = `${options.httpOnly ? '; HttpOnly' : ''}${options.secure ? '; Secure' : ''}`;
  const site = options.sameSite ? `; SameSite=${String(options.sameSite === true ? 'Strict' : options.sameSite).replace(/^./, (one) => one.toUpperCase())}` : '';
  this.append('Set-Cookie', `${name}=${encodeURIComponent(text)}${age}; Path=${options.path ?? '/'}${end}${flags}${site}`);
  return this;
};
response.clearCookie = function (name) { return this.cookie(name, '', { expires: new Date(1) }); };

response.send = function (body) {
  const { req } = this;
  let data = body;
  if (typeof body === 'string') { if (!this.get('Content-Type')) this.type('html'); }
  else if (body === null || body === undefined) data = '';
  else if (Buffer.isBuffer(body) || body instanceof Uint8Array) { if (!this.get('Content-Type')) this.type('bin'); }
  else return this.json(body);
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  this.setHeader('Content-Length', bytes.length);
  if (this.app.enabled('etag') && !this.get('ETag') && bytes.length) {
    const digest = crypto.createHash('sha1').update(bytes).digest('base64').slice(0, 27);
    this.set('ETag', `W/"${bytes.length.toString(16)}-${digest}"`);
  }
  if (req.headers['if-none-match'] && req.headers['if-none-match'] === this.get('ETag') && this.statusCode === 200) this.statusCode = 304;
  if (this.statusCode === 204 || this.statusCode === 304) {
    for (const name of ['Content-Type', 'Content-Length', 'Transfer-Encoding']) this.removeHeader(name);
    this.end();
  } else this.end(req.method === 'HEAD' ? undefined : bytes);
  return this;
};
response.json = function (value) {
  const text = JSON.stringify(value, this.app.get('json replacer'), this.app.get('json spaces'));
  if (!this.get('Content-Type')) this.set('Content-Type', 'application/json');
  return this.send(text ?? '');
};
response.jsonp = response.json;
response.sendStatus = function (code) {
  this.status(code).type('txt');
  return this.send(http.STATUS_CODES[code] ?? String(code));
};
response.redirect = function (status, url) {
  if (url === undefined) [status, url] = [302, status];
  this.location(url);
  const where = this.get('Location');
  const head = `${http.STATUS_CODES[status]}. Redirecting to `;
  this.status(status);
  if (this.req.accepts('html', 'text') === 'html' && this.req.headers.accept) this.type('html').send(`<p>${head}${escaped(where)}</p>`);
  else this.type('txt').send(head + where);
};
response.sendFile = function (file, options = {}, done = undefined) {
  if (typeof options === 'function') [options, done] = [{}, options];
  if (!options.root && !path.isAbsolute(file)) throw new TypeError('path must be absolute or specify root to res.sendFile');
  sendFile(this.req, this, path.join(options.root ?? '/', file), options, done ?? this.req.next ?? (() => {}));
  return this;
};
response.download = function (file, name, done) {
  if (typeof name === 'function') [name, done] = [undefined, name];
  return this.attachment(name ?? file).sendFile(path.resolve(file), {}, done);
};
response.format = function (table) {
  const key = this.req.accepts(Object.keys(table).filter((one) => one !== 'default'));
  if (key) { this.type(key); table[key](this.req, this); }
  else if (table.default) table.default(this.req, this);
  else this.status(406).send(http.STATUS_CODES[406]);
  return this;
};
response.render = function (name, values = {}, done = undefined) {
  const engine = this.app.get('view engine');
  const ending = path.extname(name) || (engine ? `.${engine}` : '');
  const render = this.app.engines[ending];
  const file = path.join(this.app.get('views'), path.extname(name) ? name : name + ending);
  const finish = done ?? ((error, text) => { if (error) this.req.next(error); else this.send(text); });
  if (!render) { finish(new Error(`Failed to lookup view "${name}": no engine for "${ending}"`)); return; }
  render(file, { ...this.app.locals, ...this.locals, ...values }, finish);
};

function failure(status, message, more) { return Object.assign(new Error(message), { status, statusCode: status, expose: status < 500, ...more }); }

function sendFile(req, res, file, options, next) {
  let found;
  try { found = fs.statSync(file); } catch (error) { next(Object.assign(error, { status: 404, statusCode: 404, expose: false })); return; }
  if (found.isDirectory()) { next(failure(404, 'Not Found', { code: 'EISDIR' })); return; }
  if (!res.get('Content-Type')) res.type(path.extname(file).slice(1));
  res.set('Accept-Ranges', 'bytes').set('Cache-Control', `public, max-age=${Math.floor((options.maxAge ?? 0) / 1000)}`);
  res.set('Last-Modified', found.mtime.toUTCString());
  const tag = `W/"${found.size.toString(16)}-${Math.floor(found.mtimeMs).toString(16)}"`;
  res.set('ETag', tag);
  if (req.headers['if-none-match'] === tag) { res.removeHeader('Content-Type'); res.statusCode = 304; res.end(); return; }
  const data = fs.readFileSync(file);
  res.setHeader('Content-Length', data.length);
  res.end(req.method === 'HEAD' ? undefined : data);
}

// -- applications

function createApplication() {
  const app = (req, res, next) => app.handle(req, res, next);
  Object.setPrototypeOf(app, createApplication.application);
  const settings = { 'x-powered-by': true, etag: 'weak', env: process.env.NODE_ENV || 'development', views: path.resolve('views'),
    'query parser': 'simple', 'subdomain offset': 2, 'trust proxy': false };
  Object.assign(app, { locals: Object.create(null), engines: {}, settings, mountpath: '/', _router: Router() });
  app.request = Object.create(request, { app: { value: app, configurable: true, writable: true } });
  app.response = Object.create(response, { app: { value: app, configurable: true, writable: true } });
  app.router = app._router;
  return app;
}

const application = createApplication.application = Object.create(Function.prototype);
application.handle = function (req, res, done) {
  Object.setPrototypeOf(req, this.request);
  Object.setPrototypeOf(res, this.response);
  req.res = res;
  res.req = req;
  res.locals ??= Object.create(null);
  req.originalUrl ??= req.url;
  req.next = done;
  if (this.enabled('x-powered-by')) res.setHeader('X-Powered-By', 'Express');
  const finish = done ?? ((error) => finished(this, req, res, error));
  req.next = finish;
  this._router.handle(req, res, finish);
};

function finished(app, req, res, error) {
  if (res.headersSent) { req.socket.destroy(); return; }
  let status = 404;
  let message = `Cannot ${req.method} ${encodeURI(req.originalUrl.replace(/\?.*$/, ''))}`;
  if (error) {
    status = error.status ?? error.statusCode ?? (res.statusCode >= 400 ? res.statusCode : 500);
    if (status < 400 || status > 599) status = 500;
    message = app.get('env') === 'production' ? http.STATUS_CODES[status] : String(error.stack ?? error);
    if (app.get('env') !== 'test' && status >= 500) console.error(error.stack ?? String(error));
  }
  for (const name of res.getHeaderNames()) if (name !== 'x-powered-by') res.removeHeader(name);
  const shown = escaped(message).replaceAll('\n', '<br>').replaceAll('  ', ' &nbsp;');
  const page = `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>${shown}</pre>\n</body>\n</html>\n`;
  res.statusCode = status;
  res.setHeader('Content-Security-Policy', "default-src 'none'");
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Content-Type', 'text/html; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(page));
  res.end(req.method === 'HEAD' ? undefined : page);
}

application.set = function (name, value) { this.settings[name] = value; return this; };
application.enable = function (name) { return this.set(name, true); };
application.disable = function (name) { return this.set(name, false); };
application.enabled = function (name) { return Boolean(this.settings[name]); };
application.disabled = function (name) { return !this.settings[name]; };
application.engine = function (ending, render) { this.engines[ending.startsWith('.') ? ending : `.${ending}`] = render; return this; };
application.use = function (where, ...handlers) {
  const mount = typeof where === 'string' ? where : '/';
  for (const one of flatten([where, ...handlers])) if (one && one.handle && one.settings) Object.assign(one, { mountpath: mount, parent: this });
  this._router.use(where, ...handlers);
  return this;
};
application.route = function (where) { return this._router.route(where); };
application.param = function (name, handler) { this._router.param(name, handler); return this; };
for (const method of METHODS) {
  application[method] = function (where, ...handlers) {
    if (method === 'get' && handlers.length === 0) return this.settings[where];
    this._router[method](where, ...handlers);
    return this;
  };
}
application.listen = function (...args) { return http.createServer(this).listen(...args); };

// -- middleware that comes with it

function reader(type, parse, options = {}) {
  const limit = typeof options.limit === 'number' ? options.limit : { kb: 1024, mb: 1048576 }[/[km]b$/i.exec(options.limit ?? '')?.[0].toLowerCase()]
    * Number.parseFloat(options.limit) || 102400;
  return function read(req, res, next) {
    if (req._body || !('content-length' in req.headers || 'transfer-encoding' in req.headers)) { next(); return; }
    const given = (req.headers['content-type'] ?? '').split(';')[0].trim();
    const wanted = options.type ?? type;
    if (!(typeof wanted === 'function' ? wanted(req) : [].concat(wanted).some((one) => one === '*/*' || given === one))) { next(); return; }
    const parts = [];
    let size = 0;
    req.on('data', (part) => { size += part.length; parts.push(part); });
    req.on('error', next);
    req.on('end', () => {
      req._body = true;
      if (size > limit) { next(failure(413, 'request entity too large', { type: 'entity.too.large', limit, length: size })); return; }
      try { req.body = parse(Buffer.concat(parts)); } catch (error) {
        next(Object.assign(error, { status: error.status ?? 400, statusCode: error.status ?? 400, expose: true, type: 'entity.parse.failed', body: Buffer.concat(parts).toString() }));
        return;
      }
      next();
    });
  };
}
function nested(text) {
  const found = {};
  for (const [key, value] of Object.entries(querystring.parse(text))) {
    const words = [/^[^[]*/.exec(key)[0], ...[...key.matchAll(/\[([^\]]*)\]/g)].map((one) => one[1])];
    let at = found;
    words.forEach((word, index) => {
      if (index === words.length - 1) {
        if (Array.isArray(at) && word === '') at.push(...[].concat(value));
        else at[word] = value;
      } else at = at[word] ??= words[index + 1] === '' ? [] : {};
    });
  }
  return found;
}

Object.assign(createApplication, {
  Router, request, response, Route: Router,
  json: (options) => reader('application/json', (data) => {
    const text = data.toString();
    const first = text.trim()[0];
    if (text === '') return {};
    if (options?.strict !== false && first !== '{' && first !== '[') {
      throw new SyntaxError(`Unexpected token '${first}', "${text}" is not valid JSON`);
    }
    return JSON.parse(text, options?.reviver);
  }, options),
  urlencoded: (options) => reader('application/x-www-form-urlencoded', (data) => (options?.extended ? nested(data.toString()) : { ...querystring.parse(data.toString()) }), options),
  text: (options) => reader('text/plain', (data) => data.toString(), options),
  raw: (options) => reader('application/octet-stream', (data) => data, options),
  static(root, options = {}) {
    if (!root) throw new TypeError('root path required');
    const base = path.resolve(root);
    return function serveStatic(req, res, next) {
      if (req.method !== 'GET' && req.method !== 'HEAD') { next(); return; }
      let file = path.join(base, decodeURIComponent(req.path));
      if (file !== base && !file.startsWith(`${base}/`)) { next(); return; }
      if (/\/\./.test(file.slice(base.length)) && options.dotfiles !== 'allow') { next(); return; }
      const found = fs.statSync(file, { throwIfNoEntry: false });
      if (found?.isDirectory()) {
        if (!req.path.endsWith('/')) {
          if (options.redirect === false) next();
          else res.redirect(301, `${req.baseUrl}${req.path}/`);
          return;
        }
        if (options.index === false) { next(); return; }
        file = path.join(file, options.index ?? 'index.html');
      }
      const ending = [].concat(options.extensions ?? []).map((one) => `${file}.${one}`);
      const served = [file, ...ending].find((one) => fs.statSync(one, { throwIfNoEntry: false })?.isFile());
      if (!served) { next(); return; }
      if (options.setHeaders) options.setHeaders(res, served, found);
      sendFile(req, res, served, options, next);
    };
  },
});
module.exports = createApplication;
