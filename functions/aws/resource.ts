/**
 * The resource function: one event of CloudFormation about one resource of a user's stack, from its properties to the
 * answer. It never leaves an event unanswered, and has no memory between events but the physical id.
 */
import { Event, sendAnswer } from './cloudformation.ts';
import { abandon, create, type Desk, type Held, remove, Unsure, update } from './resource-apply.ts';
import { createClient, Refused, type ResourcePorts } from './resource-client.ts';
import { dataOf } from './resource-data.ts';
import {
  type Declared,
  formatHolding,
  idempotencyKey,
  readDeclared,
  readHolding,
} from './resource-declared.ts';

/** `remainingMs` is what the function has left; some of it is kept for the answer. */
export type ResourceHandler = (event: unknown, remainingMs: number) => Promise<void>;

/** The template's own fault: nobody was called. */
class Misdeclared extends Error {}

const ANSWER_RESERVE_MS = 90_000;

export function createResourceHandler(ports: ResourcePorts): ResourceHandler {
  return async (raw, remainingMs) => {
    // Without an address to answer to, all that is left is to fail. Everything else about an event can be answered.
    const event = Event.parse(raw);
    const deadlineMs = ports.nowMs() + remainingMs - ANSWER_RESERVE_MS;
    const answer = await act(ports, event, deadlineMs).catch((fault: unknown) => ({
      status: 'FAILED' as const,
      physicalId: idAfterFailure(event, fault),
      reason: fault instanceof Error ? fault.message : 'The event could not be handled.',
      data: {},
    }));
    await sendAnswer(ports, event, answer);
  };
}

async function act(ports: ResourcePorts, event: Event, deadlineMs: number) {
  const declared = readDeclared(event.ResourceProperties);
  if (event.RequestType === 'Delete') {
    await letGo(ports, { event, declared, deadlineMs });
    return succeed(event.PhysicalResourceId ?? event.RequestId, {});
  }
  if (typeof declared === 'string') throw new Misdeclared(declared);
  const desk = deskOf(ports, { event, declared, deadlineMs });
  const { holding, resource } = await apply(desk, event, declared);
  return succeed(formatHolding(holding, event.RequestId), dataOf(declared.plural, resource));
}

function apply(desk: Desk, event: Event, declared: Declared): Promise<Held> {
  if (event.RequestType === 'Create') return create(desk, declared);
  const old = readDeclared(event.OldResourceProperties);
  const before = typeof old === 'string' ? undefined : old;
  return update(desk, { holding: readHolding(event.PhysicalResourceId), declared, before });
}

interface Release {
  readonly event: Event;
  readonly declared: Declared | string;
  readonly deadlineMs: number;
}

/** What was adopted stays. Properties that could not be read have made nothing. */
async function letGo(ports: ResourcePorts, { event, declared, deadlineMs }: Release): Promise<void> {
  const holding = readHolding(event.PhysicalResourceId);
  if (holding.kind === 'nothing' || holding.kind === 'adopted') return;
  if (typeof declared === 'string') {
    if (holding.kind === 'made') throw new Misdeclared(declared);
    return;
  }
  const desk = deskOf(ports, { event, declared, deadlineMs });
  if ('path' in holding) return remove(desk, holding.path);
  const search = abandon(desk, declared);
  // Most often the URL was wrong, and what can't be reached now must not keep a stack from rolling back.
  return holding.kind === 'unseen' ? search.catch(() => undefined) : search;
}

function deskOf(
  ports: ResourcePorts,
  { event, declared, deadlineMs }: Release & { declared: Declared },
): Desk {
  const { url, keySecret } = declared;
  return {
    client: createClient(ports, { url, keySecret, deadlineMs }),
    keyOf: (path) => idempotencyKey(event.StackId, path),
  };
}

function succeed(physicalId: string, data: Readonly<Record<string, string>>) {
  return { status: 'SUCCESS' as const, physicalId, reason: '', data };
}

/** A failed update keeps its id: with another one CloudFormation would delete the resource that still stands. */
function idAfterFailure(event: Event, fault: unknown): string {
  if (event.RequestType !== 'Create') return event.PhysicalResourceId ?? event.RequestId;
  return formatHolding({ kind: kindOfFailure(fault) }, event.RequestId);
}

function kindOfFailure(fault: unknown): 'nothing' | 'unseen' | 'unsure' {
  if (fault instanceof Unsure) return 'unsure';
  return fault instanceof Refused || fault instanceof Misdeclared ? 'nothing' : 'unseen';
}
