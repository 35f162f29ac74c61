/** What somebody has to look at: every condition that is not as it should be, of things of any kind, judged once for console, command line and programs. */
import { z } from 'zod';
import { Condition, Timestamp } from './metadata.ts';

/** More are counted and not listed. */
export const MATTERS_MAX = 200;

export const MATTER_KINDS = [
  ...(['tenant', 'hub', 'site', 'edge', 'cluster', 'app', 'service', 'route', 'policy', 'pool'] as const),
] as const;
export const MatterKind = z.enum(MATTER_KINDS);
export type MatterKind = z.infer<typeof MatterKind>;

export const Matter = z
  .strictObject({
    kind: MatterKind,
    name: z.string().meta({ description: 'Of a service SITE/NAME' }),
    level: z.enum(['fault', 'decision', 'unknown', 'passing']).meta({
      description:
        'It does not work; it waits for what a person decides; nothing is known of it; or it is under way, and has been for less than two minutes',
    }),
    type: z.string().meta({ description: 'Of the condition' }),
    status: Condition.shape.status,
    reason: z.string(),
    message: z.string(),
    since: Timestamp,
    remedy: z.string().meta({ description: 'What to do; empty where the message says it, or it passes' }),
  })
  .meta({ id: 'Matter' });
export type Matter = z.infer<typeof Matter>;

export const Attention = z
  .strictObject({
    items: z
      .array(Matter)
      .meta({ description: `Faults first, then by age, the oldest first; ${MATTERS_MAX} at most` }),
    omitted: z.int().meta({ description: 'How many more there are' }),
  })
  .meta({ id: 'Attention' });
export type Attention = z.infer<typeof Attention>;
