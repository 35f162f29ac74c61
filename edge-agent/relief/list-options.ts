/**
 * The query of a list, a watch or a get, read as the API server reads it. Undefined stands for "let the server judge it": whatever is
 * repeated, malformed, unknown or against the rules is refused in the server's own words.
 */
import { type FieldTerm, type LabelTerm, parseFieldSelector, parseLabelSelector } from './selectors.ts';

export interface ListOptions {
  readonly isWatch: boolean;
  /** Empty: the most recent. */
  readonly version: string;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  /** 0: none. */
  readonly limit: number;
  readonly continue: string;
  readonly wantsBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** 0: none. */
  readonly timeoutSeconds: number;
  /** What a table's rows hold of their objects; empty: the metadata. */
  readonly includeObject: string;
  readonly labels: readonly LabelTerm[];
  readonly fields: readonly FieldTerm[];
}

const KNOWN = new Set([
  'watch',
  'resourceVersion',
  'resourceVersionMatch',
  'limit',
  'continue',
  'allowWatchBookmarks',
  'sendInitialEvents',
  'timeoutSeconds',
  'timeout',
  'labelSelector',
  'fieldSelector',
  'includeObject',
]);
const NUMBER = /^\d{1,15}$/;

export function parseListOptions(query: string): ListOptions | undefined {
  const read = parseQuery(query);
  if (read === undefined || [...read.keys()].some((name) => !KNOWN.has(name))) return undefined;
  const text = (name: string) => read.get(name) ?? '';
  const labels = parseLabelSelector(text('labelSelector'));
  const fields = parseFieldSelector(text('fieldSelector'));
  const match = matchOf(text('resourceVersionMatch'));
  const numbers = ['resourceVersion', 'limit', 'timeoutSeconds'].map(text);
  if (labels === undefined || fields === undefined || match === undefined) return undefined;
  if (numbers.some((value) => value !== '' && !NUMBER.test(value))) return undefined;
  const options: ListOptions = {
    isWatch: flag(read.get('watch')) ?? false,
    version: text('resourceVersion'),
    match,
    limit: Number(text('limit')),
    continue: text('continue'),
    wantsBookmarks: flag(read.get('allowWatchBookmarks')) ?? false,
    sendInitialEvents: flag(read.get('sendInitialEvents')),
    timeoutSeconds: Number(text('timeoutSeconds')),
    includeObject: text('includeObject'),
    labels,
    fields,
  };
  return isAllowed(options) ? options : undefined;
}

/** Names and values; undefined if one is repeated or not well encoded. */
export function parseQuery(query: string): ReadonlyMap<string, string> | undefined {
  const read = new Map<string, string>();
  try {
    for (const pair of query.split('&')) {
      if (pair === '') continue;
      const [name = '', ...rest] = pair.split('=');
      const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
      if (read.has(decode(name))) return undefined;
      read.set(decode(name), decode(rest.join('=')));
    }
  } catch {
    return undefined;
  }
  return read;
}

/** A query string without a parameter counts as true, as the API server has it. */
function flag(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : !['false', '0'].includes(value.toLowerCase());
}

function matchOf(text: string): ListOptions['match'] | undefined {
  return text === '' || text === 'Exact' || text === 'NotOlderThan' ? text : undefined;
}

/** The rules of the API server that concern one parameter in the light of another. */
function isAllowed(options: ListOptions): boolean {
  const { isWatch, version, match, sendInitialEvents } = options;
  if (options.continue !== '' && (version !== '' || match !== '' || isWatch)) return false;
  if (isWatch) return (sendInitialEvents === undefined) === (match === '') && match !== 'Exact';
  if (sendInitialEvents !== undefined) return false;
  return match === '' || (version !== '' && !(match === 'Exact' && version === '0'));
}
