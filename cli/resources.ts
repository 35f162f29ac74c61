/** Reads, applies, compares and deletes things of any kind, over the API; what a kind is stands in `resource/kinds.ts`. */
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Address } from './address.ts';
import type { Api } from './api.ts';
import { readSites } from './estate.ts';
import { Fault } from './fault.ts';
import { differenceOf, differenceText } from './resource/difference.ts';
import { KINDS, type KindRow, kindNamed, type Row } from './resource/kinds.ts';
import type { ManifestRead } from './resource/manifests.ts';
import { collectionAddress, itemAddress } from './resource/places.ts';

export interface Target {
  readonly kind: KindRow;
  /** Of a service `SITE/NAME`. */
  readonly name: string;
  /** Instead of the profile's. */
  readonly tenant?: string | undefined;
}

export function readKindRow(word: string): KindRow {
  const kind = kindNamed(word);
  if (kind !== undefined) return kind;
  throw new Fault('usage', `There is no kind ${word}: say ${KINDS.map(({ name }) => name).join(', ')}.`);
}

/** All of a kind, of the tenant `of` if it is not the profile's; of services, at all sites. */
export async function readAll(api: Api, kind: KindRow, of?: string): Promise<Row[]> {
  if (kind.scope === 'deployment') return api.list(collectionAddress(kind, { tenant: '' }), kind.row);
  const tenant = of ?? (await api.tenant());
  if (kind.scope === 'tenant') return api.list(collectionAddress(kind, { tenant }), kind.row);
  const sites = await readSites(api, tenant);
  const found: Row[] = [];
  for (const { metadata } of sites)
    found.push(...(await api.list(collectionAddress(kind, { tenant, site: metadata.name }), kind.row)));
  return found;
}

/** The named one, or the sentence that says which there are. */
export async function readOne(api: Api, { kind, name }: Target): Promise<Row> {
  const found = await api.find(await addressOfTarget(api, { kind, name }), kind.row);
  if (found !== undefined) return found;
  const there = (await readAll(api, kind)).map(({ resource }) => resource.metadata.name);
  const which = there.length === 0 ? 'There are none' : `There are ${there.slice(0, 20).join(', ')}`;
  throw new Fault('missing', `There is no ${kind.name} ${name}. ${which}.`);
}

export async function removeOne(api: Api, target: Target): Promise<Row> {
  const path = await addressOfTarget(api, target);
  const row = await api.get(path, target.kind.row);
  await api.remove(path, row.resource.metadata.generation);
  return row;
}

async function addressOfTarget(api: Api, { kind, name, tenant: given }: Target) {
  const parts = name.split('/');
  if (parts.length !== (kind.scope === 'site' ? 2 : 1))
    throw new Fault(
      'usage',
      `${name} names no ${kind.name}: write ${kind.scope === 'site' ? 'SITE/NAME' : 'NAME'}.`,
    );
  const tenant = kind.scope === 'deployment' ? '' : (given ?? (await api.tenant()));
  return itemAddress(kind, { tenant, site: parts[0], name: parts.at(-1) ?? '' });
}

/** Where a manifest's thing lies, and what it is now. */
export async function currentOf(
  api: Api,
  { kind, name, tenant, site }: ManifestRead,
): Promise<{
  readonly collection: Address;
  readonly path: Address;
  readonly before: Row | undefined;
}> {
  const own = kind.scope === 'deployment' ? '' : (tenant ?? (await api.tenant()));
  const collection = collectionAddress(kind, { tenant: own, site });
  const path = itemAddress(kind, { tenant: own, site, name });
  return { collection, path, before: await api.find(path, kind.row) };
}

export interface ApplyOptions {
  /** What a cluster has and the manifest does not name goes back to its default, instead of being asked about. */
  readonly reset?: boolean;
  /** Whose manifests these are: what they name is kept by them from now on. */
  readonly owner?: string;
  /** Also what other manifests keep. */
  readonly takeOwnership?: boolean;
}

/** What an edge made is nobody's to take away because no file names it. */
export function ownerOf({ kind }: ManifestRead, { owner }: ApplyOptions): { readonly owner?: string } {
  return owner === undefined || kind.manifest?.by === 'replace' ? {} : { owner };
}

export interface Compared {
  readonly manifest: ManifestRead;
  readonly change: 'created' | 'changed' | 'unchanged';
  /** Lines with `-` and `+`, empty if nothing changes. */
  readonly text: string;
}

/** What `apply` would do; defaults are filled in, so that leaving them out is no difference. */
export async function compare(
  api: Api,
  manifest: ManifestRead,
  options: Pick<ApplyOptions, 'owner' | 'takeOwnership'> = {},
): Promise<Compared> {
  const { before } = await currentOf(api, manifest);
  const { owner } = ownerOf(manifest, options);
  const ownerBefore = before?.resource.metadata.owner;
  const isTaken = before !== undefined && owner !== undefined && owner !== ownerBefore;
  if (isTaken && ownerBefore !== undefined && options.takeOwnership !== true)
    throw new Fault(
      'conflict',
      `${targetText(manifest)} is kept by the manifests of ${ownerBefore}. Say --take-ownership to take it from them.`,
    );
  const wanted = stringify(wantedSpec(manifest, before), { sortMapEntries: true });
  const current = before === undefined ? '' : stringify(before.resource.spec, { sortMapEntries: true });
  const lines = (text: string) => (text === '' ? [] : text.trimEnd().split('\n'));
  const specText = differenceText(differenceOf(lines(current), lines(wanted)));
  const text = [...(isTaken ? ownerLines(ownerBefore, owner) : []), ...lines(specText)].join('\n');
  const change = before === undefined ? 'created' : text === '' ? 'unchanged' : 'changed';
  return { manifest, change, text };
}

function ownerLines(before: string | undefined, after: string): string[] {
  return [...(before === undefined ? [] : [`- metadata.owner: ${before}`]), `+ metadata.owner: ${after}`];
}

function wantedSpec({ place, kind, name, spec }: ManifestRead, before: Row | undefined): unknown {
  if (before === undefined && kind.manifest?.by === 'replace')
    throw new Fault('missing', `There is no ${kind.name} ${name}, and a manifest does not make one.`);
  // The site of a cluster is where it was attached.
  const known = kind.manifest?.by === 'replace' ? { site: before?.resource.spec['site'] } : {};
  const fields = z.looseObject({}).safeParse(spec);
  const parsed = kind.manifest?.spec.safeParse(fields.success ? { ...known, ...fields.data } : spec);
  if (parsed?.success === true) return parsed.data;
  const wrong = (parsed?.error.issues ?? []).map(
    ({ path, message }) => `  /spec/${path.join('/')}: ${message}`,
  );
  throw new Fault('usage', [`${place}: ${kind.name} ${name} is wrong.`, ...wrong].join('\n'));
}

/** As a heading over a difference, and as a line of `apply --dry-run`. */
export function targetText({ kind, name, site }: ManifestRead): string {
  return `${kind.name} ${site === undefined || kind.scope !== 'site' ? name : `${site}/${name}`}`;
}
