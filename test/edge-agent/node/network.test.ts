/** Routes and rules of a node as values, and what it knows of others: what it did itself is newer than what it has heard. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firewallText } from '../../../edge-agent/node/firewall.ts';
import { type Holding, holdingOf, LeaseObject, leaseOf } from '../../../edge-agent/node/holding.ts';
import { Known } from '../../../edge-agent/node/known.ts';
import { PoolsMap, poolsMapOf, poolsOf } from '../../../edge-agent/node/pools.ts';
import { readRoutes, routeSteps, wantedRoutes } from '../../../edge-agent/node/routes.ts';
import { inLan, isOnLink } from '../../../edge-agent/node/sight.ts';
import { parseAddress, parsePrefix } from '../../../protocol/address.ts';

function holding(address: string, node: string, change: Partial<Holding> = {}): Holding {
  const holder = { namespace: 'acme', name: 'web-1', uid: 'u1', app: 'web', isStable: true };
  const base = { pool: 'web', holder, container: 'c1', state: 'held', sinceMs: 1_700_000_000_000 } as const;
  return { ...base, address: parseAddress(address), node, version: '1', ...change };
}

const VIEW = {
  node: 'n1',
  prefixes: ['10.0.5.0/24'],
  holdings: [
    holding('10.0.5.7', 'n1'),
    holding('10.0.5.8', 'n2'),
    holding('10.0.5.9', 'far'),
    holding('10.0.5.10', 'n2', { state: 'kept' }),
  ],
  neighbours: new Map([['n2', '10.0.0.12']]),
  link: { device: 'cni0', length: 24 },
};

describe('routes', () => {
  test('lead to the bridge here, to the node that has it, and nowhere for the rest', () => {
    expect(wantedRoutes(VIEW)).toEqual([
      '10.0.5.7 dev cni0 scope link',
      '10.0.5.8 via 10.0.0.12',
      'local 10.0.5.0 dev lo',
      'unreachable 10.0.5.0/24',
    ]);
    expect(wantedRoutes({ ...VIEW, link: undefined })).toEqual([
      '10.0.5.8 via 10.0.0.12',
      'unreachable 10.0.5.0/24',
    ]);
  });

  test('are read back in the words in which they were set', () => {
    const listing = JSON.stringify([
      { type: 'local', dst: '10.0.5.0', dev: 'lo', scope: 'host', flags: [] },
      { type: 'unreachable', dst: '10.0.5.0/24', flags: [] },
      { dst: '10.0.5.7', dev: 'cni0', scope: 'link', flags: [] },
      { dst: '10.0.5.8', gateway: '10.0.0.12', dev: 'eth0', flags: [] },
    ]);
    expect(readRoutes(listing)).toEqual(wantedRoutes(VIEW));
    expect(readRoutes('')).toEqual([]);
    expect(routeSteps(wantedRoutes(VIEW), readRoutes(listing))).toEqual([]);
  });

  test('that move are replaced, and what goes, goes after what comes', () => {
    const there = ['10.0.5.7 via 10.0.0.12', '10.0.5.99 via 10.0.0.12', 'unreachable 10.0.5.0/24'];
    expect(routeSteps(['10.0.5.7 dev cni0 scope link', 'unreachable 10.0.5.0/24'], there)).toEqual([
      'route replace 10.0.5.7 dev cni0 scope link table 7863',
      'route del 10.0.5.99 via 10.0.0.12 table 7863',
    ]);
  });

  test('go by a node only where both share a link', () => {
    const devices = [{ name: 'eth0', addresses: [{ address: '10.0.0.11', length: 24 }] }];
    expect(['10.0.0.12', '10.0.1.12'].map((address) => isOnLink(address, devices))).toEqual([true, false]);
  });
});

test('a pool that shares addresses with a link of the node is known for it', () => {
  const devices = [
    { name: 'eth0', addresses: [{ address: '10.0.0.11', length: 24 }] },
    { name: 'dummy0', addresses: [{ address: '10.0.5.9', length: 32 }] },
  ];
  const at = (...prefixes: string[]) => inLan(prefixes.map(parsePrefix), devices);
  expect([at('10.0.5.0/24', '10.0.1.0/24'), at()]).toEqual([undefined, undefined]);
  const lan = parsePrefix('10.0.0.0/24');
  for (const prefix of ['10.0.0.128/29', '10.0.0.0/23'])
    expect(at('10.0.5.0/24', prefix)).toEqual({ prefix: parsePrefix(prefix), lan, device: 'eth0' });
});

test('the firewall spares what is joined, pods of the cluster only towards pools unless the site exposes them', () => {
  const text = firewallText({
    pools: ['10.0.5.0/24'],
    joined: ['100.64.0.0/10', '10.0.0.0/16'],
    pods: ['10.244.1.0/24'],
  });
  expect(text).toMatch(/set known \{\n[^}]*elements = \{ 10\.0\.5\.0\/24 \}/);
  expect(text).toContain('ip saddr @known ip daddr @joined snat to ip saddr');
  expect(text).toContain('ip saddr @pods ip daddr @pools snat to ip saddr');
  expect(text).toContain('icmp type redirect @th,192,24 655365 drop');
  const exposed = firewallText({ pools: [], joined: ['10.244.0.0/16'], pods: ['10.244.1.0/24'] });
  expect(exposed).toMatch(/set known \{\n[^}]*elements = \{ 10\.244\.1\.0\/24 \}/);
});

describe('what is known of holdings', () => {
  const at = (version: string, container: string) => holding('10.0.5.7', 'n1', { version, container });
  const containers = (known: Known, watched: Holding[], nowMs = 0, isWell = true) =>
    [...known.merged(watched, nowMs, isWell).values()].map(({ container }) => container);

  test('is the newer of what was heard and what was done', () => {
    const known = new Known();
    known.note(at('10', 'mine'), 0);
    expect(containers(known, [at('9', 'old')])).toEqual(['mine']);
    expect(containers(known, [at('11', 'other')])).toEqual(['other']);
    known.noteGone(parseAddress('10.0.5.7'), '12', 0);
    expect(containers(known, [at('11', 'other')])).toEqual([]);
    expect(containers(known, [at('13', 'next')])).toEqual(['next']);
  });

  test('forgets what it did when the watch must have told of it, but not while it is away', () => {
    const known = new Known();
    known.note(at('10', 'mine'), 0);
    expect(containers(known, [], 20_000, false)).toEqual(['mine']);
    expect(containers(known, [], 20_000)).toEqual([]);
  });

  test('comes back out of the cluster’s object as it went in', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.boolean(), (address, isStable) => {
        const one = holding('10.0.5.7', 'n1', {
          holder: { ...at('1', 'c').holder, isStable },
          version: '42',
        });
        const lease = LeaseObject.parse(JSON.parse(JSON.stringify(leaseOf({ ...one, address }))));
        expect(holdingOf(lease)).toEqual({ ...one, address });
      }),
    );
  });

  test('ignores objects that are no addresses, and holds spoilt ones for taken', () => {
    const lease = (name: string, labels: Record<string, string>) =>
      holdingOf(LeaseObject.parse({ metadata: { name, labels } }));
    expect(lease('leader', { 'isthmus.dev/pool': 'web' })).toBeUndefined();
    expect(lease('ip-10-0-5-7', {})).toBeUndefined();
    expect(lease('ip-10-0-5-7', { 'isthmus.dev/pool': 'web' })).toMatchObject({ state: 'held' });
  });
});

test('pools are read as they were published, and not at all where this version does not know them', () => {
  const pools = { pools: [{ name: 'web', prefixes: ['10.0.5.0/24'] }], joined: ['10.0.0.0/16'] };
  expect(poolsOf(PoolsMap.parse(poolsMapOf(pools)))).toEqual(pools);
  expect(poolsOf({ metadata: { name: 'x' }, data: { 'pools.json': '{"pools":7}' } })).toBeUndefined();
});
