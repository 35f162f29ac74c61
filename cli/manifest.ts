/**
 * `isthmus apply` and `delete`: one manifest is what a team has of a thing, as a whole; applied again it changes what differs. The control plane
 * checks the rest.
 */
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { z } from 'zod';
import { App, AppCreation } from '../protocol/app.ts';
import { Cluster, ClusterSpec } from '../protocol/cluster.ts';
import { Pool } from '../protocol/pool.ts';
import type { Api } from './api.ts';
import { clustersOf, type Unseen } from './apps.ts';
import { Fault } from './fault.ts';
import { parseYaml } from './yaml.ts';

/** What manifests can be of. */
const Kind = z.enum(['app', 'pool', 'cluster']);
const KINDS = Kind.options.join(' or ');
export type ManifestKind = z.infer<typeof Kind>;

type What = App | Pool | Cluster;

const SCHEMAS: Readonly<Record<ManifestKind, z.ZodType<What>>> = { app: App, pool: Pool, cluster: Cluster };
const PLURALS: Readonly<Record<ManifestKind, string>> = { app: 'apps', pool: 'pools', cluster: 'clusters' };

const Manifest = z.looseObject({
  kind: Kind.default('app'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.unknown(),
});

export interface Applied {
  readonly kind: ManifestKind;
  readonly what: What;
  readonly done: 'created' | 'changed' | 'unchanged';
}

export interface ApplyOptions {
  /** What a cluster has and the manifest does not name goes back to its default, instead of being asked about. */
  readonly reset?: boolean;
}

/** `text`: YAML or JSON with `metadata.name` and `spec`; of an app, if `kind` says nothing else. */
export async function apply(api: Api, text: string, { reset = false }: ApplyOptions = {}): Promise<Applied> {
  const { kind, metadata, spec } = readManifest(text);
  const { name } = metadata;
  if (kind === 'cluster') return applyCluster(api, { name, spec, reset });
  const schema = SCHEMAS[kind];
  const path = await pathOf(api, kind, name);
  const before = await api.find(path, schema);
  if (before === undefined)
    return {
      kind,
      what: await api.post(await pathOf(api, kind), schema, { metadata: { name }, spec }),
      done: 'created',
    };
  const what = await api.put(path, schema, { body: { spec }, generation: before.metadata.generation });
  const isSame = what.metadata.generation === before.metadata.generation;
  return { kind, what, done: isSame ? 'unchanged' : 'changed' };
}

/**
 * A cluster is made by its edge, with defaults that nobody wrote, so here a manifest may be the first that anybody writes of it. It is the whole
 * all the same; but who may use a cluster and what is recorded of them must not change because somebody wrote about backups.
 */
async function applyCluster(
  api: Api,
  { name, spec, reset }: { readonly name: string; readonly spec: unknown; readonly reset: boolean },
): Promise<Applied> {
  const path = await pathOf(api, 'cluster', name);
  const before = await api.find(path, Cluster);
  if (before === undefined)
    throw new Fault(
      'missing',
      `There is no cluster ${name}. Its edge makes it: edge-agent cluster add kubernetes ${name} --kubeconfig FILE`,
    );
  const wanted = {
    site: before.spec.site,
    ...readFields(spec ?? {}),
  };
  const lost = reset ? [] : unnamed(before.spec, wanted);
  if (lost.length > 0)
    throw new Fault(
      'usage',
      `The manifest does not name ${lost.join(' and ')}, which ${name} has: that would go back to its default. Add it (isthmus clusters ${name} --manifest shows it), or say --reset.`,
    );
  const what = await api.put(path, Cluster, {
    body: { spec: wanted },
    generation: before.metadata.generation,
  });
  const isSame = what.metadata.generation === before.metadata.generation;
  return { kind: 'cluster', what, done: isSame ? 'unchanged' : 'changed' };
}

/** Fields that are not as they are by themselves, and that `wanted` says nothing of. */
function unnamed(spec: ClusterSpec, wanted: object): string[] {
  const defaults = new Map<string, unknown>(Object.entries(ClusterSpec.parse({ site: spec.site })));
  return Object.entries(spec)
    .filter(([field, value]) => !(field in wanted) && !isDeepStrictEqual(value, defaults.get(field)))
    .map(([field]) => field);
}

/** What `apply` would leave as it is. */
export function manifestText(kind: ManifestKind, { metadata: { name }, spec }: What): string {
  return stringify({ kind, metadata: { name }, spec }).trimEnd();
}

export async function remove(api: Api, kind: ManifestKind, name: string): Promise<What> {
  const path = await pathOf(api, kind, name);
  const schema = SCHEMAS[kind];
  const what = await api.get(path, schema);
  await api.remove(path, what.metadata.generation);
  return what;
}

/** What is being deleted, and of an app in which clusters it is still; `unseen` has those that can't be told to let it go now. */
export function removedText(kind: ManifestKind, { metadata, spec, status }: What, unseen: Unseen): string {
  const first = `${kind} ${metadata.name} is being deleted`;
  if (!('placement' in spec)) return first;
  const there = ('placed' in status ? clustersOf(status) : []).map((name) => {
    const why = unseen.get(name);
    return why === undefined
      ? `${name}: it goes within seconds, unless the edge no longer holds the cluster`
      : `${name}: it stays until the cluster is seen again (${why.reason})`;
  });
  return [first, ...there].join('\n  ');
}

export function readKind(text: string): ManifestKind {
  const parsed = Kind.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Fault('usage', `There is nothing of the kind ${text} to delete here: ${KINDS}.`);
}

/** What was done, as a line. */
export function appliedText({ kind, what, done }: Applied): string {
  const release = 'release' in what.status ? `, release ${what.status.release}` : '';
  return `${kind} ${what.metadata.name} ${done}${release}`;
}

async function pathOf(api: Api, kind: ManifestKind, name?: string): Promise<string> {
  const all = `/v1/tenants/${await api.tenant()}/${PLURALS[kind]}`;
  return name === undefined ? all : `${all}/${encodeURIComponent(name)}`;
}

function readManifest(text: string): z.infer<typeof Manifest> {
  const parsed = Manifest.safeParse(parseYaml(text));
  if (parsed.success) return parsed.data;
  throw noManifest(parsed.error.issues[0]);
}

function readFields(spec: unknown): object {
  const parsed = z.looseObject({}).safeParse(spec);
  if (parsed.success) return parsed.data;
  throw noManifest();
}

function noManifest(issue?: Pick<z.core.$ZodIssue, 'path' | 'message'>): Fault {
  const place = issue?.path.join('.') ?? '';
  const where = issue === undefined || place === '' ? '' : ` Of ${place}: ${issue.message}.`;
  const fields = Object.keys(AppCreation.shape).join(' and ');
  return new Fault(
    'usage',
    `This is no manifest: it has ${fields}, as YAML or JSON, and kind: ${KINDS}.${where}`,
  );
}
