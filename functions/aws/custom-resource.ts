/**
 * A custom resource of our own stack: what is to be done is done, and CloudFormation is told. What is done must be
 * idempotent: events come twice.
 */
import { z } from 'zod';
import { type Answer, type AnswerPorts, byNetwork, Event, sendAnswer } from './cloudformation.ts';
import { logFailure } from './log.ts';

const Properties = z.looseObject({});

export interface Order {
  readonly type: Event['RequestType'];
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Answers the resource's attributes. What it throws is shown to whoever deploys: make it a sentence. */
type Work = (order: Order) => Promise<Record<string, string>>;

export function createCustomResource(work: Work, ports: AnswerPorts = byNetwork) {
  return async (input: unknown): Promise<void> => {
    const event = Event.parse(input);
    // It never changes, or an update would end with the deletion of what it has just made.
    const physicalId = event.PhysicalResourceId ?? `isthmus-${event.LogicalResourceId}`;
    const answer = await perform(work, event);
    await sendAnswer(ports, event, { ...answer, physicalId });
  };
}

async function perform(
  work: Work,
  { RequestType: type, LogicalResourceId, ResourceProperties }: Event,
): Promise<Omit<Answer, 'physicalId'>> {
  try {
    const data = await work({ type, properties: Properties.parse(ResourceProperties) });
    return { status: 'SUCCESS', reason: '', data };
  } catch (error) {
    logFailure({ what: `${type} of ${LogicalResourceId}`, error });
    return { status: 'FAILED', reason: error instanceof Error ? error.message : String(error), data: {} };
  }
}
