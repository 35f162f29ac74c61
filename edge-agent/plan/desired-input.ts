/** What a desired state is made of, and the state of an agent that has no document. */
import type { Document } from '../../protocol/document.ts';
import { closedFirewall } from './firewall.ts';
import type { Choice, DesiredState, HostFacts, HostState } from './state.ts';

export interface DesiredInput {
  readonly document: Document;
  readonly facts: HostFacts;
  readonly choice: Choice;
  /** The devices as they are: which of two keys is in use is not undone by an agent that has just started. */
  readonly before?: HostState['interfaces'] | undefined;
}

/** Of an agent that has no document: no tunnel, and a firewall that lets nothing through one. */
export function closedState(): DesiredState {
  return { interfaces: {}, routes: [], unreachable: [], sysctls: {}, firewall: closedFirewall() };
}
