/** Which addresses are the console's: all but those that programs ask. Whoever serves it answers them with its page, and `/assets` with files. */

/** The API, its description, the installer and its downloads. */
export const PROGRAMS = /^\/(v1|install|healthz|openapi\.json|install\.sh)(\/|$)/;
export const ASSETS = /^\/assets\//;
