/** What clusters told of an app, as loads in containers. What is too old, or was never told, is a gap. Values in, values out. */
import type { AppUsage } from '../../protocol/scaling.ts';
import type { Load } from './recommend.ts';

/** Edges tell again every five minutes, whatever happens; a measure is too old after three times as much. */
const MEASURE_MS_MAX = 900_000;

/** Where the app runs, with what was told of it there last. */
export interface ClusterUsage {
  readonly cluster: string;
  /** Somebody has heard of the cluster lately. */
  readonly isHeard: boolean;
  /** Containers that are to be there. */
  readonly replicas: number;
  readonly usage?: AppUsage | undefined;
  /** When it was told, milliseconds since 1970. */
  readonly atMs?: number | undefined;
}

export interface CpuScene {
  readonly clusters: readonly ClusterUsage[];
  /** Of one container. */
  readonly targetMillis: number;
  readonly nowMs: number;
}

export function cpuLoad({ clusters, targetMillis, nowMs }: CpuScene): (current: number) => Load {
  const told = clusters.map((one) => ({ ...one, gap: gapOf(one, nowMs) }));
  const known = told.flatMap(({ gap, usage }) => (gap === undefined && usage !== undefined ? [usage] : []));
  const used = sum(known.map(({ cpuMillis }) => cpuMillis));
  const measured = sum(known.map(({ containers }) => containers));
  const gap = told.find((one) => one.gap !== undefined)?.gap;
  const percent = measured === 0 ? 0 : Math.round((used * 100) / (measured * targetMillis));
  return (current) => ({
    name: 'CPU',
    containers: used / targetMillis,
    missing: Math.max(0, current - measured),
    ...(gap === undefined ? {} : { gap }),
    words:
      measured === 0
        ? 'not measured yet'
        : `at ${percent} % of ${targetMillis} millis in each of ${measured}`,
  });
}

/** What hubs told of an app's requests. */
export interface RequestScene {
  /** Of all hubs and routes together; undefined: no hub told of any route to it lately. */
  readonly perSecond: number | undefined;
  /** Of one container. */
  readonly target: number;
}

/** Requests are of the app as a whole, however many containers answer them: none of these is missing. */
export function requestLoad({ perSecond, target }: RequestScene): Load {
  const name = 'Requests';
  if (perSecond === undefined) {
    const gap = 'No gateway tells of requests for it: give it a route, or see that hubs report.';
    return { name, containers: 0, missing: 0, gap, words: 'not measured yet' };
  }
  const words = `at ${perSecond.toFixed(1)} a second, ${target} for each container`;
  return { name, containers: perSecond / target, missing: 0, words };
}

/** Where nothing is to run, nothing need be told. */
function gapOf({ cluster, isHeard, replicas, usage, atMs }: ClusterUsage, nowMs: number): string | undefined {
  if (replicas === 0) return undefined;
  if (!isHeard) return `${cluster} is silent.`;
  if (usage === undefined || atMs === undefined) return `${cluster} has not told of its CPU yet.`;
  if (usage.unknown !== undefined) return `${cluster}: ${usage.unknown}`;
  return nowMs - atMs > MEASURE_MS_MAX ? `What ${cluster} told of its CPU is too old.` : undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
