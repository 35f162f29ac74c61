/** A manifest of an app as text, and back, by the very schema that the API has: what it does not say has its default. */
import './jitless.ts';

import { parseDocument, stringify } from 'yaml';
import { differenceOf, type Line } from '../cli/resource/difference.ts';
import type { Schemas } from '../client/client.ts';
import { AppCreation } from '../protocol/app.ts';

const WRONG_MAX = 20;

export type ManifestRead =
  | { readonly kind: 'good'; readonly name: string; readonly spec: Schemas['AppSpec'] }
  | { readonly kind: 'wrong'; readonly wrong: readonly string[] };

export const EXAMPLE = `kind: app
metadata:
  name: web
spec:
  image: registry.example.net/web:1.0
  replicas: 1
`;

export function manifestText(name: string, spec: object): string {
  return stringify({ kind: 'app', metadata: { name }, spec });
}

export function readManifest(text: string): ManifestRead {
  const value = valueIn(text);
  if (value instanceof Error) return { kind: 'wrong', wrong: [value.message.split('\n')[0] ?? ''] };
  const kind = kindIn(value);
  if (kind !== 'app') return { kind: 'wrong', wrong: [`/kind: app, not ${String(kind)}`] };
  const parsed = AppCreation.safeParse(withoutKind(value));
  if (!parsed.success)
    return {
      kind: 'wrong',
      wrong: parsed.error.issues
        .slice(0, WRONG_MAX)
        .map(({ path, message }) => `/${path.join('/')}: ${message}`),
    };
  // As it is sent: JSON has no undefined.
  const spec: Schemas['AppSpec'] = JSON.parse(JSON.stringify(parsed.data.spec));
  return { kind: 'good', name: parsed.data.metadata.name, spec };
}

/** Line by line, as `isthmus diff` has it; all of it is new if there is nothing before. */
export function changesBetween(before: object | undefined, after: object): Line[] {
  const lines = (spec: object | undefined) =>
    spec === undefined ? [] : stringify(spec, { sortMapEntries: true }).trimEnd().split('\n');
  return differenceOf(lines(before), lines(after));
}

/** Aliases that lead nowhere, or to too much, are found only when the value is made. */
function valueIn(text: string): unknown {
  try {
    const document = parseDocument(text);
    return document.errors[0] ?? document.toJS();
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}

function kindIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : 'app';
}

function withoutKind(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => field !== 'kind'));
}
