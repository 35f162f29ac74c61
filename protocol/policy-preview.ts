/** What would change if a policy were as somebody wants it: who may speak to whom then and may not now, and the other way round. Nothing is written. */
import { z } from 'zod';
import { ExplainedWay, PolicyEndText } from './explanation.ts';
import { PolicySpec } from './policy.ts';

/** Pairs of named things that are told; more of them are counted. */
export const PREVIEWED_PAIRS_MAX = 200;

export const PolicyPreviewRequest = z
  .strictObject({
    spec: PolicySpec.optional().meta({ description: 'As it would be; absent: as if it were deleted' }),
  })
  .meta({ id: 'PolicyPreviewRequest' });
export type PolicyPreviewRequest = z.infer<typeof PolicyPreviewRequest>;

/** Two named things of the tenant, with the ways between them that change; without ports a way is of all. */
export const PreviewedPair = z
  .strictObject({
    from: PolicyEndText,
    to: PolicyEndText,
    ways: z.array(ExplainedWay.pick({ from: true, to: true, ports: true })),
  })
  .meta({ id: 'PreviewedPair' });
export type PreviewedPair = z.infer<typeof PreviewedPair>;

export const PolicyPreview = z
  .strictObject({
    change: z.enum(['created', 'replaced', 'deleted', 'none']),
    opened: z.array(PreviewedPair).max(PREVIEWED_PAIRS_MAX),
    cut: z.array(PreviewedPair).max(PREVIEWED_PAIRS_MAX),
    omitted: z.int().meta({ description: 'Pairs that were not looked at, because there are too many' }),
    notes: z.array(z.string()).meta({ description: 'What else decides, in sentences' }),
  })
  .meta({ id: 'PolicyPreview' });
export type PolicyPreview = z.infer<typeof PolicyPreview>;
