/**
 * What all custom resources have in common: CloudFormation's event, and the answer, a PUT to the address that the event
 * brought. Without it a stack waits for an hour, so that it is sent whatever happened, and its failure is thrown: then
 * the event comes again.
 */
import { z } from 'zod';
import { pauseByTimer } from '../reconcile/pause.ts';

/** CloudFormation takes 4,096 bytes in all. */
const REASON_BYTES_MAX = 1_000;
const ANSWER_MS = 10_000;
const TRIES_MAX = 5;
const PAUSE_MS = 1_000;

export const Event = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string().min(1),
  RequestId: z.string().min(1),
  LogicalResourceId: z.string().min(1),
  PhysicalResourceId: z.string().optional(),
  ResourceProperties: z.unknown(),
  OldResourceProperties: z.unknown().optional(),
});
export type Event = z.infer<typeof Event>;

export interface Answer {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly physicalId: string;
  /** For whoever deploys. */
  readonly reason: string;
  /** Strings only: attributes that a template reads with Fn::GetAtt. */
  readonly data: Readonly<Record<string, string>>;
}

export interface AnswerPorts {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly pause: (delayMs: number) => Promise<void>;
}

export const byNetwork: AnswerPorts = {
  fetch: (url, init) => fetch(url, init),
  pause: pauseByTimer,
};

export async function sendAnswer(ports: AnswerPorts, event: Event, answer: Answer): Promise<void> {
  // Bytes and no text: fetch adds a Content-Type to text, and the address is signed for a request without one.
  const body = new TextEncoder().encode(textOf(event, answer));
  for (let tries = 1; ; tries += 1) {
    const fault = await put(ports, event.ResponseURL, body);
    if (fault === undefined) return;
    if (tries === TRIES_MAX) throw new Error('CloudFormation could not be answered.', { cause: fault });
    await ports.pause(PAUSE_MS);
  }
}

/** What went wrong, or undefined. */
async function put({ fetch }: AnswerPorts, url: string, body: Uint8Array<ArrayBuffer>): Promise<unknown> {
  try {
    const { ok, status } = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(ANSWER_MS) });
    return ok ? undefined : new Error(`CloudFormation's address answered ${status}`);
  } catch (fault) {
    return fault;
  }
}

function textOf(event: Event, { status, physicalId, reason, data }: Answer): string {
  return JSON.stringify({
    Status: status,
    Reason: shorten(reason),
    PhysicalResourceId: physicalId,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    Data: data,
  });
}

/** At most so many bytes of UTF-8, never half a character. */
function shorten(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.length <= REASON_BYTES_MAX) return reason;
  const cut = new TextDecoder().decode(bytes.subarray(0, REASON_BYTES_MAX - 3));
  return `${cut.replace(/\uFFFD+$/, '')}...`;
}
