/** `-o`: one list of resources as a table, JSON, YAML, names, or what a JSONPath picks. */
import { stringify } from 'yaml';
import { Fault } from '../fault.ts';
import { tableOf } from '../table.ts';
import { renderTemplate } from './jsonpath.ts';
import type { KindRow, Resource, Row } from './kinds.ts';

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'name', 'jsonpath='] as const;

export interface Listing {
  readonly kind: KindRow;
  readonly rows: readonly Row[];
  /** One that was named, and not a list that happens to have one. */
  readonly isOne: boolean;
}

/** Without a line break at its end; empty if there is nothing to say. */
export function listingText({ kind, rows, isOne }: Listing, format: string, nowMs: number): string {
  if (format === 'table' || format === 'wide') {
    if (rows.length === 0) return '';
    const isWide = format === 'wide';
    return tableOf(
      [...kind.columns, ...(isWide ? kind.wideColumns : [])],
      rows.map((row) => [...row.cells(nowMs), ...(isWide ? row.wide() : [])]),
    );
  }
  if (format === 'name')
    return rows.map(({ resource }) => `${kind.name}/${nameOf(kind, resource)}`).join('\n');
  const shown = rows.map(({ resource }) => documentOf(kind, resource));
  // Documents one after the other: what is printed can be changed and applied.
  if (format === 'yaml')
    return shown
      .map((one) => stringify(one))
      .join('---\n')
      .trimEnd();
  return valueText(isOne ? shown[0] : { items: shown }, format);
}

/** Of a value that is no resource of a kind: JSON, YAML, or what a JSONPath picks. */
export function valueText(value: unknown, format: string): string {
  if (format === 'json') return JSON.stringify(value, undefined, 2);
  if (format === 'yaml') return stringify(value).trimEnd();
  if (format.startsWith('jsonpath=')) return renderTemplate(format.slice('jsonpath='.length), value);
  throw new Fault('usage', `There is no format ${format}: say ${FORMATS.join(', ')}TEMPLATE.`);
}

/** What `get NAME` takes: of a service with its site. */
export function nameOf({ scope }: KindRow, { metadata, status }: Resource): string {
  return scope === 'site' && status.site !== undefined ? `${status.site}/${metadata.name}` : metadata.name;
}

/** As a manifest has it, with what is known beside. */
export function documentOf({ name, scope }: KindRow, { metadata, spec, status }: Resource) {
  const site = scope === 'site' ? { site: status.site } : {};
  return { kind: name, metadata: { ...metadata, ...site }, spec, status };
}
