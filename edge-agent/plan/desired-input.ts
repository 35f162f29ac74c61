/** What a desired state is made of, and the state of an agent that has no document. */
import type { Document } from '../../protocol/document.ts';
import { closedFirewall } from './firewall.ts';
import type { Choice, DesiredState, HostFacts } from './state.ts';

export interface DesiredInput {
  readonly document: Document;
  readonly facts: HostFacts;
  readonly choice: Choice;
}

/** Of an agent that has no document: no tunnel, and a firewall that lets nothing through one. */
export function closedState(): DesiredState {
  return { interfaces: {}, routes: [], unreachable: [], sysctls: {}, firewall: closedFirewall() };
}
