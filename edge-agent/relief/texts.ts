/**
 * Answers as the API server words them: lists, objects, events, and why there is none. Where rows are kept they are tables, with their ages as of
 * `nowMs` (since 1970). Nothing is decided here.
 */
import { type Dress, type Kept, withVersion } from './kept.ts';
import type { Page } from './pages.ts';
import type { TypeName } from './request-info.ts';
import type { Seen } from './selection.ts';
import { rowEventText, tableText } from './table-texts.ts';

export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

export interface ListHead {
  readonly version: number;
  readonly continue: string;
  /** Undefined: not told, as with selectors. */
  readonly remaining: number | undefined;
}

export interface Told {
  readonly objects: Page['objects'];
  readonly nowMs: number;
}

export function listText(dress: Dress, head: ListHead, told: Told): string {
  const metadata = JSON.stringify({
    resourceVersion: String(head.version),
    // Lists of custom resources always tell it.
    ...(head.continue === '' && (isTable(dress) || dress.prefix !== '') ? {} : { continue: head.continue }),
    ...(head.continue === '' || head.remaining === undefined ? {} : { remainingItemCount: head.remaining }),
  });
  if (isTable(dress)) return `${tableText(dress, metadata, told)}\n`;
  const opening = `{"kind":"${dress.kind}List","apiVersion":"${dress.apiVersion}","metadata":${metadata},"items":[`;
  return `${opening}${told.objects.map(({ text }) => text).join(',')}]}\n`;
}

/** The answer to a get. */
export function objectText(dress: Dress, object: Kept, nowMs: number): string {
  if (!isTable(dress)) return `${dressedText(dress, object)}\n`;
  const metadata = `{"resourceVersion":"${object.version}"}`;
  return `${tableText(dress, metadata, { objects: [object], nowMs })}\n`;
}

/** One line of a watch, its end included. The first that a watcher gets of a table must be given its columns. */
export function eventText(dress: Dress, seen: Seen, nowMs: number): string {
  if (isTable(dress)) return rowEventText(dress, seen, nowMs);
  const { type, object, version } = seen;
  const text = object.version === version ? object.text : withVersion(object, version);
  return `{"type":"${type}","object":${dressedText(dress, { text })}}\n`;
}

export function bookmarkText({ kind, apiVersion }: Dress, version: number, isInitialEnd: boolean): string {
  return `${JSON.stringify({
    type: 'BOOKMARK',
    object: {
      kind,
      apiVersion,
      metadata: {
        resourceVersion: String(version),
        creationTimestamp: null,
        ...(isInitialEnd ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}),
      },
    },
  })}\n`;
}

export function notFoundText({ group, resource }: TypeName, name: string): string {
  const type = group === '' ? resource : `${resource}.${group}`;
  return `${JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${type} "${name}" not found`,
    reason: 'NotFound',
    details: { name, ...(group === '' ? {} : { group }), kind: resource },
    code: 404,
  })}\n`;
}

/** The only line of a watch that asks for more than is remembered. */
export function expiredText(version: number, reachesTo: number): string {
  return `${JSON.stringify({
    type: 'ERROR',
    object: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `too old resource version: ${version} (${reachesTo})`,
      reason: 'Expired',
      code: 410,
    },
  })}\n`;
}

function isTable({ columns }: Dress): boolean {
  return columns !== '';
}

function dressedText({ prefix }: Dress, { text }: Pick<Kept, 'text'>): string {
  return `{${prefix}${text.slice(1)}`;
}
