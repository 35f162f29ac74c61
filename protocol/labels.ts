/** Labels of sites and clusters, which placements go by. */
import { z } from 'zod';

const LABELS_MAX = 64;

const Key = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,251}[A-Za-z0-9])?$/, {
  message: 'Use letters, digits and ._/- with a letter or digit at both ends, at most 253 characters.',
});

export const Labels = z
  .record(Key, z.string().max(253))
  .refine((labels) => Object.keys(labels).length <= LABELS_MAX, {
    error: `Give at most ${LABELS_MAX} labels.`,
  })
  .meta({ id: 'Labels' });
export type Labels = z.infer<typeof Labels>;
