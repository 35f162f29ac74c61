/**
 * The hub's queue in SQS: a long poll that deletes what it received, because a message is only a hint and the documents
 * are checked now and then anyway. An entry that cannot be read is deleted too.
 */
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { asVpcError } from '../../vpc/ec2-errors.ts';
import { limited } from '../../vpc/limits.ts';
import type { Cloud, QueueMessages } from './cloud.ts';
import { lasting } from './faults.ts';

const WAIT_SECONDS = 20;
const CONNECT_MS = 2_000;
const REQUEST_MS = 30_000;
const MESSAGES_MAX = 10;
const ATTEMPTS_MAX = 2;

const Body = z.object({ agents: z.array(z.string()) });

export function openQueue(region: string): Cloud['messages'] {
  const client = new SQSClient({
    region,
    maxAttempts: ATTEMPTS_MAX,
    ...limited({ connectMs: CONNECT_MS, requestMs: REQUEST_MS }),
  });
  return async (queue) => {
    try {
      return { kind: 'messages', agents: await receive(client, queue) };
    } catch (cause) {
      return failed(cause);
    }
  };
}

async function receive(client: SQSClient, queue: string): Promise<string[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queue,
      MaxNumberOfMessages: MESSAGES_MAX,
      WaitTimeSeconds: WAIT_SECONDS,
    }),
  );
  if (Messages.length > 0)
    await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queue,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  return [...new Set(Messages.flatMap(({ Body: body = '' }) => agentsIn(body)))];
}

/** Of `{"agents": [ID, ...]}`. */
export function agentsIn(body: string): readonly string[] {
  try {
    return Body.safeParse(JSON.parse(body)).data?.agents ?? [];
  } catch {
    return [];
  }
}

function failed(cause: unknown): QueueMessages {
  const { code, message } = asVpcError(cause);
  return { kind: 'failed', code, reason: lasting(message) };
}
