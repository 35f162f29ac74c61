/**
 * How many containers of an app there are to be, from its policy, what is measured and what was recommended before. More come at once, as many as are needed up to a rate;
 * fewer only when fewer would have been enough for the whole hold. It must not know where they run: that is placement's. Values in, values out.
 */
import type { Scaled, Scaling } from '../../protocol/scaling.ts';
import { millisecondsOf } from '../../protocol/time.ts';
import { type Held, hold, mostOf } from './held.ts';
import { type Load, recommend } from './recommend.ts';
import { openWindow } from './schedule.ts';

/** As HorizontalPodAutoscaler: within this time at most twice as many, or four more. */
export const RISE_MS = 15_000;
const RISE_FACTOR = 2;
const RISE_STEP = 4;
const HOLD_SECONDS = 300;

/** What is remembered of an app between two choices. */
export interface Choice extends Scaled {
  readonly held: Held;
  /** The number before the present burst of rises, and since when. */
  readonly rise?: { readonly from: number; readonly atMs: number } | undefined;
}

export interface Scene {
  readonly policy: Scaling;
  readonly before: Choice | undefined;
  /** How many there are, for an app that was not scaled before. */
  readonly there: number;
  /** What is measured, where the policy goes by that. None of them: the schedule alone decides. */
  readonly loads: (current: number) => readonly Load[];
  /** ISO 8601 in UTC. */
  readonly now: string;
}

export function scale(scene: Scene): Choice {
  const { policy, before, there, now } = scene;
  const nowMs = millisecondsOf(now);
  const window = openWindow(policy.schedule ?? [], nowMs);
  const least = Math.max(policy.min, window?.min ?? 0);
  const within = (count: number) => Math.min(policy.max, Math.max(least, count));
  const current = within(before?.wanted ?? there);
  const loads = scene.loads(current);
  const [top, asked] = highest(loads, current);
  const raw = within(top === undefined ? least : asked);
  const holdMs = (policy.holdSeconds ?? HOLD_SECONDS) * 1_000;
  const held = hold(before?.held ?? [{ wanted: current, atMs: nowMs }], { wanted: raw, nowMs, holdMs });
  const rise = riseOf(before?.rise, current, nowMs);
  const wanted =
    raw < current ? Math.max(raw, Math.min(current, mostOf(held))) : Math.min(raw, mostAfter(rise));
  const isSame = before?.wanted === wanted;
  const gap = loads.find((load) => load.gap !== undefined)?.gap;
  const state =
    asked > policy.max ? 'limited' : gap !== undefined ? 'unknown' : wanted > raw ? 'held' : 'steady';
  const measured = top === undefined ? 'Nothing is measured for it' : `${top.name} is ${top.words}`;
  return {
    wanted,
    at: isSame ? before.at : now,
    state,
    why: `${measured}: ${reasonOf({ raw, wanted, least, asked, max: policy.max, window: window?.words, gap })}`,
    held,
    ...(wanted > current ? { rise } : before?.rise === undefined ? {} : { rise: before.rise }),
  };
}

/** True if nothing that counts differs: numbers in the sentence do not. */
export function isSameChoice(now: Choice, before: Choice | undefined): boolean {
  return before !== undefined && essence(now) === essence(before);
}

function essence({ wanted, state, why, held }: Choice): string {
  return JSON.stringify([wanted, state, why.replaceAll(/[\d.]+/g, '#'), held.map((one) => one.wanted)]);
}

/** The measure that asks for the most; the first of equals. */
function highest(loads: readonly Load[], current: number): readonly [Load | undefined, number] {
  const [first, ...rest] = loads.map((load) => [load, recommend(load, current)] as const);
  if (first === undefined) return [undefined, 0];
  return rest.reduce((best, one) => (one[1] > best[1] ? one : best), first);
}

/** A rise within the time of the last one counts from where that began. */
function riseOf(last: Choice['rise'], current: number, nowMs: number): { from: number; atMs: number } {
  const isYoung = last !== undefined && nowMs - last.atMs < RISE_MS && last.from <= current;
  return isYoung ? last : { from: current, atMs: nowMs };
}

function mostAfter({ from }: { readonly from: number }): number {
  return Math.max(from * RISE_FACTOR, from + RISE_STEP);
}

interface Reasons {
  readonly raw: number;
  readonly wanted: number;
  readonly least: number;
  readonly asked: number;
  readonly max: number;
  readonly window: string | undefined;
  readonly gap: string | undefined;
}

function reasonOf({ raw, wanted, least, asked, max, window, gap }: Reasons): string {
  const because = gap === undefined ? '' : ` ${gap}`;
  if (asked > max) return `${asked} would be needed, and ${max} are the most.${because}`;
  if (wanted > raw) return `${raw} would do, but not for long enough yet, so there are ${wanted}.${because}`;
  if (wanted < raw) return `${raw} are needed, ${wanted} come first.${because}`;
  if (raw === least && asked <= least)
    return `there are ${wanted}, the least${window === undefined ? '' : ` ${window}`}.${because}`;
  return `there are ${wanted}.${because}`;
}
