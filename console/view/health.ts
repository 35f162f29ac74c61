/**
 * How sites are, worst first, and what wants a person. It repeats what the API's conditions say, with their age, and concludes nothing of its own: of
 * several statements about a site the worst one is shown.
 */
import { ageSeconds } from '../../protocol/time.ts';
import type { AgentFacts, ConditionFacts, EdgeFacts, SiteFacts } from './facts.ts';

export type Level = 'bad' | 'unknown' | 'waiting' | 'good';

const ORDER: readonly Level[] = ['bad', 'unknown', 'waiting', 'good'];
/** Reasons that a person chose, or that a person has yet to act on: no fault. */
const WAITS = new Set([
  'WaitingForApproval',
  'Quarantined',
  'NotApproved',
  'WaitingForAgent',
  'NoPrefixes',
  'NoEdge',
  'NoApprovedEdge',
  'WaitingForPeer',
]);

export interface Statement {
  readonly level: Level;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly ageSeconds: number;
}

export interface Health {
  readonly name: string;
  readonly level: Level;
  /** Absent where nothing is said. */
  readonly statement: Statement | undefined;
}

export interface SiteHealth extends Health {
  readonly tenant: string;
}

/** By what is said of the site itself, and of its edges. */
export function siteHealth(
  sites: readonly SiteFacts[],
  edges: readonly EdgeFacts[],
  now: string,
): SiteHealth[] {
  const healths = sites.map(({ tenant, name, conditions: said }) => {
    const own = edges.filter((edge) => edge.tenant === tenant && edge.site === name);
    return {
      tenant,
      ...healthOf(name, [...said, ...own.flatMap(({ conditions }) => conditions)], now),
    };
  });
  return healths.sort(
    (a, b) =>
      ORDER.indexOf(a.level) - ORDER.indexOf(b.level) ||
      compare(a.tenant, b.tenant) ||
      compare(a.name, b.name),
  );
}

export function agentHealth(agents: readonly AgentFacts[], now: string): Health[] {
  return agents.map(({ name, conditions }) => healthOf(name, conditions, now));
}

/** All that is said of one thing, the worst first. */
export function statementsOf(conditions: readonly ConditionFacts[], now: string): Statement[] {
  return conditions
    .map((condition) => statementOf(condition, now))
    .sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
}

function healthOf(name: string, conditions: readonly ConditionFacts[], now: string): Health {
  const [worst] = statementsOf(conditions, now);
  return { name, level: worst?.level ?? 'waiting', statement: worst };
}

function statementOf(condition: ConditionFacts, now: string): Statement {
  const { type, reason, message, lastTransitionTime } = condition;
  return {
    level: levelOf(condition),
    type,
    reason,
    message,
    ageSeconds: ageSeconds(lastTransitionTime, now),
  };
}

function levelOf({ status, reason }: ConditionFacts): Level {
  if (status === 'True') return 'good';
  if (WAITS.has(reason)) return 'waiting';
  return status === 'False' && reason !== 'Behind' ? 'bad' : 'unknown';
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
