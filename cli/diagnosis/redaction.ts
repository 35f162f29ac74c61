/**
 * Takes out of a value what may be a secret, before it leaves the person's machine: whatever lies under telling names, what has the form of a credential, and every value
 * hidden in one place wherever else it occurs. It would rather hide too much.
 */

export const HIDDEN = '(hidden)';

/** Values here are secrets of the user's, or may be: hidden, and looked for everywhere else. */
const SECRET = /^(environment|content|.*(secret|password|passwd|token|credential|private|apikey).*)$/i;
/** Words that may hold one: command lines, what containers printed, values of changes, what people wrote. */
const WORDS = /^(command|arguments|lastLines|before|after|description|install)$/i;
/** Shorter ones would hide every second word. */
const VALUE_LENGTH_MIN = 6;

const FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/\bis[kt]_[\w*-]+/g, HIDDEN],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/\b(AKIA|ASIA)[0-9A-Z]{16}\b/g, HIDDEN],
  [/\bgh[pousr]_\w{20,}/g, HIDDEN],
  [/\b(Bearer|Basic)\s+[!-~]+/gi, `$1 ${HIDDEN}`],
  [/(\w:\/\/)[^\s/@]+@/g, `$1${HIDDEN}@`],
  [/([?&][^=\s&]+=)[^&\s"']+/g, `$1${HIDDEN}`],
  [/\b((?:\w*(?:password|passwd|secret|token|apikey|api_key))\s*[=:]\s*)[^\s,;"']+/gi, `$1${HIDDEN}`],
];

/** The same value with its secrets hidden. It is one that JSON can hold. `names` are not hidden where they only happen to be the value of a variable. */
export function redacted(value: unknown, names: ReadonlySet<string> = new Set()): unknown {
  const values = new Set<string>();
  collect(value, false, values);
  const longest = [...values].filter((one) => !names.has(one)).sort((a, b) => b.length - a.length);
  return hide(value, false, (text) =>
    FORMS.reduce(
      (sofar, [form, instead]) => sofar.replaceAll(form, instead),
      longest.reduce((sofar, secret) => sofar.replaceAll(secret, HIDDEN), text),
    ),
  );
}

/** Values that will be hidden, and their lines: a file may be printed one by one. */
function collect(value: unknown, isSecret: boolean, found: Set<string>): void {
  if (typeof value === 'string') {
    if (!isSecret) return;
    for (const part of [value, ...value.split('\n').map((one) => one.trim())])
      if (part.length >= VALUE_LENGTH_MIN) found.add(part);
    return;
  }
  for (const [name, inner] of entriesOf(value)) collect(inner, isSecret || SECRET.test(name), found);
}

function hide(value: unknown, isSecret: boolean, scrub: (text: string) => string): unknown {
  if (typeof value === 'string') return isSecret && value !== '' ? HIDDEN : scrub(value);
  if (isSecret && typeof value === 'number') return HIDDEN;
  if (Array.isArray(value)) return value.map((inner) => hide(inner, isSecret, scrub));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    entriesOf(value).map(([name, inner]) => [
      scrub(name),
      hide(inner, isSecret || SECRET.test(name) || WORDS.test(name), scrub),
    ]),
  );
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
