/** `isthmus apply` and `delete`: one manifest is what a team has of a thing; applied again it changes what differs. The control plane checks the rest. */
import { z } from 'zod';
import { App, AppCreation } from '../protocol/app.ts';
import { Pool } from '../protocol/pool.ts';
import type { Api } from './api.ts';
import { Fault } from './fault.ts';
import { parseYaml } from './yaml.ts';

/** What manifests can be of. */
const Kind = z.enum(['app', 'pool']);
export type ManifestKind = z.infer<typeof Kind>;

const SCHEMAS: Readonly<Record<ManifestKind, z.ZodType<App | Pool>>> = { app: App, pool: Pool };
const PLURALS: Readonly<Record<ManifestKind, string>> = { app: 'apps', pool: 'pools' };

const Manifest = z.looseObject({
  kind: Kind.default('app'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.unknown(),
});

export interface Applied {
  readonly kind: ManifestKind;
  readonly what: App | Pool;
  readonly done: 'created' | 'changed' | 'unchanged';
}

/** `text`: YAML or JSON with `metadata.name` and `spec`; of an app, if `kind` says nothing else. */
export async function apply(api: Api, text: string): Promise<Applied> {
  const { kind, metadata, spec } = readManifest(text);
  const { name } = metadata;
  const schema = SCHEMAS[kind];
  const path = await pathOf(api, kind, name);
  const before = await api.find(path, schema);
  if (before === undefined)
    return {
      kind,
      what: await api.post(await pathOf(api, kind), schema, { metadata: { name }, spec }),
      done: 'created',
    };
  const what = await api.put(path, schema, { body: { spec }, version: before.metadata.version });
  const isSame = what.metadata.generation === before.metadata.generation;
  return { kind, what, done: isSame ? 'unchanged' : 'changed' };
}

export async function remove(api: Api, kind: ManifestKind, name: string): Promise<void> {
  const path = await pathOf(api, kind, name);
  const schema = SCHEMAS[kind];
  const { metadata } = await api.get(path, schema);
  await api.remove(path, metadata.version);
}

export function readKind(text: string): ManifestKind {
  const parsed = Kind.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Fault(
    'usage',
    `There is nothing of the kind ${text} to delete here: ${Kind.options.join(' or ')}.`,
  );
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
  const fields = Object.keys(AppCreation.shape).join(' and ');
  throw new Fault(
    'usage',
    `This is no manifest: it has ${fields}, as YAML or JSON, and kind: ${Kind.options.join(' or ')}.`,
  );
}
