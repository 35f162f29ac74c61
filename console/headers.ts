/** What every answer with a file of the console carries, wherever it is served from. It must allow nothing that the console does not need. */

/** Nothing but our own files; no inline script or style, no frame around us, no form to elsewhere. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
