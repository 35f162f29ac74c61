/** What becomes of an app when it changes, when a release fails, and when its cluster falls silent. */
import { z } from 'zod';
import { Port } from './service.ts';

const PATH_MAX = 4_096;

/** How running containers learn that a file changed. `restart`: as `onChange` says. */
export const Reload = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('restart') }),
    z.strictObject({ kind: z.literal('signal'), signal: z.enum(['HUP', 'USR1', 'USR2', 'INT', 'WINCH']) }),
    z.strictObject({
      kind: z.literal('http'),
      port: Port,
      path: z.string().regex(/^\//).max(PATH_MAX),
      method: z.enum(['GET', 'POST', 'PUT']).default('POST'),
    }),
  ])
  .meta({ id: 'Reload' });
export type Reload = z.infer<typeof Reload>;

/** What is done about containers in a cluster that is not heard of. Silence is not death: nothing is assumed before `lostAfterSeconds`. */
export const DisconnectContract = z
  .strictObject({
    lostAfterSeconds: z.int().min(10).max(604_800).default(300),
    replace: z
      .boolean()
      .default(false)
      .meta({ description: 'Make containers elsewhere once they count as lost' }),
    reconcile: z.enum(['keep_oldest', 'keep_newest']).default('keep_newest').meta({
      description: 'Which stay when both are back',
    }),
  })
  .meta({ id: 'DisconnectContract' });
export type DisconnectContract = z.infer<typeof DisconnectContract>;

/** Reason of a statement about a release that a cluster did not have up in time. */
export const DEADLINE_EXCEEDED = 'DeadlineExceeded';

/** How a new release takes the place of the last one, and when it counts as failed. */
export const Upgrade = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z
        .literal('rolling')
        .meta({ description: 'New containers first; an old one goes once a new one is ready' }),
      maxSurge: z
        .int()
        .min(1)
        .max(1_000)
        .default(1)
        .meta({ description: 'Containers beyond the replicas, at once, in each cluster' }),
      deadlineSeconds: z.int().min(10).max(86_400).default(600).meta({
        description: 'A release that a cluster does not have up so long after it was told has failed',
      }),
      rollback: z.boolean().default(true).meta({
        description: 'A failed release is taken back: the last one that was up everywhere runs again',
      }),
    }),
  ])
  .meta({ id: 'Upgrade' });
export type Upgrade = z.infer<typeof Upgrade>;
