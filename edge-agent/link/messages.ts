/** A hub's long poll: which agents have a new document. Messages are hints, may be lost or doubled, and decide nothing. */
import { Messages } from '../../protocol/report.ts';
import type { Caller } from './fetch.ts';
import { type Denied, failureOf, type Unreachable } from './problem.ts';

const WAIT_SECONDS = 20;
const GRACE_MS = 10_000;

export type Received = { readonly kind: 'messages'; readonly messages: Messages } | Denied | Unreachable;

/** Waits for messages after the cursor; an empty cursor begins now. */
export async function receiveMessages(caller: Caller, cursor: string): Promise<Received> {
  const after = cursor === '' ? '' : `cursor=${encodeURIComponent(cursor)}&`;
  const answer = await caller.call({
    method: 'GET',
    path: `/v1/agent/messages?${after}wait=${WAIT_SECONDS}`,
    timeoutMs: WAIT_SECONDS * 1_000 + GRACE_MS,
  });
  if (answer.kind !== 'answer' || answer.status !== 200) return failureOf(answer);
  const messages = readMessages(answer.body);
  return messages === undefined
    ? { kind: 'unreachable', code: 'not_isthmus', reason: 'the messages cannot be read' }
    : { kind: 'messages', messages };
}

function readMessages(body: string): Messages | undefined {
  try {
    return Messages.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
