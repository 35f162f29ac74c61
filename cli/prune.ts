/**
 * What an owner has and its files do not name any more. It is looked for in the tenants that the files name, in the profile's, and in those that the owner
 * made; what has another owner or none is never in it, and what an edge made neither.
 */
import { stringify } from 'yaml';
import type { Address } from './address.ts';
import type { Api } from './api.ts';
import { Fault } from './fault.ts';
import { nameOf } from './resource/format.ts';
import { KINDS, type KindRow, type Row } from './resource/kinds.ts';
import type { ManifestRead } from './resource/manifests.ts';
import { itemAddress } from './resource/places.ts';
import { readAll } from './resources.ts';

export interface LeftOver {
  readonly kind: KindRow;
  readonly row: Row;
  readonly address: Address;
}

export interface LeftOvers {
  /** In the order in which they can go. */
  readonly left: readonly LeftOver[];
  /** Kinds that the caller may not list. */
  readonly unseen: readonly string[];
}

const MADE = KINDS.filter(({ manifest }) => manifest?.by === 'create');

export async function findLeftOver(
  api: Api,
  owner: string,
  manifests: readonly ManifestRead[],
): Promise<LeftOvers> {
  const own = await api.tenant();
  const named = new Set(
    manifests.map((manifest) => itemAddress(manifest.kind, { tenant: own, ...known(manifest) }).path),
  );
  const found: LeftOver[] = [];
  const unseen = new Set<string>();
  const look = async (kind: KindRow, tenant: string): Promise<readonly LeftOver[]> => {
    const rows = await ownedBy(api, owner, { kind, tenant });
    if (rows === undefined) unseen.add(kind.name);
    const all = (rows ?? []).map((row) => ({
      kind,
      row,
      address: itemAddress(kind, { tenant, ...placeOf(row) }),
    }));
    found.push(...all.filter(({ address }) => !named.has(address.path)));
    return all;
  };
  const tenants = new Set([own, ...manifests.flatMap(({ tenant }) => tenant ?? [])]);
  for (const kind of MADE.filter(({ scope }) => scope === 'deployment'))
    for (const { row } of await look(kind, ''))
      if (kind.name === 'tenant') tenants.add(row.resource.metadata.name);
  for (const tenant of tenants)
    for (const kind of MADE.filter(({ scope }) => scope !== 'deployment')) await look(kind, tenant);
  return {
    left: found.sort((a, b) => b.kind.order - a.kind.order),
    // Who may not see things of the deployment has made none.
    unseen: [...unseen].filter((name) =>
      MADE.some((kind) => kind.name === name && kind.scope !== 'deployment'),
    ),
  };
}

/** Undefined if the caller may not list them. */
async function ownedBy(
  api: Api,
  owner: string,
  { kind, tenant }: { readonly kind: KindRow; readonly tenant: string },
): Promise<readonly Row[] | undefined> {
  try {
    const rows = await readAll(api, kind, tenant);
    return rows.filter(({ resource }) => resource.metadata.owner === owner);
  } catch (cause) {
    if (cause instanceof Fault && cause.kind === 'forbidden') return undefined;
    // The tenant is one that the files are still to make.
    if (cause instanceof Fault && cause.kind === 'missing') return [];
    throw cause;
  }
}

function known({ tenant, site, name }: ManifestRead) {
  return { ...(tenant === undefined ? {} : { tenant }), site, name };
}

function placeOf({ resource: { metadata, status } }: Row) {
  return { site: status.site, name: metadata.name };
}

export function leftOverText({ kind, row: { resource } }: LeftOver): string {
  return `${kind.name} ${nameOf(kind, resource)}`;
}

/** As a difference to nothing. */
export function goneText({ row: { resource } }: LeftOver): string {
  const lines = stringify(resource.spec, { sortMapEntries: true }).trimEnd().split('\n');
  return lines.map((line) => `- ${line}`).join('\n');
}
