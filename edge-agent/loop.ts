/**
 * One pass: observe, decide, plan, journal, apply. A pass can be killed anywhere: the next one observes anew and ends
 * in the same state. Everything it touches it is handed; it must not decide what belongs on the host.
 */
import type { Document, Version } from '../protocol/document.ts';
import type { Finding } from '../protocol/report.ts';
import type { Applied } from './apply/apply.ts';
import type { Observation } from './observe/host.ts';
import { describeStep } from './plan/describe.ts';
import { type Desired, desired } from './plan/desired.ts';
import { closedState } from './plan/desired-input.ts';
import { planSteps } from './plan/plan.ts';
import type { Choice, DesiredState, HostFacts, HostState } from './plan/state.ts';
import type { Step } from './plan/steps.ts';

/** What the pass asks of the rest of the agent. `fallback` is for a document that the guard refuses. */
export interface World {
  document(): Document | undefined;
  fallback(): Document | undefined;
  choice(): Choice;
  observe(): Promise<Observation>;
  apply(steps: readonly Step[]): Promise<Applied>;
  applying(version: Version): void;
  guardRefused(version: Version, reason: string): void;
  journal(event: 'applied' | 'failed' | 'refused', steps: readonly string[], reason?: string): void;
}

export interface Pass {
  readonly facts: HostFacts;
  /** Version that the host obeys now; absent if nothing is in force or the pass failed. */
  readonly version?: Version | undefined;
  /** What the host is in after a pass without a failure. */
  readonly state?: DesiredState | undefined;
  readonly steps: number;
  readonly failure?: string | undefined;
  readonly findings: readonly Finding[];
}

export async function runPass(world: World): Promise<Pass> {
  const { state: observed, facts } = await world.observe();
  return applyWanted(world, { facts, observed });
}

/** Only the pointers that probes move, from the state that the last pass left: a failover must not wait for a look around. */
export async function runPathPass(world: World, last: Pass): Promise<Pass> {
  return last.state === undefined
    ? runPass(world)
    : applyWanted(world, { facts: last.facts, observed: last.state });
}

async function applyWanted(
  world: World,
  host: { readonly facts: HostFacts; readonly observed: HostState },
): Promise<Pass> {
  const { facts } = host;
  const { state, version, findings } = decide(world, facts, host.observed.interfaces);
  const steps = state === undefined ? [] : planSteps(state, host.observed);
  if (version !== undefined) world.applying(version);
  const failure = await applyPlanned(world, steps);
  const pass = { facts, steps: steps.length, findings };
  return failure === undefined ? { ...pass, version, state } : { ...pass, failure };
}

/** `state` is absent if the host is to be left as it is. */
export interface Wanted {
  readonly state?: DesiredState | undefined;
  readonly version?: Version | undefined;
  readonly findings: readonly Finding[];
}

/** The document in force; what the guard refuses gives way to the one before, and if that is refused too, nothing is touched. */
export function decide(
  world: Pick<World, 'document' | 'fallback' | 'choice' | 'guardRefused'>,
  facts: HostFacts,
  before: HostState['interfaces'],
): Wanted {
  const document = world.document();
  if (document === undefined) return { state: closedState(), findings: [] };
  const first = desired({ document, facts, before, choice: world.choice() });
  if (first.kind === 'wanted') return { ...first, version: document.version };
  world.guardRefused(document.version, reasonOf(first));
  const older = world.fallback();
  const second = older && desired({ document: older, facts, before, choice: world.choice() });
  if (older === undefined || second?.kind !== 'wanted') return { findings: first.findings };
  return { state: second.state, version: older.version, findings: [...first.findings, ...second.findings] };
}

function reasonOf(refused: Extract<Desired, { kind: 'refused' }>): string {
  return refused.findings
    .filter(({ level }) => level === 'error')
    .map(({ code, message }) => `${code}: ${message}`)
    .join(' ');
}

async function applyPlanned(world: World, steps: readonly Step[]): Promise<string | undefined> {
  if (steps.length === 0) return undefined;
  const { done, failed } = await world.apply(steps);
  const lines = done.map(describeStep);
  if (failed === undefined) {
    world.journal('applied', lines);
    return undefined;
  }
  const reason = `${describeStep(failed.step)}: ${failed.error.message}`;
  world.journal('failed', lines, reason);
  return reason;
}
