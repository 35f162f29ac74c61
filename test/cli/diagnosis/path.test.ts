/** The way between two sites, from what edges and hubs told: never better than the evidence. */
import { expect, test } from 'vitest';
import { pathBetween, pathText, withSize } from '../../../cli/diagnosis/path.ts';
import { Cluster } from '../../../protocol/cluster.ts';
import type { Finding } from '../../../protocol/report.ts';
import { AT, EDGES, edge } from './estate.ts';

const cluster = (by: string, rttMs: number) =>
  Cluster.parse({
    metadata: { name: `c-${by}`, createdAt: AT, updatedAt: AT, generation: 1, version: 1 },
    spec: { site: 'x' },
    status: {
      ...{
        kind: 'swarm',
        edge: by,
        host: 'h',
        servers: [],
        authority: '',
        browser: { state: 'no_domain', detail: '' },
        conditions: [],
      },
      facts: {
        ...{
          version: '1',
          capacity: { cpuMillis: 0, memoryMib: 0, pods: 0 },
          nodes: [],
          statements: [],
          rttMs,
        },
        allocatable: { cpuMillis: 0, memoryMib: 0, pods: 0 },
      },
    },
  });
const between = (edges: typeof EDGES, clusters: Cluster[] = []) =>
  pathBetween({ site: 'berlin', edges, clusters }, { site: 'tokyo', edges, clusters });

test('goes by the hub that the first edge sends by, if the other is heard there', () => {
  const path = between(EDGES, [cluster('b1', 12), cluster('t1', 8)]);
  expect([path.way, path.hubs, path.rttMs]).toEqual(['same', ['one'], 20]);
  expect(pathText(path)).toBe(`berlin -> tokyo: by hub one
  berlin      edge b1, heard by one, two, sends by one, 12 ms to it and back
  tokyo       edge t1, heard by one, two, sends by two, 8 ms to it and back
  RTT         about 20 ms, by what both edges measured to their hubs
  MTU         nobody told of a smaller one than the tunnels have`);
});

test('goes by two hubs that are joined, if no hub hears both', () => {
  const edges = [edge('b1', 'berlin', { up: ['one'], down: ['two'] }), edge('t1', 'tokyo', { up: ['two'] })];
  expect(between(edges)).toMatchObject({ way: 'twins', hubs: ['one', 'two'] });
});

test('is none if an end is not heard, not approved or cut off, and no time is made up', () => {
  const silent = [edge('b1', 'berlin'), edge('t1', 'tokyo', { up: [], down: ['one'] })];
  expect(between(silent)).toMatchObject({ way: 'none', hubs: [] });
  expect(between(silent).rttMs).toBeUndefined();
  const cut = EDGES.map((one) => ({ ...one, spec: { ...one.spec, quarantined: true } }));
  expect(between(cut).way).toBe('none');
  expect(between(EDGES, [cluster('b1', 12)]).rttMs).toBeUndefined();
});

test('says what an edge found of sizes', () => {
  const mtu = {
    code: 'mtu.one',
    level: 'warning',
    message: 'packets of more than 1280 bytes vanish',
    fix: '',
  };
  expect(pathText(between([edge('b1', 'berlin', { findings: [mtu] }), edge('t1', 'tokyo')]))).toContain(
    'MTU         b1: packets of more than 1280 bytes vanish',
  );
});

test('says of a size only what was told: by hubs of the path alone, and nothing of an edge that never told', () => {
  const mtu = (hub: string, bytes: number): Finding => ({
    ...{
      code: `mtu.${hub}`,
      level: 'warning',
      message: `packets of more than ${bytes} bytes vanish`,
      fix: '',
    },
  });
  const fits = (findings: Finding[] | undefined, sizeBytes: number) => {
    const edges = [edge('b1', 'berlin', findings && { findings }), edge('t1', 'tokyo', { findings: [] })];
    const ends = {
      from: { site: 'berlin', edges, clusters: [] },
      to: { site: 'tokyo', edges, clusters: [] },
    };
    const { legs } = withSize(pathBetween(ends.from, ends.to), { ...ends, sizeBytes });
    return legs.flat().map(({ fit }) => fit);
  };
  const plain = { state: 'fits', largestBytes: 1_420 };
  expect(fits([], 1_420)).toEqual([plain, plain]);
  expect(fits([], 1_421)[0]).toEqual({ state: 'too_large', largestBytes: 1_420 });
  expect(fits([mtu('one', 1_300)], 1_300)[0]).toEqual({ state: 'fits', largestBytes: 1_300 });
  expect(fits([mtu('one', 1_300)], 1_301)[0]).toEqual({ state: 'too_large', largestBytes: 1_300 });
  expect(fits([mtu('else', 1_300)], 1_400)[0]).toEqual(plain);
  expect(fits([{ ...mtu('one', 1), message: 'Large packets vanish.' }], 100)[0]).toEqual({
    state: 'unknown',
  });
  expect(fits(undefined, 100)[0]).toEqual({ state: 'unknown' });
});
