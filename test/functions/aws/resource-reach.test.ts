/** How the resource function reaches the API and CloudFormation: keys, throttling, wrong URLs, limits, the real HTTP. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { describe, expect, test } from 'vitest';
import { createResourceHandler } from '../../../functions/aws/resource.ts';
import { ADMIN, createBench } from '../api/bench.ts';
import { make } from '../api/estates.ts';
import { createStand, type Declaration, eventOf, type Stand, Told } from './resource-stand.ts';

const TENANT: Declaration = { collection: '/v1/tenants', name: 'acme', spec: { isolation: 'isolated' } };
const ACME = '/v1/tenants/acme';
const WRONG = `${ADMIN.slice(0, -1)}${ADMIN.endsWith('0') ? '1' : '0'}`;

async function isThere({ bench }: Stand, path: string): Promise<boolean> {
  return (await bench.call('GET', path)).status === 200;
}

describe('the API key', () => {
  test('that is wrong is said, is not shown, and does not keep a stack from rolling back', async () => {
    const stand = await createStand();
    stand.keys.splice(0, 1, WRONG);
    const told = await stand.send({ type: 'Create', declared: TENANT });
    expect(told.Status).toBe('FAILED');
    expect(told.Reason).toContain('Send a valid API key');
    expect(stand.answers.join()).not.toContain(WRONG);
    const physicalId = told.PhysicalResourceId;
    expect((await stand.send({ type: 'Delete', declared: TENANT, physicalId })).Status).toBe('SUCCESS');
  });

  test('that is more than a key is sent to nobody, shown to nobody, and read again', async () => {
    const stand = await createStand();
    const pretty = JSON.stringify({ key: ADMIN }, undefined, 2);
    stand.keys.splice(0, 1, pretty, 'two words', '', `${ADMIN}\n`);
    for (let broken = 0; broken < 3; broken += 1) {
      const told = await stand.send({ type: 'Create', declared: TENANT });
      expect([told.Status, stand.calls]).toEqual(['FAILED', []]);
      expect(told.Reason).toBe(
        'The secret isthmus/key does not hold the text of an API key, and nothing else.',
      );
    }
    expect((await stand.send({ type: 'Create', declared: TENANT })).Status).toBe('SUCCESS');
  });

  test('that was changed meanwhile is read again', async () => {
    const stand = await createStand();
    stand.keys.splice(0, 1, WRONG, ADMIN);
    expect((await stand.send({ type: 'Create', declared: TENANT })).Status).toBe('SUCCESS');
  });
});

describe('an API that does not answer well', () => {
  test('is asked again when it throttles, after the time that it says', async () => {
    const stand = await createStand();
    stand.faults.push('throttled', 'busy', 'throttled');
    expect((await stand.send({ type: 'Create', declared: TENANT })).Status).toBe('SUCCESS');
    expect(stand.pausedMs).toBeGreaterThanOrEqual(14_000);
  });

  test('is given up in time for an answer to CloudFormation', async () => {
    const stand = await createStand();
    stand.faults.push(...Array.from({ length: 100 }, () => 'busy' as const));
    const told = await stand.send({ type: 'Create', declared: TENANT });
    expect(told.Reason).toBe('GET /v1/tenants/acme got 503, and not from Isthmus itself.');
    expect(stand.calls.length).toBeLessThanOrEqual(8);
    expect(stand.pausedMs).toBeLessThan(120_000);
  });

  test('and can not be reached at all does not keep a stack from rolling back', async () => {
    const stand = await createStand();
    stand.faults.push(...Array.from({ length: 100 }, () => 'down' as const));
    const told = await stand.send({ type: 'Create', declared: TENANT });
    expect(told.Reason).toContain('getaddrinfo ENOTFOUND');
    const physicalId = told.PhysicalResourceId;
    expect((await stand.send({ type: 'Delete', declared: TENANT, physicalId })).Status).toBe('SUCCESS');
  });

  test('and is no API at all is not taken for one that has nothing', async () => {
    const stand = await createStand();
    await stand.send({ type: 'Create', declared: TENANT });
    stand.faults.push('stranger', 'stranger');
    const told = await stand.send({ type: 'Delete', declared: TENANT, physicalId: ACME });
    expect(told.Reason).toBe('GET /v1/tenants/acme got 404, and not from Isthmus itself.');
    expect((await stand.send({ type: 'Create', declared: TENANT })).Status).toBe('FAILED');
    expect(await isThere(stand, ACME)).toBe(true);
  });

  test('keeps a resource of the stack from being taken for deleted', async () => {
    const stand = await createStand();
    await stand.send({ type: 'Create', declared: TENANT });
    stand.faults.push(...Array.from({ length: 100 }, () => 'down' as const));
    const told = await stand.send({ type: 'Delete', declared: TENANT, physicalId: ACME });
    expect(told).toMatchObject({ Status: 'FAILED', PhysicalResourceId: ACME });
  });

  test('may have created before it fell silent: the roll-back deletes that, and what is others’ stays', async () => {
    for (const isForeign of [false, true]) {
      const stand = await createStand();
      if (isForeign)
        stand.before.set('POST /v1/tenants', async () => {
          stand.before.clear();
          await make(stand.bench, ['/v1/tenants', 'acme'], TENANT.spec);
        });
      stand.faults.push('fine', ...Array.from({ length: 100 }, () => 'lost' as const));
      const told = await stand.send({ type: 'Create', declared: TENANT });
      expect([told.Status, await isThere(stand, ACME)]).toEqual(['FAILED', true]);
      stand.faults.length = 0;
      await stand.send({ type: 'Delete', declared: TENANT, physicalId: told.PhysicalResourceId });
      expect(await isThere(stand, ACME)).toBe(isForeign);
    }
  });
});

describe('properties', () => {
  test.each([
    ['a collection that is not for stacks', { collection: '/v1/hubs' }],
    ['a collection that leads elsewhere', { collection: '/v1/tenants/../keys' }],
    ['a name that is a path', { name: 'acme/keys' }],
    ['a URL without TLS', { url: 'http://api.example.com' }],
    ['a spec that is no JSON', { spec: '{' }],
  ])('with %s call nobody, and leave nothing to delete', async (_, properties) => {
    const stand = await createStand();
    const told = await stand.send({ type: 'Create', declared: TENANT, properties });
    expect(told.Status).toBe('FAILED');
    expect(told.Reason).toMatch(/^The property (collection|name|url|spec) is wrong: /);
    const physicalId = told.PhysicalResourceId;
    const deleted = await stand.send({ type: 'Delete', declared: TENANT, properties, physicalId });
    expect([deleted.Status, stand.calls]).toEqual(['SUCCESS', []]);
  });
});

describe('a physical id', () => {
  test.each([
    '/v1/hubs/hub-a',
    '/v1/tenants/acme/keys/ci',
    '/v1/tenants/../hubs/hub-a',
    '/v1/tenants/acme?x=',
  ])('that names what is not for stacks (%s) deletes nothing', async (physicalId) => {
    const stand = await createStand();
    await stand.send({ type: 'Delete', declared: TENANT, physicalId });
    expect(stand.calls.filter((call) => call !== `GET ${ACME}`)).toEqual([]);
  });
});

describe('the answer to CloudFormation', () => {
  test('is within its limits, whatever is in it', async () => {
    const stand = await createStand();
    await make(stand.bench, ['/v1/tenants', 'acme']);
    const prefixes = Array.from({ length: 64 }, (_, index) => `10.${index}.255.0/24`);
    const spec = { allotment: ['10.0.0.0/8'], prefixes };
    const declared = { collection: `${ACME}/sites`, name: 'a'.repeat(32), spec };
    expect((await stand.send({ type: 'Create', declared })).Status).toBe('SUCCESS');
    const wrong = { ...declared, name: 'b', spec: { ...spec, ['ü'.repeat(3_000)]: 1 } };
    const told = await stand.send({ type: 'Create', declared: wrong });
    expect(Buffer.byteLength(told.Reason)).toBeLessThanOrEqual(1_000);
    expect(told.Reason).toContain('ü...');
    for (const answer of stand.answers) expect(Buffer.byteLength(answer)).toBeLessThan(4_096);
  });

  test('that cannot be given is a failure of the function, so that the event comes again', async () => {
    const stand = await createStand();
    stand.unheard = 5;
    await expect(stand.send({ type: 'Create', declared: TENANT })).rejects.toThrow(
      'CloudFormation could not be answered.',
    );
  });

  test('goes by PUT without a content type, over real HTTP as everything else', async () => {
    const bench = await createBench();
    const api = serve({ fetch: bench.api.fetch, port: 0, hostname: '127.0.0.1' });
    const heard: { method: string | undefined; headers: IncomingHttpHeaders; text: string }[] = [];
    const answers = createServer((request, response) => {
      const { method, headers } = request;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        heard.push({ method, headers, text: Buffer.concat(chunks).toString() });
        response.end();
      });
    });
    await new Promise<void>((resolve) => answers.listen(0, '127.0.0.1', resolve));
    const handle = createResourceHandler({
      fetch: (url, init) => fetch(url, init),
      secret: async () => `${ADMIN}\n`,
      forget: () => undefined,
      nowMs: () => Date.now(),
      pause: () => Promise.resolve(),
    });
    const properties = { url: urlOf(api.address()) };
    const event = eventOf({ type: 'Create', declared: TENANT, properties }, 'request-1');
    await handle({ ...event, ResponseURL: urlOf(answers.address()) }, 300_000);
    api.close();
    answers.close();
    const [only] = heard;
    expect([heard.length, only?.method, only?.headers['content-type']]).toEqual([1, 'PUT', undefined]);
    expect(only?.headers['content-length']).toBe(String(only?.text.length));
    expect(Told.parse(JSON.parse(only?.text ?? ''))).toMatchObject({ PhysicalResourceId: ACME });
    expect((await bench.call('GET', ACME)).json.spec.isolation).toBe('isolated');
  });
});

function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}
