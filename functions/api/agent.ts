/**
 * What agents ask for: their own document and its leaves, and for hubs the messages that say whose document changed.
 * An agent reads nothing that is not in its own manifest.
 */

import { z } from 'zod';
import { Leaf, SignedDocument } from '../../protocol/document.ts';
import { Messages } from '../../protocol/report.ts';
import { etagOf } from '../domain/document.ts';
import type { Desk } from './collection.ts';
import { matchesNone } from './etag.ts';
import { NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';
import { Rejection, refuse } from './problems.ts';
import type { Agent } from './signature.ts';

export const POLL_HEADER = 'Isthmus-Poll-Seconds';

/** While an agent waits for its first document: a person may be about to approve it. */
const POLL_WAITING_SECONDS = 5;
const WAIT_SECONDS_MAX = 25;
const CURSOR_LENGTH_MAX = 200;

export function agentOperations(desk: Desk): Operation[] {
  return [readDocument(desk), readLeaf(desk), receiveMessages(desk)];
}

function readDocument({ store, guards, deployment }: Desk): Operation {
  return operation({
    id: 'readDocument',
    method: 'get',
    path: '/v1/agent/document',
    tag: 'agents',
    summary: 'Read the own desired state, signed',
    guard: guards.agent,
    body: NO_BODY,
    query: NO_QUERY,
    headers: { 'If-None-Match': { required: false, description: 'ETag of the document that the agent has' } },
    answers: [
      { status: 200, description: 'The document', schema: SignedDocument, headers: ['ETag', POLL_HEADER] },
      { status: 304, description: 'The agent has the newest', headers: ['ETag', POLL_HEADER] },
    ],
    problems: ['not_found'],
    async handle(call) {
      const stored = isAdmitted(call.principal) ? await store.document(call.principal.id) : undefined;
      if (stored === undefined) throw waiting(call.principal);
      const etag = etagOf(stored.document.envelope);
      const headers = { etag, [POLL_HEADER]: String(deployment.pollSeconds) };
      if (matchesNone(call.header('if-none-match'), etag)) return { status: 304, headers };
      return { status: 200, json: stored.document, headers };
    },
  });
}

function readLeaf({ store, blobs, guards }: Desk): Operation {
  return operation({
    id: 'readLeaf',
    method: 'get',
    path: '/v1/agent/leaves/{hash}',
    tag: 'agents',
    summary: 'Read a leaf of the own document: canonical JSON with this SHA-256',
    guard: guards.agent,
    body: NO_BODY,
    query: NO_QUERY,
    answers: [{ status: 200, description: 'The leaf', schema: Leaf }],
    problems: ['not_found'],
    async handle(call) {
      const hash = call.param('hash');
      const stored = isAdmitted(call.principal) ? await store.document(call.principal.id) : undefined;
      const isOwn = stored?.document.manifest.some((leaf) => leaf.hash === hash) ?? false;
      const text = isOwn ? await blobs.get(hash) : undefined;
      if (text === undefined)
        return refuse(
          'not_found',
          'This leaf is not in the newest document of the agent. Read the document again.',
        );
      return { status: 200, text };
    },
  });
}

function receiveMessages({ guards, messages }: Desk): Operation {
  return operation({
    id: 'receiveMessages',
    method: 'get',
    path: '/v1/agent/messages',
    tag: 'agents',
    summary: 'Wait for agents whose document changed',
    guard: guards.hub,
    body: NO_BODY,
    query: z.strictObject({
      cursor: z.string().max(CURSOR_LENGTH_MAX).optional().meta({ description: 'Of the answer before' }),
      wait: z.coerce.number().int().min(0).max(WAIT_SECONDS_MAX).default(0),
    }),
    answers: [{ status: 200, description: 'Hints; they may be lost or doubled', schema: Messages }],
    problems: ['invalid'],
    async handle({ principal, query }) {
      const cursor = query.cursor === '' ? undefined : query.cursor;
      return { status: 200, json: await messages.wait(principal.item.key.name, cursor, query.wait) };
    },
  });
}

/** An edge that nobody approved, or that was cut off, has no document, whatever was compiled for it before. */
function isAdmitted(agent: Agent): boolean {
  return agent.role === 'hub' || (agent.item.spec.approved && !agent.item.spec.quarantined);
}

function waiting(agent: Agent): Rejection {
  const detail = isAdmitted(agent)
    ? 'There is no document for this agent yet. Come back soon.'
    : 'A person has to approve this edge first, or has put it in quarantine.';
  return new Rejection({ code: 'not_found', detail }, { [POLL_HEADER]: String(POLL_WAITING_SECONDS) });
}
