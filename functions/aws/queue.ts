/** A queue a hub in SQS. A message is a hint: `{"agents": [ID, ...]}`. A hub without a queue of ours is told nothing. */
import type { HubQueue } from '../reconcile/ports.ts';
import { LIMITS } from './limits.ts';
import { once } from './once.ts';

/** SQS takes 256 kB everywhere. */
const MESSAGE_BYTES_MAX = 200_000;
/** What an id costs beside its own characters: quotes and a comma. */
const ENTRY_BYTES = 3;

/** `queues`: URL by the hub's name. */
export function createQueue(queues: Readonly<Record<string, string>>): HubQueue {
  const service = once(async () => {
    const sqs = await import('@aws-sdk/client-sqs');
    return { client: new sqs.SQSClient(LIMITS), SendMessageCommand: sqs.SendMessageCommand };
  });
  return {
    async send(hub, agents) {
      const url = queues[hub];
      if (url === undefined || agents.length === 0) return;
      const { client, SendMessageCommand } = await service();
      for (const part of partsOf(agents))
        await client.send(
          new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify({ agents: part }) }),
        );
    },
  };
}

/** The agents in as few messages as SQS takes. */
export function partsOf(agents: readonly string[]): string[][] {
  const parts: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const agent of agents) {
    const entry = Buffer.byteLength(agent) + ENTRY_BYTES;
    bytes += entry;
    if (bytes > MESSAGE_BYTES_MAX) {
      parts.push([]);
      bytes = entry;
    }
    parts.at(-1)?.push(agent);
  }
  return parts;
}
