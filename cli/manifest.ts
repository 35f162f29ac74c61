/**
 * `isthmus apply` and `delete`: one manifest is what a team has of a thing, as a whole; applied again it changes what differs. The control plane
 * checks the rest.
 */
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { z } from 'zod';
import { App } from '../protocol/app.ts';
import { type Cluster, ClusterSpec } from '../protocol/cluster.ts';
import type { Pool } from '../protocol/pool.ts';
import type { Api } from './api.ts';
import { clustersOf, type Unseen } from './apps.ts';
import { Fault } from './fault.ts';
import { nameOf } from './resource/format.ts';
import type { KindRow, Row } from './resource/kinds.ts';
import { inOrder, type ManifestRead, readManifests } from './resource/manifests.ts';
import { type ApplyOptions, currentOf, ownerOf, targetText } from './resources.ts';

type What = App | Pool | Cluster;

export interface Applied {
  readonly manifest: ManifestRead;
  readonly row: Row;
  readonly done: 'created' | 'changed' | 'unchanged';
}

/** `text`: YAML or JSON of one thing or of several, applied in the order in which they need each other. */
export async function apply(api: Api, text: string, options: ApplyOptions = {}): Promise<Applied[]> {
  const done: Applied[] = [];
  for (const manifest of inOrder(readManifests([{ file: 'The manifest', text }])))
    done.push(await applyOne(api, manifest, options));
  return done;
}

export async function applyOne(
  api: Api,
  manifest: ManifestRead,
  options: ApplyOptions = {},
): Promise<Applied> {
  const { kind, name, spec } = manifest;
  const { reset = false, takeOwnership = false } = options;
  const owned = ownerOf(manifest, options);
  const { collection, path, before } = await currentOf(api, manifest);
  if (before === undefined) {
    if (kind.manifest?.by === 'replace')
      throw new Fault(
        'missing',
        `There is no cluster ${name}. Its edge makes it: edge-agent cluster add kubernetes ${name} --kubeconfig FILE`,
      );
    return {
      manifest,
      row: await api.post(collection, kind.row, { metadata: { name, ...owned }, spec }),
      done: 'created',
    };
  }
  const wanted = kind.name === 'cluster' ? clusterSpec(manifest, before, reset) : spec;
  const { generation } = before.resource.metadata;
  const metadata =
    owned.owner === undefined ? {} : { metadata: { ...owned, ...(takeOwnership ? { takeOwnership } : {}) } };
  const row = await api.put(path, kind.row, { body: { ...metadata, spec: wanted }, generation });
  return { manifest, row, done: row.resource.metadata.generation === generation ? 'unchanged' : 'changed' };
}

/**
 * A cluster is made by its edge, with defaults that nobody wrote, so here a manifest may be the first that anybody writes of it. It is the whole
 * all the same; but who may use a cluster and what is recorded of them must not change because somebody wrote about backups.
 */
function clusterSpec({ place, name, spec }: ManifestRead, { resource }: Row, reset: boolean): object {
  const fields = z.looseObject({}).safeParse(spec);
  if (!fields.success)
    throw new Fault('usage', `${place}: This is no manifest of a cluster: spec is no object.`);
  const before = ClusterSpec.parse(resource.spec);
  const wanted = { site: before.site, ...fields.data };
  const lost = reset ? [] : unnamed(before, wanted);
  if (lost.length > 0)
    throw new Fault(
      'usage',
      `The manifest does not name ${lost.join(' and ')}, which ${name} has: that would go back to its default. Add it (isthmus clusters ${name} --manifest shows it), or say --reset.`,
    );
  return wanted;
}

/** Fields that are not as they are by themselves, and that `wanted` says nothing of. */
function unnamed(spec: ClusterSpec, wanted: object): string[] {
  const defaults = new Map<string, unknown>(Object.entries(ClusterSpec.parse({ site: spec.site })));
  return Object.entries(spec)
    .filter(([field, value]) => !(field in wanted) && !isDeepStrictEqual(value, defaults.get(field)))
    .map(([field]) => field);
}

/** What `apply` would leave as it is. */
export function manifestText(kind: string, { metadata: { name }, spec }: What): string {
  return stringify({ kind, metadata: { name }, spec }).trimEnd();
}

/** What is being deleted, and of an app in which clusters it is still; `unseen` has those that can't be told to let it go now. */
export function removedText(kind: KindRow, { resource }: Row, unseen: Unseen): string {
  const first = `${kind.name} ${nameOf(kind, resource)} is being deleted`;
  if (kind.name !== 'app') return first;
  const there = clustersOf(App.parse(resource).status).map((name) => {
    const why = unseen.get(name);
    return why === undefined
      ? `${name}: it goes within seconds, unless the edge no longer holds the cluster`
      : `${name}: it stays until the cluster is seen again (${why.reason})`;
  });
  return [first, ...there].join('\n  ');
}

/** What was done, as a line. */
export function appliedText({ manifest, row, done }: Applied): string {
  const release = z.object({ release: z.int() }).safeParse(row.resource.status).data;
  return `${targetText(manifest)} ${done}${release === undefined ? '' : `, release ${release.release}`}`;
}
