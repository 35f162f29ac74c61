/** What every answer with a file of the console carries, wherever it is served from. It must allow nothing that the console does not need. */

/** Where the page asks clusters: by their public names, which are two labels below the domain. A policy has one asterisk for both. */
export function clusterSources(domain: string | undefined): string[] {
  return domain === undefined ? [] : [`https://*.${domain}`, `wss://*.${domain}`];
}

/**
 * Nothing but our own files; no inline script or style, no frame around us, no form to elsewhere. `origins`: of the issuers, whose tokens the page itself
 * asks for, and of clusters.
 */
export function contentSecurityPolicy(origins: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    ['connect-src', "'self'", ...origins].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
