/**
 * Which parts of a cluster's report are due: what changed, no more often than each part deserves, and all of it now and then, so that
 * the control plane can tell an old statement from a broken edge. Values in, values out.
 */

import type { ClusterFacts } from '../../protocol/cluster.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';

export type Part = Exclude<keyof ClusterReport, 'events'>;
export type Parts = Omit<ClusterReport, 'events'>;

/** A change is told no sooner than this after the part was last told. Figures alone wait for `FIGURES_MS`. */
const QUIET_MS: Readonly<Record<Part, number>> = {
  facts: 5_000,
  apps: 2_000,
  services: 2_000,
  reservations: 5_000,
  requests: 60_000,
  usage: 2_000,
};
/** Without any change a part is told again after this; the control plane calls a cluster silent after three times as much. */
export const REPEAT_MS = 300_000;
const FIGURES_MS = 60_000;

/** What was told of a part, and when. */
export interface Told {
  readonly text: string;
  readonly figures: string;
  readonly atMs: number;
}
export type TellState = Readonly<Partial<Record<Part, Told>>>;

export interface Due {
  readonly report: Parts;
  /** The state once the report has arrived. */
  readonly told: TellState;
}

/** The parts to send now; undefined if none is due. */
export function dueParts(now: Parts, state: TellState, nowMs: number): Due | undefined {
  const due = partsOf(now).filter(([part, value]) => isDue(part, value, { told: state[part], nowMs }));
  if (due.length === 0) return undefined;
  return {
    report: Object.fromEntries(due),
    told: {
      ...state,
      ...Object.fromEntries(due.map(([part, value]) => [part, { ...textsOf(part, value), atMs: nowMs }])),
    },
  };
}

function isDue(
  part: Part,
  value: unknown,
  { told, nowMs }: { told: Told | undefined; nowMs: number },
): boolean {
  if (told === undefined) return true;
  const ageMs = nowMs - told.atMs;
  if (ageMs >= REPEAT_MS) return true;
  if (ageMs < QUIET_MS[part]) return false;
  const { text, figures } = textsOf(part, value);
  if (text !== told.text) return true;
  return figures !== told.figures && ageMs >= FIGURES_MS;
}

function partsOf(parts: Parts): [Part, NonNullable<Parts[Part]>][] {
  const all: [Part, Parts[Part]][] = [
    ['facts', parts.facts],
    ['apps', parts.apps],
    ['services', parts.services],
    ['reservations', parts.reservations],
    ['requests', parts.requests],
    ['usage', parts.usage],
  ];
  return all.flatMap(([part, value]) => (value === undefined ? [] : [[part, value]]));
}

/** `text` changes when something happened; `figures` also when a counter moved. */
function textsOf(part: Part, value: unknown): { text: string; figures: string } {
  if (part !== 'facts') {
    const text = JSON.stringify(value);
    return { text, figures: text };
  }
  const figures = JSON.stringify(value, (key: string, member: unknown) =>
    key === NEVER_ALONE ? undefined : member,
  );
  return { text: JSON.stringify(value, withoutFigures), figures };
}

/** It moves all the time and is no reason to tell anything: it goes with what is told anyway. */
const NEVER_ALONE = 'rttMs' satisfies keyof ClusterFacts;

/** Members of facts that move all the time and mean nothing by themselves. */
const FIGURES: ReadonlySet<string> = new Set<string>([
  'databaseBytes',
  'databaseInUseBytes',
  'raftIndex',
  'fsyncP99Ms',
  'commitP99Ms',
  'evidence',
  'foreign',
] satisfies (
  | keyof ClusterFacts
  | keyof NonNullable<ClusterFacts['etcd']>['members'][number]
  | keyof ClusterFacts['nodes'][number]
)[]);

function withoutFigures(key: string, value: unknown): unknown {
  return FIGURES.has(key) || key === NEVER_ALONE ? undefined : value;
}
