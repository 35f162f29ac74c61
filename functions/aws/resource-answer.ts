/**
 * The answer to CloudFormation: a PUT to the address that the event brought. Without it a stack waits for an hour, so
 * that it is sent whatever happened, and its failure is thrown: then the event comes again.
 */
import { z } from 'zod';
import type { Resource, ResourcePorts } from './resource-client.ts';
import type { Plural, ResourceEvent } from './resource-event.ts';

/** CloudFormation takes 4,096 bytes in all. */
const REASON_BYTES_MAX = 1_000;
const ANSWER_MS = 10_000;
const TRIES_MAX = 5;
const PAUSE_MS = 1_000;

/** Strings only: attributes that a template reads with Fn::GetAtt. */
export type Data = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly physicalId: string;
  readonly reason: string;
  readonly data: Data;
}

const SiteStatus = z.looseObject({ prefixes: z.array(z.looseObject({ virtual: z.string() })) });
const ServiceStatus = z.looseObject({ hostname: z.string(), virtualAddress: z.string().default('') });

/** What templates may read of a resource. Virtual prefixes are in the order of the real ones, divided by commas. */
export function dataOf(plural: Plural, resource: Resource): Data {
  const status = resource['status'];
  if (plural === 'sites') {
    const { prefixes } = SiteStatus.parse(status);
    return { VirtualPrefixes: prefixes.map(({ virtual }) => virtual).join(',') };
  }
  if (plural !== 'services') return {};
  const { hostname, virtualAddress } = ServiceStatus.parse(status);
  return { Hostname: hostname, VirtualAddress: virtualAddress };
}

export async function sendAnswer(
  { fetch, pause }: Pick<ResourcePorts, 'fetch' | 'pause'>,
  event: ResourceEvent,
  answer: Answer,
): Promise<void> {
  // Bytes and no text: fetch adds a Content-Type to text, and the address is signed for a request without one.
  const body = new TextEncoder().encode(textOf(event, answer));
  let last: unknown;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const { status } = await fetch(event.ResponseURL, { method: 'PUT', body, signal });
      if (status < 300) return;
      last = new Error(`CloudFormation's address answered ${status}`);
    } catch (fault) {
      last = fault;
    }
    await pause(PAUSE_MS);
  }
  throw new Error('CloudFormation could not be answered.', { cause: last });
}

function textOf(event: ResourceEvent, { status, physicalId, reason, data }: Answer): string {
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
