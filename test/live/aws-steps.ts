/** What tests of the emulated deployment do and ask again and again, through its API, queues, table and functions. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { openQueue } from '../../edge-agent/cloud/queue.ts';
import { createOwners } from '../../vpc/owners-table.ts';
import type { Owners } from '../../vpc/port.ts';
import { invoke, recordsHanded, setStream } from '../fixtures/ministack/calls.ts';
import { REGION } from '../fixtures/ministack/start.ts';
import type { UserWanted } from '../fixtures/ministack/user-app.ts';
import { withEnvironment } from './aws-agents.ts';
import { type AwsStand, CREDENTIALS, type Reply } from './aws-stand.ts';
import { eventually, pause } from './eventually.ts';

const USER_APP = 'test/fixtures/ministack/user-app.ts';
export const HUBS = ['hub-a', 'hub-b'] as const;
export const STREAM_MS_MAX = 30_000;
/** MiniStack wakes the stream's function within a second of a write. */
export const QUIET_MS = 2_000;

export async function hubOf(aws: AwsStand, name: string): Promise<Reply['json']> {
  return (await aws.call('GET', `/v1/hubs/${name}`)).json;
}

/** The hub's statement about its VPC's routes. */
export async function routesInPlace(aws: AwsStand, hub: string): Promise<Reply['json']> {
  const { status } = await hubOf(aws, hub);
  return status.conditions.find(({ type }: { type: string }) => type === 'RoutesInPlace');
}

/** What the schedule does every minute, or every quarter of an hour. */
export async function runSchedule({ ministack, outputs }: AwsStand, what: 'routes' | 'sweep'): Promise<void> {
  expect(await invoke(ministack, outputs.ScheduleFunction, { do: what })).toEqual({ failure: undefined });
}

/** The deployment's table as a hub has it. */
export async function withOwners<T>(aws: AwsStand, work: (owners: Owners) => Promise<T>): Promise<T> {
  const settings = { endpoint: aws.ministack.url, region: REGION, credentials: CREDENTIALS };
  const client = new DynamoDBClient(settings);
  return work(createOwners(client, aws.outputs.TableName)).finally(() => client.destroy());
}

/** Reads a hub's queue as the hub does, until it is told of this agent. */
export async function toldOf(aws: AwsStand, hub: string, wanted: string): Promise<void> {
  const { spec } = await hubOf(aws, hub);
  const environment = {
    AWS_ENDPOINT_URL: aws.ministack.url,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
  await withEnvironment(environment, () =>
    eventually(async () => {
      const told = await openQueue(REGION)(spec.slot.queue);
      expect(told).toMatchObject({ kind: 'messages', agents: expect.arrayContaining([wanted]) });
    }, STREAM_MS_MAX),
  );
}

export async function emptyQueues(aws: AwsStand): Promise<void> {
  const settings = { endpoint: aws.ministack.url, region: REGION, credentials: CREDENTIALS };
  const client = new SQSClient(settings);
  for (const hub of HUBS)
    await client.send(new PurgeQueueCommand({ QueueUrl: (await hubOf(aws, hub)).spec.slot.queue }));
  client.destroy();
}

/** Until nothing that was on its way is done any more. */
export async function stopStream({ ministack, outputs }: AwsStand): Promise<void> {
  await setStream(ministack, outputs.StreamFunction, false);
  await quiet(() => recordsHanded(ministack, outputs.StreamFunction));
}

/** Until a figure stands still for a while. */
export async function quiet(figure: () => number): Promise<void> {
  for (let before = -1; before !== figure(); ) {
    before = figure();
    await pause(QUIET_MS);
  }
}

/** Changes what is at this path as a person does: again, if somebody else was faster, such as reconcile. */
export function changeSpec(
  aws: AwsStand,
  path: string,
  change: (spec: Reply['json']) => object,
): Promise<void> {
  return eventually(async () => {
    const { header, json } = await aws.call('GET', path);
    const headers = { 'if-match': header('etag') ?? '' };
    const answer = await aws.call('PUT', path, { body: { spec: change(json.spec) }, headers });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  });
}

/** Makes a service in Berlin public. */
export async function publish(aws: AwsStand, host: string): Promise<void> {
  const service = { metadata: { name: 'shop' }, spec: { address: '10.1.0.10', port: 8080 } };
  const spec = { host, service: { site: 'berlin', name: 'shop' } };
  await aws.call('POST', '/v1/tenants/main/sites/berlin/services', { body: service });
  const made = await aws.call('POST', '/v1/tenants/main/routes', {
    body: { metadata: { name: 'public' }, spec },
  });
  expect(made.status).toBe(201);
}

/** The user's own stack with these prefixes of its site; answers where it is synthesized to. */
export async function synthesizeUser(aws: AwsStand, prefixes: readonly string[]): Promise<string> {
  const [api] = aws.apiHost.split('.');
  // The API's name is not resolved in a function here, so it is called by its other address.
  const url = `${aws.ministack.url}/_aws/execute-api/${api}/$default`;
  const wanted: UserWanted = { url, secret: aws.outputs.AdminSecret, prefixes };
  const into = aws.scratch(`user-${prefixes.length}.out`);
  await aws.cdk.synthesize(USER_APP, { into, environment: { ISTHMUS_USER: JSON.stringify(wanted) } });
  return into;
}
