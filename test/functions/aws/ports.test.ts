/** The small adapters to AWS, as far as they decide something: messages that fit, secrets kept for a while, variables. */
import { once as happens } from 'node:events';
import { createServer } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byNetwork } from '../../../functions/aws/cloudformation.ts';
import { createCustomResource } from '../../../functions/aws/custom-resource.ts';
import { readEnvironment } from '../../../functions/aws/environment.ts';
import { once } from '../../../functions/aws/once.ts';
import { createQueue, partsOf } from '../../../functions/aws/queue.ts';
import { createRoutine } from '../../../functions/aws/routine.ts';
import { keptSecret } from '../../../functions/aws/secrets.ts';

describe('messages', () => {
  test('have every agent once, in order, and none is larger than SQS takes', () => {
    const agents = fc.array(fc.string({ minLength: 1, maxLength: 300 }), { maxLength: 2_000 });
    fc.assert(
      fc.property(agents, (list) => {
        const parts = partsOf(list);
        expect(parts.flat()).toEqual(list);
        expect(parts.filter((part) => part.length === 0)).toEqual([]);
      }),
      { seed: 73, numRuns: 50 },
    );
    const many = Array.from({ length: 20_000 }, (_, index) => `edge.tenant-${index}.${'x'.repeat(60)}`);
    const sizes = partsOf(many).map((part) => Buffer.byteLength(JSON.stringify({ agents: part })));
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    expect(sizes.length).toBeLessThan(10);
  });

  test('to a hub without a queue, or about nobody, are none', async () => {
    await createQueue({}).send('hub-z', ['edge.a.b']);
    await createQueue({ 'hub-a': 'https://sqs.invalid/q' }).send('hub-a', []);
  });
});

test('a secret is read again after minutes, and not before', async () => {
  let reads = 0;
  let now = '2026-01-01T00:00:00.000Z';
  const secret = keptSecret({ read: async () => `value ${++reads}` }, 'id', { now: () => now });
  expect([await secret(), await secret()]).toEqual(['value 1', 'value 1']);
  now = '2026-01-01T00:06:00.000Z';
  expect(await secret()).toBe('value 2');
  const empty = keptSecret({ read: async () => undefined }, 'id', { now: () => now });
  await expect(empty()).rejects.toThrow('The secret id has no value.');
});

test('what failed to be made once is made again', async () => {
  let tries = 0;
  const make = once(async () => {
    tries += 1;
    if (tries === 1) throw new Error('away');
    return tries;
  });
  await expect(make()).rejects.toThrow('away');
  expect([await make(), await make()]).toEqual([2, 2]);
});

describe('variables', () => {
  test('are read by their schemas', () => {
    const environment = { ISTHMUS_POOLS: '100.64.0.0/11,100.96.0.0/11', ISTHMUS_QUEUES: '{"a":"https://q"}' };
    expect(readEnvironment(environment, ['pools', 'queues', 'stsEndpoint'])).toEqual({
      pools: ['100.64.0.0/11', '100.96.0.0/11'],
      queues: { a: 'https://q' },
      stsEndpoint: '',
    });
  });

  test('that are missing or wrong are named', () => {
    expect(() => readEnvironment({}, ['table'])).toThrow('ISTHMUS_TABLE is missing or wrong');
    expect(() => readEnvironment({ ISTHMUS_QUEUES: 'no' }, ['queues'])).toThrow('ISTHMUS_QUEUES');
  });
});

test('the schedule does what it is told, and nothing for what it does not know', async () => {
  const done: string[] = [];
  const run = createRoutine({
    sweep: async () => done.push('sweep'),
    routes: async () => done.push('routes'),
  });
  await run({ do: 'sweep' });
  await run({ do: 'routes' });
  await expect(run({ do: 'else' })).rejects.toThrow();
  expect(done).toEqual(['sweep', 'routes']);
});

describe('CloudFormation', () => {
  async function answerTo(
    work: Parameters<typeof createCustomResource>[0],
    event: object = {},
    failures = 0,
  ) {
    const bodies: { body: string; type: string | undefined }[] = [];
    let left = failures;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        bodies.push({ body, type: request.headers['content-type'] });
        left -= 1;
        response.writeHead(left >= 0 ? 503 : 200).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await happens(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    await createCustomResource(work, { ...byNetwork, pause: async () => undefined })({
      RequestType: 'Create',
      ResponseURL: `http://127.0.0.1:${port}/`,
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Keys',
      ResourceProperties: { what: 'keys' },
      ...event,
    });
    server.close();
    return bodies.map(({ body, type }) => ({ type, json: JSON.parse(body) }));
  }

  test('is told what was made, without a content type, which its address is signed without', async () => {
    const [answer] = await answerTo(async () => ({ Roots: 'root' }));
    expect(answer?.type).toBeUndefined();
    expect(answer?.json).toMatchObject({ Status: 'SUCCESS', Data: { Roots: 'root' }, RequestId: 'request' });
  });

  test('is told of properties that are no properties too', async () => {
    const answers = await answerTo(async () => ({}), { ResourceProperties: 'none' });
    expect(answers[0]?.json).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'isthmus-Keys' });
  });

  test('is told a sentence when it failed, and told again until it hears', async () => {
    const wrong = async () => {
      throw new Error('The key is of the wrong kind.');
    };
    const answers = await answerTo(wrong, {}, 1);
    expect(answers).toHaveLength(2);
    expect(answers[1]?.json).toMatchObject({ Status: 'FAILED', Reason: 'The key is of the wrong kind.' });
  });
});
