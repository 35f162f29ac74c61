/** How many containers of an app there are to be between bounds, and by what that is judged. */
import { z } from 'zod';
import { Timestamp } from './metadata.ts';

/** As HorizontalPodAutoscaler has it: a tenth more or less is no reason to do anything, and need not be told. */
export const SCALING_TOLERANCE = 0.1;

const REPLICAS_MAX = 10_000;
const WINDOWS_MAX = 32;

export const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']).meta({ id: 'Weekday' });
export type Weekday = z.infer<typeof Weekday>;

const TimeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { message: 'Give a time of day such as 08:30.' });

/** A part of every week in which there are at least so many. */
export const ScalingWindow = z
  .strictObject({
    days: z
      .array(Weekday)
      .min(1)
      .max(7)
      .default([...Weekday.options])
      .meta({ description: 'On which it begins' }),
    from: TimeOfDay,
    to: TimeOfDay.meta({
      description: 'Not after from: it ends on the day after. The same as from: a whole day.',
    }),
    timezone: z
      .string()
      .max(64)
      .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/, {
        message: 'Give a zone of the tz database such as Europe/Berlin.',
      })
      .default('UTC'),
    min: z.int().min(1).max(REPLICAS_MAX),
  })
  .meta({ id: 'ScalingWindow' });
export type ScalingWindow = z.infer<typeof ScalingWindow>;

/** Bounds, and what the number between them follows: the CPU, requests at the gateway, a schedule, or of several the one that asks for most. */
export const Scaling = z
  .strictObject({
    min: z.int().min(1).max(REPLICAS_MAX),
    max: z.int().min(1).max(REPLICAS_MAX),
    cpuPercent: z.int().min(1).max(1_000).optional().meta({
      description:
        'Of the CPU that a container asks for (cpuMillis; else of the most that it may use, else of one core). 70 if there is nothing else that it goes by.',
    }),
    requestsPerSecond: z.number().min(0.1).max(1_000_000).optional().meta({
      description: 'At the gateway, by all routes to the app, for each container',
    }),
    schedule: z.array(ScalingWindow).max(WINDOWS_MAX).optional(),
    holdSeconds: z.int().min(0).max(86_400).optional().meta({
      description: 'How long fewer must have been enough before there are fewer; 300 if absent',
    }),
  })
  .refine(({ min, max }) => min <= max, { error: 'min is at most max.', path: ['min'] })
  .refine(({ max, schedule = [] }) => schedule.every((window) => window.min <= max), {
    error: 'min of a window is at most max.',
    path: ['schedule'],
  })
  .meta({ id: 'Scaling' });
export type Scaling = z.infer<typeof Scaling>;

/** What an app follows of which nothing is said. */
const CPU_PERCENT = 70;
/** What a container that asks for no CPU is taken to ask for. */
const WHOLE_CORE_MILLIS = 1_000;

/** CPU that a container uses when there are just enough, in thousandths of a core; undefined if CPU is not what it goes by. */
export function cpuTargetMillis(
  { cpuPercent, requestsPerSecond, schedule }: Scaling,
  {
    cpuMillis,
    cpuMillisMax,
  }: { readonly cpuMillis?: number | undefined; readonly cpuMillisMax?: number | undefined },
): number | undefined {
  const isOther = schedule !== undefined || requestsPerSecond !== undefined;
  const percent = cpuPercent ?? (isOther ? undefined : CPU_PERCENT);
  if (percent === undefined) return undefined;
  return Math.max(1, Math.round((percent * (cpuMillis ?? cpuMillisMax ?? WHOLE_CORE_MILLIS)) / 100));
}

/** Whether the hubs count requests for it. */
export function countsRequests(replicas: number | Scaling): boolean {
  return typeof replicas !== 'number' && replicas.requestsPerSecond !== undefined;
}

/** The number in all clusters together, as it was last chosen. */
export const Scaled = z
  .strictObject({
    wanted: z.int(),
    at: Timestamp.meta({ description: 'Since when it is this number' }),
    state: z.enum(['steady', 'held', 'limited', 'unknown']).meta({
      description:
        'steady: it follows what is measured. held: fewer would do, but have not for long enough. limited: more than max would be needed. unknown: a measure is missing, so that there are not fewer.',
    }),
    why: z.string().max(1_000),
  })
  .meta({ id: 'Scaled' });
export type Scaled = z.infer<typeof Scaled>;

/** CPU that containers of an app use in one cluster, as the edge measures it. */
export const AppUsage = z
  .strictObject({
    containers: z.int().min(0).meta({ description: 'Ready ones that were measured' }),
    cpuMillis: z.int().min(0).meta({ description: 'Of all of these together' }),
    unknown: z
      .string()
      .max(500)
      .optional()
      .meta({ description: 'Why nothing is known of it here; the numbers say nothing then' }),
  })
  .meta({ id: 'AppUsage' });
export type AppUsage = z.infer<typeof AppUsage>;
