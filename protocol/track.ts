/**
 * Tracks of an app in a cluster: `stable` is what runs, `next` stands beside it while a release is on its way by stages. Which of them is asked under the
 * app's name is told to both.
 */
import { z } from 'zod';
import { Timestamp } from './metadata.ts';

export const Track = z.enum(['stable', 'next']).meta({ id: 'Track' });
export type Track = z.infer<typeof Track>;

/** Stages of a release that comes beside the last one. `returning`: back to stable, which must be asked again before `next` goes. */
export const StageKind = z
  .enum(['canary', 'promoting', 'preparing', 'switching', 'holding', 'replacing', 'rejoining', 'returning'])
  .meta({ id: 'StageKind' });
export type StageKind = z.infer<typeof StageKind>;

/** What an edge is told of a stage. */
export const StageOrder = z
  .strictObject({
    name: z.string().max(64).meta({ description: 'Another one for each stage of each release' }),
    holdSeconds: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'The track is `held` once it was up so long in one go; never if absent' }),
    serving: z.array(Track).min(1).meta({ description: "Tracks that are asked under the app's name" }),
  })
  .meta({ id: 'StageOrder' });
export type StageOrder = z.infer<typeof StageOrder>;

/** How far a track of an app is in the stage that its cluster was told. Edges look at the clock, as for deadlines. */
export const StageTold = z
  .strictObject({ name: z.string().max(64), state: z.enum(['coming', 'up', 'held']) })
  .meta({ id: 'StageTold' });
export type StageTold = z.infer<typeof StageTold>;

/** The stage of an app's newest release, as people look at it. */
export const AppStage = z
  .strictObject({
    name: z.string().max(64),
    kind: StageKind,
    release: z.int().meta({ description: 'The release that is on its way in or out' }),
    step: z.int().optional().meta({ description: 'Of a canary, from 1' }),
    percent: z.int().optional(),
    since: Timestamp,
    waitsForPromotion: z.boolean().meta({ description: 'Nobody goes on before somebody promotes it' }),
    message: z.string().max(1_000).meta({ description: 'What it waits for' }),
  })
  .meta({ id: 'AppStage' });
export type AppStage = z.infer<typeof AppStage>;

const SUFFIX = '.next';

/** What a track's objects in a cluster are called. Names of apps have no dots, so it is nobody else's. */
export function trackName({
  app,
  track,
}: {
  readonly app: string;
  readonly track?: 'next' | undefined;
}): string {
  return track === undefined ? app : `${app}${SUFFIX}`;
}

/** The app that a track is of, by the name of its objects. */
export function appOfTrack(name: string): string {
  return name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : name;
}
