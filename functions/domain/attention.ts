/**
 * What somebody has to look at, out of all that is said of things: every condition that is not as it should be, with what to do about it. It repeats
 * what conditions say and concludes only how urgent it is.
 */
import { type Attention, MATTERS_MAX, type Matter, type MatterKind } from '../../protocol/attention.ts';
import type { Condition } from '../../protocol/metadata.ts';
import type { Finding } from '../../protocol/report.ts';
import { secondsOf } from '../../protocol/time.ts';
import { remedyOf } from './remedies.ts';

/** A thing with all that is said of it. */
export interface Concern {
  readonly kind: MatterKind;
  readonly name: string;
  readonly conditions: readonly Condition[];
  /** What its own agent found wrong on its host, and when it told. */
  readonly told: { readonly findings: readonly Finding[]; readonly at: string };
}

/** Conditions that say something bad when they hold. */
const BAD_IF_TRUE: readonly string[] = ['RolledBack'];

/** They wait for what a person decides, or has decided. Whatever else is said of the thing follows from it. */
const DECISIONS: readonly string[] = [
  'WaitingForApproval',
  'NotApproved',
  'NoApprovedEdge',
  'Quarantined',
  'WaitingForAgent',
  'WaitsForPromotion',
  'NoPrefixes',
  'WaitingForPeer',
];

/** Under way: they pass without anybody, or turn into something else. */
const PASSING: readonly string[] = [
  'Behind',
  'NoDocument',
  'NotYet',
  'NotTold',
  'Compiling',
  'Applying',
  'Proving',
];

const LEVELS: readonly Matter['level'][] = ['fault', 'decision', 'unknown', 'passing'];

/** Faults first; of one level the oldest first. */
export function attentionOf(concerns: readonly Concern[]): Attention {
  const all = concerns.flatMap(mattersOf);
  const matters = all.filter((matter) => !isRepeated(matter, all)).sort(compareMatters);
  return { items: matters.slice(0, MATTERS_MAX), omitted: Math.max(0, matters.length - MATTERS_MAX) };
}

function mattersOf(concern: Concern): Matter[] {
  const said = concern.conditions
    .filter((condition) => isMatter(concern.kind, condition))
    .map((condition) => matterOf(concern, condition));
  const decisions = said.filter(({ level }) => level === 'decision');
  return decisions.length > 0 ? decisions.slice(0, 1) : [...said, ...foundOf(concern)];
}

/** A site repeats what is said of its edges: that is told of the edge alone. */
function isRepeated({ kind, reason, message }: Matter, all: readonly Matter[]): boolean {
  return (
    kind === 'site' &&
    all.some((one) => one.kind === 'edge' && one.reason === reason && one.message === message)
  );
}

function isMatter(kind: MatterKind, { type, status, reason }: Condition): boolean {
  // Of a tenant the switch says whether it is isolated; here stands what keeps one from it, agent by agent.
  if (kind === 'tenant' && type === 'Isolated') return false;
  return reason === 'WaitsForPromotion' || (status === 'True') === BAD_IF_TRUE.includes(type);
}

function matterOf({ kind, name }: Concern, condition: Condition): Matter {
  const { type, status, reason, message, lastTransitionTime } = condition;
  return {
    ...{ kind, name, level: levelOf(kind, condition), type, status, reason, message },
    since: lastTransitionTime,
    remedy: remedyOf(reason),
  };
}

function levelOf(kind: MatterKind, { type, status, reason }: Condition): Matter['level'] {
  if (DECISIONS.includes(reason) || (kind === 'site' && reason === 'NoEdge')) return 'decision';
  if (PASSING.includes(reason)) return 'passing';
  return status === 'False' || BAD_IF_TRUE.includes(type) ? 'fault' : 'unknown';
}

function foundOf({ kind, name, told }: Concern): Matter[] {
  return told.findings
    .filter(({ level }) => level === 'error')
    .map(({ code, message, fix }) => ({
      ...({ kind, name, level: 'fault', type: 'Host', status: 'False', reason: code, message } as const),
      since: told.at,
      remedy: fix,
    }));
}

function compareMatters(a: Matter, b: Matter): number {
  return LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || secondsOf(a.since) - secondsOf(b.since);
}
