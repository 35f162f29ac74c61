/** The filters of the audit log: from the address of the page to the API's question and back. What is no filter is left out. */

export const AUDIT_FIELDS = ['actor', 'action', 'kind', 'name', 'result', 'since', 'until'] as const;
export type AuditField = (typeof AUDIT_FIELDS)[number];

export const ACTIONS = ['create', 'update', 'delete', 'enrol', 'refuse', 'report', 'issue'] as const;
export const RESULTS = ['done', 'refused'] as const;

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: (typeof ACTIONS)[number];
  readonly kind?: string;
  readonly name?: string;
  readonly result?: (typeof RESULTS)[number];
  readonly since?: string;
  readonly until?: string;
}

/** `of`: what a field holds; empty for one that is not set. Times are taken as the browser's field has them, in UTC. */
export function filterOf(of: (field: AuditField) => string): AuditFilter {
  const text = (field: AuditField) => of(field).trim();
  const action = ACTIONS.find((one) => one === text('action'));
  const result = RESULTS.find((one) => one === text('result'));
  const since = instantOf(text('since'));
  const until = instantOf(text('until'));
  return {
    ...(text('actor') !== '' && { actor: text('actor') }),
    ...(action !== undefined && { action }),
    ...(text('kind') !== '' && { kind: text('kind') }),
    ...(text('name') !== '' && { name: text('name') }),
    ...(result !== undefined && { result }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}

/** Begins with `?`; empty if nothing is filtered. */
export function searchOf(filter: AuditFilter): string {
  const search = Object.entries(filter).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return search.length === 0 ? '' : `?${search.join('&')}`;
}

const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z?)?$/;

function instantOf(text: string): string | undefined {
  if (!TIME.test(text)) return undefined;
  const [day = '', time = '00:00'] = text.replace('Z', '').split('T');
  return `${day}T${time.length === 5 ? `${time}:00` : time}Z`;
}
