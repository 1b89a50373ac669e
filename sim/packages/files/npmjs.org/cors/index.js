// cors, as middleware. Source: github.com/expressjs/cors
'use strict';
function allowed(origin, given) {
  if (origin === true) return given ?? '*';
  if (Array.isArray(origin)) return origin.some((one) => allowed(one, given) === given) ? given : undefined;
  if (origin instanceof RegExp) return origin.test(given ?? '') ? given : undefined;
  return origin;
}
module.exports = (options = {}) => function cors(req, res, next) {
  const answer = (error, origin) => {
    if (error) { next(error); return; }
    const value = allowed(origin, req.headers.origin);
    if (value) res.setHeader('Access-Control-Allow-Origin', value);
    if (value && value !== '*') res.setHeader('Vary', 'Origin');
    if (options.credentials) res.setHeader('Access-Control-Allow-Credentials', 'true');
    if (options.exposedHeaders) res.setHeader('Access-Control-Expose-Headers', [].concat(options.exposedHeaders).join(','));
    if (req.method !== 'OPTIONS') { next(); return; }
    res.setHeader('Access-Control-Allow-Methods', [].concat(options.methods ?? 'GET,HEAD,PUT,PATCH,POST,DELETE').join(','));
    const headers = options.allowedHeaders ?? req.headers['access-control-request-headers'];
    if (headers) res.setHeader('Access-Control-Allow-Headers', [].concat(headers).join(','));
    if (options.maxAge !== undefined) res.setHeader('Access-Control-Max-Age', String(options.maxAge));
    res.statusCode = options.optionsSuccessStatus ?? 204;
    res.setHeader('Content-Length', '0');
    res.end();
  };
  if (typeof options.origin === 'function') options.origin(req.headers.origin, answer);
  else answer(null, options.origin ?? '*');
};
