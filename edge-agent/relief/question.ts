/** One request, read: what it is about and in which form it wants its answer. What can't be answered from memory is told apart here. */
import { type Form, formOf } from './accept.ts';
import { type ListOptions, parseListOptions, parseQuery } from './list-options.ts';
import { type RequestInfo, requestInfoOf } from './request-info.ts';
import { hasTable } from './rows.ts';
import { canSelect, type Selection, selectionOf } from './selection.ts';
import { selectedName } from './selectors.ts';

export interface Question {
  readonly info: RequestInfo;
  readonly options: ListOptions;
  readonly selection: Selection;
  readonly form: Exclude<Form, 'upstream'>;
}

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly accept: string | undefined;
  readonly program: string;
}

const EVERYTHING: Selection = { namespace: '', labels: [], fields: [] };
/** For these the server indents what it writes. */
const PEOPLE = /^(curl|Wget|Mozilla\/5\.0)/;

/** Undefined: the API server alone can answer. */
export function questionOf({ method, path, query, accept, program }: RawRequest): Question | undefined {
  if (method !== 'GET' || PEOPLE.test(program)) return undefined;
  const options = parseListOptions(query);
  const wanted = formOf(accept);
  if (options === undefined || wanted === 'upstream') return undefined;
  const info = requestInfoOf(method, path, {
    isWatch: options.isWatch,
    selectedName: selectedName(options.fields),
  });
  if (info === undefined || info.verb === 'other' || info.subresource !== '') return undefined;
  if (isSecret(info) || (info.verb === 'get' && !isPlainGet(query))) return undefined;
  const selection = selectionOf(info, options);
  const isChosenHere = canSelect(selection, info.resource, info.group);
  const form = wanted === 'table' && !(isChosenHere && isTableOfOurs(info, options)) ? 'shared' : wanted;
  if (form !== 'shared') return isChosenHere ? { info, options, selection, form } : undefined;
  return options.isWatch ? undefined : { info, options, selection: EVERYTHING, form };
}

/** What is told of any request: verb, type, and what could be asked more cheaply. */
export function askedOf(raw: Omit<RawRequest, 'accept' | 'program'>): {
  readonly verb: string;
  readonly resource: string;
  readonly isFresh: boolean;
  readonly hasLimit: boolean;
} {
  const query = parseQuery(raw.query) ?? new Map<string, string>();
  const watch = query.get('watch') ?? 'false';
  const info = requestInfoOf(raw.method, raw.path, {
    isWatch: watch !== 'false' && watch !== '0',
    selectedName: '',
  });
  const type =
    info === undefined ? undefined : info.group === '' ? info.resource : `${info.resource}.${info.group}`;
  const resource =
    type === undefined ? raw.path.split('/').slice(0, 3).join('/') : `${type}${subresourceText(info)}`;
  return {
    verb: info === undefined || info.verb === 'other' ? raw.method.toLowerCase() : info.verb,
    resource,
    isFresh: (query.get('resourceVersion') ?? '') === '',
    hasLimit: query.has('limit') || query.has('continue'),
  };
}

function subresourceText(info: RequestInfo | undefined): string {
  return info === undefined || info.subresource === '' ? '' : `/${info.subresource}`;
}

/** A bookmark in a table has a row of nothing, which only the server can make. */
function isTableOfOurs(info: RequestInfo, { includeObject, isWatch, wantsBookmarks }: ListOptions): boolean {
  return (
    hasTable(info) && (includeObject === '' || includeObject === 'Metadata') && !(isWatch && wantsBookmarks)
  );
}

/** They are never held here, whatever the edge itself may read: each is asked for as whoever wants it. */
function isSecret({ group, resource }: RequestInfo): boolean {
  return group === '' && resource === 'secrets';
}

/** A get takes a version and nothing else that is known here. */
function isPlainGet(query: string): boolean {
  const names = [...(parseQuery(query)?.keys() ?? [])];
  return names.every((name) => name === 'resourceVersion' || name === 'includeObject');
}
