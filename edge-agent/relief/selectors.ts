/**
 * Label and field selectors as Kubernetes reads them. What is not understood to the letter gives undefined, and goes to the API
 * server, which also knows best how to refuse it.
 */

export interface LabelTerm {
  readonly key: string;
  readonly operator: 'in' | 'not_in' | 'exists' | 'absent' | 'above' | 'below';
  readonly values: readonly string[];
}

export interface FieldTerm {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

const KEY = /(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?/
  .source;
const VALUE = /(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?/.source;
const PRESENCE = new RegExp(`^(!?)\\s*(${KEY})$`);
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`);
const MEMBERSHIP = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\((\\s*${VALUE}\\s*(?:,\\s*${VALUE}\\s*)*)\\)$`);
const ORDER = new RegExp(`^(${KEY})\\s*([<>])\\s*(-?\\d{1,15})$`);
const FIELD = /^([A-Za-z][A-Za-z0-9.]*)(==|=|!=)([^\\=,!]*)$/;
const TERMS_MAX = 64;

/** Terms that must all hold; none for an empty selector. */
export function parseLabelSelector(text: string): readonly LabelTerm[] | undefined {
  const parts = splitTerms(text);
  const terms = parts.map(labelTerm);
  return parts.length <= TERMS_MAX && terms.every((term) => term !== undefined) ? terms : undefined;
}

export function matchesLabels(
  terms: readonly LabelTerm[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return terms.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (operator === 'absent') return value === undefined;
    if (operator === 'not_in') return value === undefined || !values.includes(value);
    if (value === undefined) return false;
    if (operator === 'exists') return true;
    if (operator === 'in') return values.includes(value);
    if (!/^[+-]?\d+$/.test(value)) return false;
    const bound = Number(values[0]);
    return operator === 'above' ? Number(value) > bound : Number(value) < bound;
  });
}

export function parseFieldSelector(text: string): readonly FieldTerm[] | undefined {
  if (text === '') return [];
  const parts = text.split(',').filter((part) => part !== '');
  const terms = parts.map((part) => {
    const [, field = '', operator = '', value = ''] = FIELD.exec(part) ?? [];
    return field === '' ? undefined : { field, isEqual: operator !== '!=', value };
  });
  return parts.length <= TERMS_MAX && terms.every((term) => term !== undefined) ? terms : undefined;
}

/** `fields` has every field that a term may name; one that an object lacks is empty. */
export function matchesFields(
  terms: readonly FieldTerm[],
  fields: Readonly<Record<string, string>>,
): boolean {
  return terms.every(({ field, isEqual, value }) => (fields[field] === value) === isEqual);
}

/** The one name that a field selector can match; empty if there is none such. */
export function selectedName(terms: readonly FieldTerm[]): string {
  return terms.find(({ field, isEqual }) => field === 'metadata.name' && isEqual)?.value ?? '';
}

function splitTerms(text: string): string[] {
  if (text.trim() === '') return [];
  const terms: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '(') depth++;
    else if (letter === ')') depth--;
    else if (letter === ',' && depth === 0) {
      terms.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  return [...terms, text.slice(begin)].map((term) => term.trim());
}

function labelTerm(text: string): LabelTerm | undefined {
  const presence = PRESENCE.exec(text);
  if (presence !== null)
    return { key: presence[2] ?? '', operator: presence[1] === '!' ? 'absent' : 'exists', values: [] };
  const equality = EQUALITY.exec(text);
  if (equality !== null)
    return {
      key: equality[1] ?? '',
      operator: equality[2] === '!=' ? 'not_in' : 'in',
      values: [equality[3] ?? ''],
    };
  const membership = MEMBERSHIP.exec(text);
  if (membership !== null)
    return {
      key: membership[1] ?? '',
      operator: membership[2] === 'in' ? 'in' : 'not_in',
      values: (membership[3] ?? '').split(',').map((value) => value.trim()),
    };
  const order = ORDER.exec(text);
  if (order === null) return undefined;
  return { key: order[1] ?? '', operator: order[2] === '>' ? 'above' : 'below', values: [order[3] ?? ''] };
}
