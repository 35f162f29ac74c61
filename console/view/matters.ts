/** What needs a person, as rows of the home page: the API's words, with the page where something can be done about each. */
import type { Matter } from '../../protocol/attention.ts';
import type { Screen } from './screens.ts';

/** Rows on the home page; the rest is counted. */
export const MATTERS_SHOWN = 12;

export interface Row {
  readonly matter: Matter;
  /** Undefined for what belongs to the deployment. */
  readonly tenant: string | undefined;
}

export interface Rows {
  readonly shown: readonly Row[];
  readonly more: number;
}

const ORDER: readonly Matter['level'][] = ['fault', 'decision', 'unknown'];

/** What passes by itself is left out. Faults first; of one level in the order of the answers. */
export function rowsOf(
  told: readonly {
    readonly tenant: string | undefined;
    readonly attention: { readonly items: readonly Matter[]; readonly omitted: number };
  }[],
): Rows {
  const rows = told
    .flatMap(({ tenant, attention }) => attention.items.map((matter) => ({ matter, tenant })))
    .filter(({ matter }) => matter.level !== 'passing')
    .sort((a, b) => ORDER.indexOf(a.matter.level) - ORDER.indexOf(b.matter.level));
  const omitted = told.reduce((sum, { attention }) => sum + attention.omitted, 0);
  const shown = rows.slice(0, MATTERS_SHOWN);
  return { shown, more: rows.length - shown.length + omitted };
}

/** Where it is shown; undefined if nowhere by itself. */
export function screenOf({ matter: { kind, name }, tenant }: Row): Screen | undefined {
  if (tenant === undefined) return undefined;
  switch (kind) {
    case 'edge':
      return { kind: 'page', tenant, page: 'edges', below: [name] };
    case 'cluster':
      return { kind: 'page', tenant, page: 'clusters', below: [name] };
    case 'site':
      return { kind: 'page', tenant, page: 'sites', below: [] };
    case 'app':
      return { kind: 'section', tenant, section: { kind: 'app', name } };
    case 'policy':
      return { kind: 'section', tenant, section: { kind: 'policy', name } };
    case 'service':
    case 'route':
      return { kind: 'section', tenant, section: { kind: 'services' } };
    case 'pool':
      return { kind: 'section', tenant, section: { kind: 'pools' } };
    case 'tenant':
      return { kind: 'tenant', tenant };
    case 'hub':
      return undefined;
  }
}
