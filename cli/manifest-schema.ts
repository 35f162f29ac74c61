/** `isthmus schema`: the JSON Schema of what `isthmus apply` takes, by which editors check manifests while they are written. */
import { z } from 'zod';
import { ClusterSpec } from '../protocol/cluster.ts';
import { Name } from '../protocol/metadata.ts';
import { KINDS, type KindRow } from './resource/kinds.ts';

/** As a person writes it: what has a default may be absent. Rules between fields are the control plane's to check. */
export function manifestSchema(): Record<string, unknown> {
  return {
    title: 'A manifest of Isthmus',
    ...z.toJSONSchema(z.union(KINDS.flatMap(formOf)), {
      io: 'input',
      target: 'draft-07',
      unrepresentable: 'any',
    }),
  };
}

/** Of a kind that manifests can be of; an app needs not be named as one. */
function formOf({ name, scope, manifest }: KindRow): z.ZodType[] {
  if (manifest === undefined) return [];
  const kind = z.literal(name);
  const tenant = Name.optional();
  const metadata = {
    deployment: z.looseObject({ name: Name }),
    tenant: z.looseObject({ name: Name, tenant }),
    site: z.looseObject({ name: Name, tenant, site: Name }),
  }[scope];
  return [
    z.looseObject({
      kind: name === 'app' ? kind.optional() : kind,
      metadata,
      // Its site is where it was attached, and need not be said.
      spec: name === 'cluster' ? ClusterSpec.partial({ site: true }) : manifest.spec,
    }),
  ];
}
