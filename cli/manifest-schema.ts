/** `isthmus schema`: the JSON Schema of what `isthmus apply` takes, by which editors check manifests while they are written. */
import { z } from 'zod';
import { AppSpec } from '../protocol/app.ts';
import { Name } from '../protocol/metadata.ts';
import { PoolSpec } from '../protocol/pool.ts';

const metadata = z.looseObject({ name: Name });

const ManifestForm = z.union([
  z.looseObject({ kind: z.literal('app').optional(), metadata, spec: AppSpec }),
  z.looseObject({ kind: z.literal('pool'), metadata, spec: PoolSpec }),
]);

/** As a person writes it: what has a default may be absent. Rules between fields are the control plane's to check. */
export function manifestSchema(): Record<string, unknown> {
  return {
    title: 'A manifest of Isthmus',
    ...z.toJSONSchema(ManifestForm, { io: 'input', target: 'draft-07', unrepresentable: 'any' }),
  };
}
