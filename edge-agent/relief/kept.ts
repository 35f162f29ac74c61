/**
 * An object as it is kept: the text that the server wrote, and of its content what lists and watches are chosen by. Items of lists come
 * without kind and version, events with them: the text is kept bare, and what stands before it is the type's.
 */
import type { Ages } from './ages.ts';
import { elementsAt, membersAt, ScanError, textOf } from './scan.ts';

export interface Kept {
  /** `NAMESPACE/NAME`, or `NAME`: what the server orders lists by. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Fields that a selector may name. */
  readonly fields: Readonly<Record<string, string>>;
  /** As an item of a list: `{"metadata":...}`; in a table, its row. */
  readonly text: string;
  /** Where its resource version stands in the text, without quotes. */
  readonly versionAt: number;
  /** What it takes in memory, about. */
  readonly bytes: number;
  /** Ages that stand in the text. Objects have dates instead. */
  readonly ages: Ages;
}

/** Kind and version of a type, as its objects bear them; or the head of its table. */
export interface Dress {
  /** `"kind":"Pod","apiVersion":"v1",`; empty where items of lists bear them themselves, as custom resources do. */
  readonly prefix: string;
  readonly kind: string;
  readonly apiVersion: string;
  /** Definitions of a table's columns, as the server wrote them; empty where objects are kept. */
  readonly columns: string;
}

export interface ListPage {
  readonly version: number;
  readonly continue: string;
  readonly dress: Dress;
  readonly items: readonly Kept[];
}

export type WatchLine =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Kept }
  | { readonly type: 'BOOKMARK'; readonly version: number }
  | { readonly type: 'ERROR'; readonly code: number; readonly message: string };

/** Keys, labels, pointers: beside the text of each object. */
const OBJECT_BYTES = 480;

/** What a page of a list says. `copy` makes a text that does not hold on to the page. */
export function readListPage(page: string, resource: string, copy: (text: string) => string): ListPage {
  const members = new Map(membersAt(page, 0).map((member) => [member.key, member]));
  const string = (key: string) => {
    const member = members.get(key);
    return member === undefined ? '' : textOf(page, member.begin, member.end);
  };
  const metadata = fieldsAt(page, members.get('metadata')?.begin);
  const listKind = string('kind');
  const apiVersion = string('apiVersion');
  if (!listKind.endsWith('List')) throw new ScanError(`${listKind} is no list`);
  const kind = listKind.slice(0, -'List'.length);
  const items = members.get('items');
  const spans = items === undefined || page[items.begin] !== '[' ? [] : elementsAt(page, items.begin);
  const texts = spans.map(([begin, end]) => copy(page.slice(begin, end)));
  const isDressed = texts.some((text) => membersAt(text, 0).some(({ key }) => key === 'kind'));
  return {
    version: versionOf(metadata.get('resourceVersion') ?? ''),
    continue: metadata.get('continue') ?? '',
    dress: {
      prefix: isDressed ? '' : `"kind":"${kind}","apiVersion":"${apiVersion}",`,
      kind,
      apiVersion,
      columns: '',
    },
    items: texts.map((text) => keep(text, resource)),
  };
}

/** What a line of a watch says. */
export function readWatchLine(
  line: string,
  {
    resource,
    dress,
    copy,
  }: { readonly resource: string; readonly dress: Dress; readonly copy: (text: string) => string },
): WatchLine {
  const members = new Map(membersAt(line, 0).map((member) => [member.key, member]));
  const type = members.get('type');
  const object = members.get('object');
  if (type === undefined || object === undefined) throw new ScanError('no event');
  const what = textOf(line, type.begin, type.end);
  const text = line.slice(object.begin, object.end);
  switch (what) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: what, object: keep(copy(undressed(text, dress)), resource) };
    case 'BOOKMARK':
      return { type: what, version: versionOf(metadataOf(text).get('resourceVersion') ?? '') };
    case 'ERROR': {
      const status = fieldsAt(text, 0);
      return { type: what, code: Number(status.get('code') ?? 500), message: status.get('message') ?? '' };
    }
    default:
      throw new ScanError(`an event ${what}`);
  }
}

/** How objects of the type bear kind and version, from one event: an empty list can't tell. */
export function isSelfDressed(line: string): boolean {
  return line.includes('"object":{"apiVersion":');
}

/** The text with another resource version. */
export function withVersion({ text, version, versionAt }: Kept, other: number): string {
  return `${text.slice(0, versionAt)}${other}${text.slice(versionAt + String(version).length)}`;
}

/** Resource versions are counted here, so they must be numbers; a server whose are not is not relieved. */
export function versionOf(text: string): number {
  if (!/^[1-9]\d{0,14}$|^0$/.test(text)) throw new ScanError(`the resource version ${text} is no number`);
  return Number(text);
}

/** One object from its bare text. */
export function keep(text: string, resource: string): Kept {
  const members = membersAt(text, 0);
  const metadata = members.find(({ key }) => key === 'metadata');
  if (metadata === undefined) throw new ScanError('an object without metadata');
  const found = membersAt(text, metadata.begin);
  const string = (wanted: string) => {
    const member = found.find(({ key }) => key === wanted);
    return member === undefined ? '' : textOf(text, member.begin, member.end);
  };
  const labels = found.find(({ key }) => key === 'labels');
  const name = string('name');
  const namespace = string('namespace');
  const inside = (part: string, field: string) =>
    fieldsAt(text, members.find(({ key }) => key === part)?.begin).get(field) ?? '';
  return {
    key: namespace === '' ? name : `${namespace}/${name}`,
    namespace,
    name,
    version: versionOf(string('resourceVersion')),
    labels: labels === undefined ? {} : Object.fromEntries(fieldsAt(text, labels.begin)),
    fields: {
      'metadata.name': name,
      'metadata.namespace': namespace,
      ...(resource === 'pods'
        ? { 'spec.nodeName': inside('spec', 'nodeName'), 'status.phase': inside('status', 'phase') }
        : {}),
    },
    text,
    versionAt: (found.find(({ key }) => key === 'resourceVersion')?.begin ?? 0) + 1,
    bytes: text.length + OBJECT_BYTES,
    ages: [],
  };
}

function undressed(text: string, { prefix }: Dress): string {
  return prefix !== '' && text.startsWith(prefix, 1) ? `{${text.slice(1 + prefix.length)}` : text;
}

function metadataOf(text: string): ReadonlyMap<string, string> {
  return fieldsAt(text, membersAt(text, 0).find(({ key }) => key === 'metadata')?.begin);
}

/** Strings and numbers of an object, by key; none if there is no object. */
function fieldsAt(text: string, at: number | undefined): ReadonlyMap<string, string> {
  if (at === undefined || text[at] !== '{') return new Map();
  return new Map(
    membersAt(text, at)
      .filter(({ begin }) => text[begin] !== '{' && text[begin] !== '[')
      .map(({ key, begin, end }) => [
        key,
        text[begin] === '"' ? textOf(text, begin, end) : text.slice(begin, end),
      ]),
  );
}
