/**
 * What an audit entry tells of a change: each value that differs, before and after, without what may be a secret and within a bound, because entries
 * ride in the items that they are about.
 */
import { canonicalJson, type Json } from '../../protocol/canonical.ts';
import type { Difference } from '../../protocol/event.ts';

/** Of paths and values together, in characters. An item holds 64 entries at most, and 400 kB. */
const CHARACTERS_MAX = 1_000;
const VALUE_CHARACTERS_MAX = 120;
/** Deeper, a value is told as one. */
const DEPTH_MAX = 6;

const HIDDEN = '(hidden)';
/** Whatever lies under these names may be a secret: variables, contents of files, command lines. */
const SECRET =
  /^(environment|content|command|arguments|.*(secret|password|passwd|token|credential|private|apikey).*)$/i;

export interface Differences {
  readonly changes: readonly Difference[];
  /** How many more there are. */
  readonly omitted: number;
}

/** Undefined stands for what is not there: what comes or goes as a whole. */
export function differencesOf(before: Json | undefined, after: Json | undefined): Differences {
  const all = compare({ path: '', before, after }, { depth: 0, hidden: false });
  const changes: Difference[] = [];
  let characters = 0;
  for (const change of all) {
    characters += sizeOf(change);
    if (characters > CHARACTERS_MAX) break;
    changes.push(change);
  }
  return { changes, omitted: all.length - changes.length };
}

interface Pair {
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

interface At {
  readonly depth: number;
  readonly hidden: boolean;
}

function compare({ path, before, after }: Pair, { depth, hidden }: At): Difference[] {
  if (isSame(before, after)) return [];
  const [left, right] = [membersOf(before), membersOf(after)];
  const isOpen = left !== undefined || right !== undefined;
  const isOneKind = before === undefined || after === undefined || isList(before) === isList(after);
  const isComparable =
    isOneKind && (left !== undefined || before === undefined) && (right !== undefined || after === undefined);
  const names = [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])].sort();
  // Where both are empty they differ as wholes: one is not there, or is of the other kind.
  if (!isOpen || !isComparable || depth >= DEPTH_MAX || names.length === 0)
    return [differenceOf({ path, before, after }, hidden)];
  return names.flatMap((name) =>
    compare(
      {
        path: `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        before: own(left, name),
        after: own(right, name),
      },
      { depth: depth + 1, hidden: hidden || SECRET.test(name) },
    ),
  );
}

function differenceOf({ path, before, after }: Pair, hidden: boolean): Difference {
  const text = (value: Json) => (hidden ? HIDDEN : cut(textOf(value)));
  return {
    path,
    ...(before === undefined ? {} : { before: text(before) }),
    ...(after === undefined ? {} : { after: text(after) }),
  };
}

/** Values inside are looked through for secrets as well: what is told as one may hold them. */
function textOf(value: Json): string {
  return JSON.stringify(withoutSecrets(value));
}

function withoutSecrets(value: Json): Json {
  if (isList(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      member === undefined ? [] : [[name, SECRET.test(name) ? HIDDEN : withoutSecrets(member)]],
    ),
  );
}

type Members = Readonly<Record<string, Json | undefined>>;

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Of an object, or of a list of objects; plain lists are told as one value. */
function membersOf(value: Json | undefined): Members | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!isList(value)) return value;
  const isOfObjects =
    value.length > 0 && value.every((member) => typeof member === 'object' && member !== null);
  return isOfObjects ? Object.fromEntries(value.map((member, index) => [String(index), member])) : undefined;
}

function own(members: Members | undefined, name: string): Json | undefined {
  return members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
}

function isSame(before: Json | undefined, after: Json | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return canonicalJson(before) === canonicalJson(after);
}

function cut(text: string): string {
  return text.length <= VALUE_CHARACTERS_MAX ? text : `${text.slice(0, VALUE_CHARACTERS_MAX)}…`;
}

function sizeOf({ path, before = '', after = '' }: Difference): number {
  return path.length + before.length + after.length;
}
