/** Which form of an answer a client wants, from its Accept header. Objects in JSON and tables can be made here; protobuf and the like are the server's. */

/** `shared`: a form that the server makes; `upstream`: not even worth sharing. */
export type Form = 'json' | 'table' | 'shared' | 'upstream';

interface Clause {
  readonly type: string;
  readonly as: string;
  readonly version: string;
  readonly group: string;
  readonly quality: number;
}

const CLAUSES_MAX = 16;

export function formOf(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === '') return 'json';
  const clauses = accept.split(',').map(parseClause);
  if (clauses.length > CLAUSES_MAX) return 'upstream';
  const [first] = [...clauses].sort((one, other) => other.quality - one.quality);
  if (first === undefined) return 'upstream';
  if (first.as !== '') return isTable(first) ? 'table' : 'shared';
  // Whoever prefers protobuf and takes JSON gets JSON: it is what is kept.
  const whole = clauses.filter(({ as, quality }) => as === '' && quality > 0);
  if (isJson(first.type)) return 'json';
  if (first.type !== 'application/vnd.kubernetes.protobuf') return 'upstream';
  return whole.some(({ type }) => type === 'application/json') ? 'json' : 'shared';
}

function isJson(type: string): boolean {
  return type === 'application/json' || type === '*/*' || type === 'application/*';
}

function isTable({ type, as, version, group }: Clause): boolean {
  return type === 'application/json' && as === 'Table' && version === 'v1' && group === 'meta.k8s.io';
}

function parseClause(text: string): Clause {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const value = (name: string) =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  const quality = Number(value('q') ?? 1);
  return {
    type,
    as: value('as') ?? '',
    version: value('v') ?? '',
    group: value('g') ?? '',
    quality: Number.isFinite(quality) ? quality : 0,
  };
}
