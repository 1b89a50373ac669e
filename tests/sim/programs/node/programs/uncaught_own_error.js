class HttpError extends Error { constructor(s, m) { super(m); this.status = s; this.name = 'HttpError'; } }
throw new HttpError(404, 'Not Found');
