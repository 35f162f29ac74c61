/**
 * A custom resource of CloudFormation: what is to be done is done, and CloudFormation is told, always, because a stack waits
 * an hour for an answer that does not come. What is done must be idempotent: events come twice.
 */
import { z } from 'zod';
import { logFailure } from './log.ts';

const ANSWER_MS = 10_000;
const TRIES_MAX = 4;
const TRY_AGAIN_MS = 500;
/** CloudFormation takes 4 kB in all. */
const REASON_LENGTH_MAX = 1_000;

const Event = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
  ResourceProperties: z.looseObject({}),
});
type Event = z.infer<typeof Event>;

export interface Order {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly properties: Readonly<Record<string, unknown>>;
}

/** `work` answers the resource's attributes. What it throws is shown to whoever deploys: make it a sentence. */
export function createCustomResource(work: (order: Order) => Promise<Record<string, string>>) {
  return async (input: unknown): Promise<void> => {
    const event = Event.parse(input);
    const outcome = await work({ type: event.RequestType, properties: event.ResourceProperties }).then(
      (Data) => ({ Status: 'SUCCESS', Data }),
      (error: unknown) => {
        logFailure({ what: `${event.RequestType} of ${event.LogicalResourceId}`, error });
        return { Status: 'FAILED', Reason: reasonOf(error) };
      },
    );
    await tell(event, outcome);
  };
}

async function tell(event: Event, outcome: object): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = JSON.stringify({
    // It never changes, or an update would end with the deletion of what it has just made.
    PhysicalResourceId: event.PhysicalResourceId ?? `isthmus-${LogicalResourceId}`,
    StackId,
    RequestId,
    LogicalResourceId,
    ...outcome,
  });
  for (let tries = 1; ; tries += 1) {
    const failure = await put(event.ResponseURL, body);
    if (failure === undefined) return;
    if (tries === TRIES_MAX) throw new Error(`CloudFormation can't be told: ${failure}`);
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS * tries));
  }
}

/** What went wrong, or undefined. The URL is signed without a content type, so none may be sent. */
async function put(url: string, body: string): Promise<string | undefined> {
  try {
    const bytes = Buffer.from(body);
    const init = { method: 'PUT', body: bytes, signal: AbortSignal.timeout(ANSWER_MS) };
    const { ok, status } = await fetch(url, init);
    return ok ? undefined : `status ${status}`;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, REASON_LENGTH_MAX);
}
