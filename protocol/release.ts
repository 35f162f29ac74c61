/** Releases of an app that are known: the newest, and earlier ones that one can go back to. */
import { z } from 'zod';
import { AppTemplate } from './app.ts';
import { Timestamp } from './metadata.ts';

export const AppRelease = z
  .strictObject({
    release: z.int(),
    state: z.enum(['newest', 'past', 'failed']).meta({
      description: 'failed: the newest, and it was taken back',
    }),
    isRunning: z.boolean().meta({ description: 'Clusters are told to run it, alone or as the stable one' }),
    until: Timestamp.optional().meta({ description: 'When a newer one took its place' }),
    template: AppTemplate,
  })
  .meta({ id: 'AppRelease' });
export type AppRelease = z.infer<typeof AppRelease>;

export const AppReleaseList = z
  .strictObject({ items: z.array(AppRelease).meta({ description: 'The newest first' }) })
  .meta({ id: 'AppReleaseList' });
export type AppReleaseList = z.infer<typeof AppReleaseList>;
