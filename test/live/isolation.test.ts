/**
 * An isolation is said to hold where packets prove it: edges of real sites try each other, and what people are told is what hosts find. A flow that runs is cut, a hub that
 * does not count is noticed, a site that is away is not green, and what passes is said and logged.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { EventList } from '../../protocol/event.ts';
import { Tenant } from '../../protocol/tenant.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually, pause } from './eventually.ts';
import { fetchFrom, pings } from './flows.ts';

const LAN = '10.0.0.0/24';
const HOST = '10.0.0.10';
const TENANT = '/v1/tenants/demo';
const RUNNING_MS = 10_000;
const SITES = ['berlin', 'tokyo', 'oslo'] as const;

let estate: Estate;

beforeAll(async () => {
  estate = await raiseEstate({ name: 'isol', sites: SITES.map((name) => ({ name, lan: LAN })) });
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe(), JSON.stringify(await told(), null, 2)));
});

afterAll(() => estate?.destroy());

async function told() {
  const { status } = await estate.api.get(TENANT, Tenant);
  return status.conditions.filter(({ type }) => type.startsWith('Isolated'));
}

async function reasons(): Promise<string[]> {
  return (await told()).map(({ type, status, reason }) => `${type} ${status} ${reason}`);
}

async function untilProved(): Promise<void> {
  await eventually(async () => {
    expect(await reasons()).toEqual([
      'Isolated True OnlyPolicies',
      ...['berlin', 'oslo', 'tokyo'].map((edge) => `Isolated/edge/${edge} True Proved`),
      expect.stringMatching(/^Isolated\/hub\/\w+ True Applied$/),
    ]);
  }, 30_000);
}

function isolate(isolation: 'open' | 'isolated') {
  return estate.api.change(TENANT, (spec) => ({ ...spec, isolation }));
}

async function logged(): Promise<string[]> {
  const { items } = await estate.api.get(`${TENANT}/events?kind=edge&limit=100`, EventList);
  return items.map(({ detail }) => detail).filter((detail) => detail.includes('solation'));
}

test('one call isolates: edges prove it to each other, and a flow that ran was cut', async () => {
  const tokyo = await estate.virtual('tokyo', HOST);
  expect(await fetchFrom(estate.lanHost('berlin'), tokyo)).toContain('hello from tokyo');
  // Edges that have just joined try each other every few seconds, until a flow runs that can be cut.
  await pause(RUNNING_MS);
  await isolate('isolated');
  await untilProved();
  expect([
    await fetchFrom(estate.lanHost('berlin'), tokyo),
    await pings(estate.lanHost('berlin'), tokyo),
  ]).toEqual([undefined, false]);
  const conditions = await told();
  const berlin = conditions.find(({ type }) => type === 'Isolated/edge/berlin');
  expect(berlin?.message).toMatch(
    /^Packets to oslo \(edge oslo\), tokyo \(edge tokyo\) are refused and counted/,
  );
  expect(
    conditions.filter(({ message }) => message.includes('What ran before was cut.')).length,
  ).toBeGreaterThan(0);
  await eventually(async () =>
    expect(await logged()).toContainEqual(
      expect.stringMatching(
        /^The isolation from edge \w+ to \w+ \(edge \w+\) is proved by packets; what ran before was cut/,
      ),
    ),
  );
});

test('sites that a policy joins are not asked, and the others are', async () => {
  const spec = { from: { site: 'berlin' }, to: { site: 'tokyo' } };
  await estate.api.send('POST', `${TENANT}/policies`, { body: { metadata: { name: 'joined' }, spec } });
  await eventually(async () => {
    const berlin = (await told()).find(({ type }) => type === 'Isolated/edge/berlin');
    expect([berlin?.reason, berlin?.message.split(' are ')[0]]).toEqual([
      'Proved',
      'Packets to oslo (edge oslo)',
    ]);
  }, 30_000);
  const tokyo = await estate.virtual('tokyo', HOST);
  await eventually(async () =>
    expect(await fetchFrom(estate.lanHost('berlin'), tokyo)).toContain('hello from tokyo'),
  );
  expect(await fetchFrom(estate.lanHost('oslo'), tokyo)).toBeUndefined();
  await estate.api.remove(`${TENANT}/policies/joined`);
  await untilProved();
});

test('hosts of a site can not speak by the port of the control', async () => {
  const berlin = estate.lanHost('berlin');
  const address = (await estate.virtual('tokyo', '10.0.0.0')).replace(/\/.*$/, '');
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    socket.on('message', () => { console.log('answered'); process.exit(0); });
    socket.send(Buffer.from(process.argv[1], 'hex'), 7864, process.argv[2]);
    setTimeout(() => process.exit(0), 1500);`;
  const question = '495354510100000000000001'.padEnd(48, '0');
  const { stdout } = await berlin.run([process.execPath, '-e', script, question, address]);
  expect(stdout).toBe('');
});

test('what passes is said, logged, and said to hold again once it does', async () => {
  const hub = estate.hub(0);
  await estate.stopAgent(hub.host, 'SIGKILL');
  await hub.host.check(['nft', 'insert', 'rule', 'ip', 'isthmus', 'tenant_demo', 'accept']);
  const { edge } = estate.site('tokyo');
  await eventually(async () => {
    // Its agent puts the rules right every few seconds.
    await edge.check(['nft', 'insert', 'rule', 'ip', 'isthmus', 'inbound', 'accept']);
    expect(await reasons()).toContain('Isolated/edge/berlin False Passed');
  }, 90_000);
  expect((await reasons())[0]).toBe('Isolated False NotHeld');
  await eventually(async () =>
    expect(await logged()).toContain(
      'The isolation from edge berlin to tokyo (edge tokyo) does not hold: packets that no policy allows were answered.',
    ),
  );
  estate.startAgent(hub.host);
  await untilProved();
  await eventually(async () =>
    expect(await logged()).toContain(
      'The isolation from edge berlin to tokyo (edge tokyo) holds again, by packets.',
    ),
  );
}, 240_000);

test('a site that is away is not green, nor is what others say of it', async () => {
  await estate.site('tokyo').edge.ip('link set eth0 down');
  await eventually(async () => {
    const all = await reasons();
    expect(all[0]).toBe('Isolated Unknown NotSeen');
    expect(all).toContain('Isolated/edge/tokyo Unknown Silent');
    expect(all).toContain('Isolated/edge/berlin Unknown Unreached');
  }, 150_000);
}, 180_000);

test('an open tenant is asked for no proof', async () => {
  await isolate('open');
  expect(await reasons()).toEqual(['Isolated False Open']);
});
