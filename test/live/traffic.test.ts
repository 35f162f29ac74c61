/** The main job on the wire: sites with the same range reach each other, and only who may. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LedgerState } from '../../edge-agent/ledger.ts';
import { ECHO_HTTP_PORT } from '../../local/lab-topology.ts';
import { Site } from '../../protocol/site.ts';
import { ApiRefused } from './api-client.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually, pause } from './eventually.ts';
import { counterOf, echoesUdp, fetchFrom, fetchPage, pings } from './flows.ts';

const LAN = '10.0.0.0/24';
const HOST = '10.0.0.10';

let estate: Estate;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'traffic',
    vpc: true,
    sites: [
      { name: 'berlin', lan: LAN, spec: { native: ['oslo'] } },
      { name: 'tokyo', lan: LAN },
      { name: 'oslo', lan: '10.3.0.0/24', spec: { native: ['berlin'] } },
      { name: 'rome', lan: LAN, tenant: 'other' },
      { name: 'lima', lan: LAN, joined: false, poolRoute: false, spec: { lan: 'masquerade' } },
    ],
  });
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(() => estate?.destroy());

describe('two sites with the same range', () => {
  test('reach each other in both directions by TCP, UDP and ICMP, and each keeps its identity', async () => {
    const [berlin, tokyo] = [await estate.virtual('berlin', HOST), await estate.virtual('tokyo', HOST)];
    expect({
      there: await fetchFrom(estate.lanHost('berlin'), tokyo),
      back: await fetchFrom(estate.lanHost('tokyo'), berlin),
      udp: [
        await echoesUdp(estate.lanHost('berlin'), tokyo),
        await echoesUdp(estate.lanHost('tokyo'), berlin),
      ],
      icmp: [await pings(estate.lanHost('berlin'), tokyo), await pings(estate.lanHost('tokyo'), berlin)],
    }).toEqual({
      there: `hello from tokyo, you are ${berlin}`,
      back: `hello from berlin, you are ${tokyo}`,
      udp: [true, true],
      icmp: [true, true],
    });
  });

  test('reach each other by name: the name of another site is its virtual address, of the own site the real one', async () => {
    const url = (site: string) => `http://web.${site}.demo.isthmus.internal:${ECHO_HTTP_PORT}/`;
    const berlin = await estate.virtual('berlin', HOST);
    expect([
      await fetchPage(estate.lanHost('berlin'), url('tokyo')),
      await fetchPage(estate.lanHost('berlin'), url('berlin')),
    ]).toEqual([`hello from tokyo, you are ${berlin}`, `hello from berlin, you are ${HOST}`]);
  });

  test('carry a transfer of 20 MB whole', async () => {
    const tokyo = await estate.virtual('tokyo', HOST);
    const page = await estate
      .lanHost('berlin')
      .check(
        ['sh', '-c', `curl -fsS --max-time 30 http://${tokyo}:${ECHO_HTTP_PORT}/bytes/20000000 | wc -c`],
        { timeoutMs: 40_000 },
      );
    expect(page.trim()).toBe('20000000');
  });
});

describe('a site with a unique range', () => {
  test('is joined natively where both ask: real addresses on both sides, no translation', async () => {
    await estate.lanHost('berlin').ip('route replace 10.3.0.0/24 via 10.0.0.2');
    await estate.lanHost('oslo').ip('route replace 10.0.0.0/24 via 10.3.0.2');
    expect(await fetchFrom(estate.lanHost('berlin'), '10.3.0.10')).toBe(`hello from oslo, you are ${HOST}`);
    expect(await fetchFrom(estate.lanHost('oslo'), HOST)).toBe('hello from berlin, you are 10.3.0.10');
  });

  test('is reached by the others by its virtual addresses', async () => {
    const oslo = await estate.virtual('oslo', '10.3.0.10');
    expect(await fetchFrom(estate.lanHost('tokyo'), oslo)).toBe(
      `hello from oslo, you are ${await estate.virtual('tokyo', HOST)}`,
    );
  });

  test('can not be joined natively where a real range would collide', async () => {
    const asked = estate.api.change(estate.site('tokyo').path, (spec) => ({ ...spec, native: ['oslo'] }));
    const refused = await asked
      .then(() =>
        estate.api.change(estate.site('oslo').path, (spec) => ({ ...spec, native: ['berlin', 'tokyo'] })),
      )
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiRefused);
    expect(refused instanceof ApiRefused ? refused.problem?.code : undefined).toBe('native_collision');
  });
});

describe('a VPC', () => {
  test('reaches a data center by name, and is reached', async () => {
    const vpc = estate.stage.vpcHost;
    if (vpc === undefined) throw new Error('no VPC host');
    const cloud = await estate.virtual('cloud', vpc.address);
    const url = `http://web.tokyo.demo.isthmus.internal:${ECHO_HTTP_PORT}/`;
    expect([await fetchPage(vpc.host, url), await fetchFrom(estate.lanHost('tokyo'), cloud)]).toEqual([
      `hello from tokyo, you are ${cloud}`,
      `hello from cloud, you are ${await estate.virtual('tokyo', HOST)}`,
    ]);
  });
});

describe('a VPC that is joined natively with a site', () => {
  test('reaches it by real addresses and is reached, without translation', async () => {
    const vpc = estate.stage.vpcHost;
    if (vpc === undefined) throw new Error('no VPC host');
    await estate.api.change(estate.site('oslo').path, (spec) => ({ ...spec, native: ['berlin', 'cloud'] }));
    await estate.api.change('/v1/tenants/demo/sites/cloud', (spec) => ({ ...spec, native: ['oslo'] }));
    await vpc.host.ip(`route replace 10.3.0.0/24 via ${estate.hub(0).vpcAddress}`);
    await estate.lanHost('oslo').ip('route replace 172.31.0.0/24 via 10.3.0.2');
    await eventually(async () => {
      expect(await fetchFrom(vpc.host, '10.3.0.10')).toBe(`hello from oslo, you are ${vpc.address}`);
      expect(await fetchFrom(estate.lanHost('oslo'), vpc.address)).toBe(
        'hello from cloud, you are 10.3.0.10',
      );
    });
    expect([
      await echoesUdp(vpc.host, '10.3.0.10'),
      await echoesUdp(estate.lanHost('oslo'), vpc.address),
      await pings(vpc.host, '10.3.0.10'),
    ]).toEqual([true, true, true]);
  });
});

describe('two tenants', () => {
  test('do not reach each other in either direction by any protocol, and the hub counts it', async () => {
    const hub = estate.hub(0).host;
    const before = await counterOf(hub, 'tenant_denied');
    const [rome, tokyo] = [await estate.virtual('rome', HOST), await estate.virtual('tokyo', HOST)];
    expect([
      await fetchFrom(estate.lanHost('tokyo'), rome),
      await fetchFrom(estate.lanHost('rome'), tokyo),
      await echoesUdp(estate.lanHost('tokyo'), rome),
      await pings(estate.lanHost('rome'), tokyo),
    ]).toEqual([undefined, undefined, false, false]);
    expect(await counterOf(hub, 'tenant_denied')).toBeGreaterThan(before);
  });

  test('do not see each other by name', async () => {
    const url = `http://web.tokyo.demo.isthmus.internal:${ECHO_HTTP_PORT}/`;
    expect(await fetchPage(estate.lanHost('rome'), url)).toBeUndefined();
  });
});

describe('a policy', () => {
  test('opens one port between the sites of an isolated tenant and nothing else, and the nudge brings it in seconds', async () => {
    const [berlin, tokyo] = [await estate.virtual('berlin', HOST), await estate.virtual('tokyo', HOST)];
    await estate.api.change('/v1/tenants/demo', (spec) => ({ ...spec, isolation: 'isolated' }));
    await eventually(async () => expect(await pings(estate.lanHost('berlin'), tokyo)).toBe(false));
    const ports = [{ protocol: 'tcp', port: ECHO_HTTP_PORT }];
    const answer = await estate.api.send('POST', '/v1/tenants/demo/policies', {
      body: {
        metadata: { name: 'web' },
        spec: { from: { site: 'berlin' }, to: { site: 'tokyo' }, ports },
      },
    });
    expect(answer.status).toBe(201);
    await eventually(async () =>
      expect(await fetchFrom(estate.lanHost('berlin'), tokyo)).toContain('hello from tokyo'),
    );
    expect([
      await pings(estate.lanHost('berlin'), tokyo),
      await echoesUdp(estate.lanHost('berlin'), tokyo),
      await fetchFrom(estate.lanHost('tokyo'), berlin),
    ]).toEqual([false, false, undefined]);
    await estate.api.remove('/v1/tenants/demo/policies/web');
    await estate.api.change('/v1/tenants/demo', (spec) => ({ ...spec, isolation: 'open' }));
    await eventually(async () => expect(await pings(estate.lanHost('berlin'), tokyo)).toBe(true));
  });
});

describe('a site that joins later with the same range', () => {
  test('changes in the documents of others of its tenant only whom they ask for proofs, is reached at once, and needs no routes in its LAN when it masquerades', async () => {
    const others = ['berlin', 'tokyo', 'oslo', 'rome'];
    const documents = () =>
      Promise.all(
        others.map(async (name) => {
          const text = await estate
            .site(name)
            .edge.check(['sh', '-c', 'for slot in /var/lib/isthmus/ledger.?; do tail -n1 $slot; echo; done']);
          const ledgers = text
            .trim()
            .split('\n')
            .map((line) => LedgerState.parse(JSON.parse(line)));
          const newest = ledgers.sort((a, b) => b.sequence - a.sequence)[0]?.newest;
          return { name, leaves: newest?.document.leaves ?? {} };
        }),
      );
    const without = (all: Awaited<ReturnType<typeof documents>>) =>
      all.map(({ name, leaves }) => ({
        name,
        rest: Object.entries(leaves).filter(([leaf]) => leaf !== 'proof'),
      }));
    await pause(1_000);
    const before = await documents();
    await estate.join('lima');
    await pause(1_000);
    const after = await documents();
    expect(without(after)).toEqual(without(before));
    expect(after.at(-1)).toEqual(before.at(-1));
    const lima = await estate.virtual('lima', HOST);
    expect(await fetchFrom(estate.lanHost('berlin'), lima)).toBe('hello from lima, you are 10.0.0.2');
  });

  test('has virtual prefixes that overlap no others', async () => {
    const all = await Promise.all(
      ['berlin', 'tokyo', 'oslo', 'rome', 'lima'].map((name) => estate.api.get(estate.site(name).path, Site)),
    );
    const virtual = all.flatMap((site) => site.status.prefixes.map((mapping) => mapping.virtual));
    expect(new Set(virtual).size).toBe(5);
  });
});
