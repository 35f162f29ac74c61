/** What becomes of an app when it changes, when a release fails, and when its cluster falls silent. */
import { z } from 'zod';
import type { Statement } from './cluster.ts';
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

/** Of the shortest contract. */
export const LOST_AFTER_SECONDS_MIN = 10;

/** What is done about containers in a cluster that is not heard of. Silence is not death: nothing is assumed before `lostAfterSeconds`. */
export const DisconnectContract = z
  .strictObject({
    lostAfterSeconds: z.int().min(LOST_AFTER_SECONDS_MIN).max(604_800).default(300),
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
/** Type of the statement whether an app's access holds. */
export const ENFORCED = 'Enforced';

/** Whether an app is not up by this statement. That its access does not hold is another matter. */
export function saysNotUp({ type, status }: Pick<Statement, 'type' | 'status'>): boolean {
  return type !== ENFORCED && status !== 'True';
}

/** What every way of upgrading has. */
const PACE = {
  maxSurge: z.int().min(1).max(1_000).default(1).meta({
    description:
      'Containers beyond the replicas, at once, in each cluster, where old ones are replaced by new ones',
  }),
  deadlineSeconds: z.int().min(10).max(86_400).default(600).meta({
    description:
      'A release that a cluster does not have up so long after it was told has failed; each stage begins anew',
  }),
  rollback: z.boolean().default(true).meta({
    description: 'A failed release is taken back: the last one that was up everywhere runs again',
  }),
};

const HOLD_SECONDS_MAX = 604_800;
const STEPS_MAX = 20;

/** A share of the containers, and how long it is looked at. */
export const CanaryStep = z
  .strictObject({
    percent: z
      .int()
      .min(1)
      .max(99)
      .meta({ description: 'Containers of the new release beside the replicas of the old one, rounded up' }),
    holdSeconds: z.int().min(0).max(HOLD_SECONDS_MAX).optional().meta({
      description:
        'How long it must be up in one go before the next step; until somebody promotes it if absent',
    }),
  })
  .meta({ id: 'CanaryStep' });
export type CanaryStep = z.infer<typeof CanaryStep>;

/** How a new release takes the place of the last one, and when it counts as failed. */
export const Upgrade = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z
        .literal('rolling')
        .meta({ description: 'New containers first; an old one goes once a new one is ready' }),
      ...PACE,
    }),
    z.strictObject({
      kind: z.literal('blueGreen').meta({
        description:
          'All of the new release beside all of the old one; then one takes over from the other in one go',
      }),
      ...PACE,
      holdSeconds: z.int().min(0).max(HOLD_SECONDS_MAX).default(60).meta({
        description: 'How long the old release stays beside, so that a way back is a switch',
      }),
      autoPromotion: z.boolean().default(true).meta({
        description: 'false: the new release is up and not asked until somebody promotes it',
      }),
    }),
    z.strictObject({
      kind: z.literal('canary').meta({
        description: 'A growing share of the new release answers beside the old one, step by step',
      }),
      ...PACE,
      steps: z
        .array(CanaryStep)
        .min(1)
        .max(STEPS_MAX)
        .refine((steps) => steps.every(({ percent }, at) => percent > (steps[at - 1]?.percent ?? 0)), {
          error: 'Each step has a larger share than the one before it.',
        }),
    }),
  ])
  .meta({ id: 'Upgrade' });
export type Upgrade = z.infer<typeof Upgrade>;
