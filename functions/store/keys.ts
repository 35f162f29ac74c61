/**
 * The key design of the single table, as pure functions: nothing else makes or reads `pk` and `sk`.
 * A part that could reach into another partition is refused here, whatever the callers have let through.
 *
 *   resources                      TENANT#KIND   NAME
 *   events                         TENANT#event  TIME#ID (read from the end)
 *   document, report, liveness     agent#ID      their word
 *   parts of a document            agent#ID      manifest#VERSION#HASH#PART
 *   parts of liveness              agent#ID      liveness#SET#PART
 *   what a cluster's edge told      TENANT#told   CLUSTER#PART
 *   ledger                         ledger        BLOCK
 *   host claims                    host          HOST
 *
 * Agent ids have a dot and kinds have none, so no agent's partition is also a tenant's.
 */

import type { Envelope, Version } from '../../protocol/document.ts';
import { RESOURCE_KINDS } from '../../protocol/role.ts';
import type { Change, ItemKey, Kind, TellingPart } from './port.ts';
import { StoreError } from './port.ts';

export interface TableKey {
  readonly pk: string;
  readonly sk: string;
}

/** DynamoDB takes sort keys of 1,024 bytes; names are ASCII and far shorter. */
const NAME_LENGTH_MAX = 512;

/** Tenants are names (DNS labels), or `*` for the deployment. */
const TENANT = /^(?:\*|[a-z0-9-]{1,64})$/;
/** Printable ASCII without the separator. */
const PRINTABLE = /^[\x21\x22\x24-\x7e]+$/;
const AGENT = /^(?:edge|hub)\.[a-z0-9.-]{1,128}$/;
const HASH = /^[0-9a-f]{64}$/;
/** No number is longer, so that text order is the order of versions. */
const VERSION_DIGITS = 16;
const PART_DIGITS = 4;

const KINDS: readonly Kind[] = RESOURCE_KINDS;

/** True if an item can have this tenant and name at all; a read of any other finds nothing. */
export function isPossible(key: ItemKey): boolean {
  return isTenant(key.tenant) && isName(key.name);
}

export function isTenant(tenant: string): boolean {
  return TENANT.test(tenant);
}

export function itemKey(key: ItemKey): TableKey {
  return { pk: partitionOf(key.kind, key.tenant), sk: nameOf(key.name) };
}

/** The partition of all resources of a kind in a tenant. */
export function partitionOf(kind: Kind | 'event', tenant: string): string {
  if (!isTenant(tenant)) throw refusal('tenant', tenant);
  return `${tenant}#${kind}`;
}

/** The resource of a key as a stream shows it; undefined for what is none. */
export function changeOf(key: TableKey): Change | undefined {
  const [tenant = '', kind = '', ...rest] = key.pk.split('#');
  if (rest.length > 0 || !isKind(kind)) return undefined;
  const found = { kind, tenant, name: key.sk };
  return isPossible(found) ? { key: found } : undefined;
}

export function agentKey(agent: string, part: 'document' | 'report' | 'liveness'): TableKey {
  if (!AGENT.test(agent)) throw refusal('agent id', agent);
  return { pk: `agent#${agent}`, sk: part };
}

/** What all parts of all manifests of an agent begin with, and what follows the parts of every version up to this one. */
export function manifestRange(upTo: Version): { readonly prefix: string; readonly end: string } {
  // The sign after the separator.
  return { prefix: 'manifest#', end: `manifest#${versionText(upTo)}$` };
}

/** What the sort keys of the parts of one manifest begin with. */
export function manifestPrefix({ manifestHash, ...version }: Version & ManifestHash): string {
  if (!HASH.test(manifestHash)) throw refusal('hash', manifestHash);
  return `manifest#${versionText(version)}#${manifestHash}#`;
}

export function manifestPartKey(agent: string, of: Version & ManifestHash, part: number): TableKey {
  return { pk: agentKey(agent, 'document').pk, sk: `${manifestPrefix(of)}${partText(part)}` };
}

/** Two sets, in turns: the parts of a round of liveness don't overwrite those of the one before, which may be read. */
export function livenessPartKey(agent: string, { round, index }: { round: number; index: number }): TableKey {
  return { pk: agentKey(agent, 'liveness').pk, sk: `liveness#${round % 2}#${partText(index)}` };
}

/** No kind is called `told`, so the stream shows no resource under it. */
export function toldKey({ tenant, name }: ItemKey<'cluster'>, part: TellingPart): TableKey {
  if (!isTenant(tenant)) throw refusal('tenant', tenant);
  return { pk: `${tenant}#told`, sk: `${nameOf(name)}#${part}` };
}

type ManifestHash = Pick<Envelope, 'manifestHash'>;

function versionText({ epoch, generation }: Version): string {
  return [epoch, generation].map((number) => String(number).padStart(VERSION_DIGITS, '0')).join('.');
}

function partText(part: number): string {
  return String(part).padStart(PART_DIGITS, '0');
}

export function ledgerKey(block: string): TableKey {
  return { pk: 'ledger', sk: nameOf(block) };
}

/** Host names are the same in either case. */
export function hostKey(host: string): TableKey {
  return { pk: 'host', sk: nameOf(host.toLowerCase()) };
}

/** `time` may have any precision; the key always has milliseconds, so that text order is time order. */
export function eventKey(event: {
  readonly tenant: string;
  readonly time: string;
  readonly id: string;
}): TableKey {
  return { pk: partitionOf('event', event.tenant), sk: `${timeText(event.time)}#${nameOf(event.id)}` };
}

/** Whose entry of the log a key as a stream shows it is; undefined for what is none. */
export function eventAt({ pk, sk }: TableKey): { readonly tenant: string } | undefined {
  const [tenant = '', kind = '', ...rest] = pk.split('#');
  return rest.length === 0 && kind === 'event' && isTenant(tenant) && sk !== '' ? { tenant } : undefined;
}

/** With milliseconds, whatever precision it came in. */
export function timeText(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw refusal('time', text);
  return time.toISOString();
}

function nameOf(name: string): string {
  if (!isName(name)) throw refusal('name', name);
  return name;
}

function isName(name: string): boolean {
  return name.length <= NAME_LENGTH_MAX && PRINTABLE.test(name);
}

function isKind(text: string): text is Kind {
  return KINDS.some((kind) => kind === text);
}

function refusal(what: string, value: string): StoreError {
  return new StoreError(
    'store.bad_key',
    `This ${what} can't be stored: ${JSON.stringify(value.slice(0, 80))}`,
  );
}
