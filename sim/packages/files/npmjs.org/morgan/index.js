// morgan: one line for each request. Source: github.com/expressjs/morgan
'use strict';
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (number) => String(number).padStart(2, '0');
const stamp = (date) => `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:`
  + `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;

const tokens = {
  method: (req) => req.method, url: (req) => req.originalUrl ?? req.url, status: (req, res) => (res.headersSent ? String(res.statusCode) : undefined),
  'response-time': (req, res, digits = 3) => (res._began ? (Number(process.hrtime.bigint() - res._began) / 1e6).toFixed(Number(digits)) : undefined),
  'total-time': (req, res, digits) => tokens['response-time'](req, res, digits),
  date: (req, res, form) => (form === 'iso' ? new Date().toISOString() : form === 'web' ? new Date().toUTCString() : stamp(new Date())),
  'remote-addr': (req) => req.ip ?? req.socket.remoteAddress, 'remote-user': () => undefined,
  'http-version': (req) => req.httpVersion, referrer: (req) => req.headers.referer, 'user-agent': (req) => req.headers['user-agent'],
  req: (req, res, name) => req.headers[name.toLowerCase()], res: (req, res, name) => res.getHeader(name),
};
const combined = ':remote-addr - :remote-user [:date[clf]] ":method :url HTTP/:http-version" :status :res[content-length] ":referrer" ":user-agent"';
const formats = {
  combined, common: combined.slice(0, combined.indexOf(' ":referrer"')), default: combined,
  short: ':remote-addr :remote-user :method :url HTTP/:http-version :status :res[content-length] - :response-time ms',
  tiny: ':method :url :status :res[content-length] - :response-time ms', dev: ':method :url :status :response-time ms - :res[content-length]',
};
const written = (format, req, res) => format.replace(/:([-\w]{2,})(?:\[([^\]]+)\])?/g, (_, name, argument) => tokens[name]?.(req, res, argument) ?? '-');

function colored(req, res) {
  const status = res.statusCode;
  const color = status >= 500 ? 31 : status >= 400 ? 33 : status >= 300 ? 36 : status >= 200 ? 32 : 0;
  return written(`\x1b[0m:method :url \x1b[${color}m:status\x1b[0m :response-time ms - :res[content-length]\x1b[0m`, req, res);
}

function morgan(format = 'combined', options = {}) {
  const line = typeof format === 'function' ? (req, res) => format(tokens, req, res)
    : format === 'dev' ? colored : (req, res) => written(formats[format] ?? format, req, res);
  const stream = options.stream ?? process.stdout;
  return function logger(req, res, next) {
    res._began = process.hrtime.bigint();
    const log = () => {
      if (options.skip?.(req, res)) return;
      const text = line(req, res);
      if (text !== undefined && text !== null) stream.write(`${text}\n`);
    };
    if (options.immediate) log();
    else res.once('finish', log);
    next();
  };
}
morgan.token = (name, work) => { tokens[name] = work; return morgan; };
morgan.format = (name, format) => { formats[name] = format; return morgan; };
module.exports = morgan;
