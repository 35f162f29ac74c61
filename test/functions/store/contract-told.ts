/** The promises about what the edges of clusters tell: each part by itself, the newest word of each, and how large one may be. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ItemKey } from '../../../functions/store/port.ts';
import { ClusterFacts } from '../../../protocol/cluster.ts';
import { FoundService } from '../../../protocol/cluster-report.ts';
import type { Given } from './races.ts';

const NOTHING = { cpuMillis: 0, memoryMib: 0, pods: 0 };
const NODES_MAX = 5_000;

function clusterKey(name: string, tenant = 'acme'): ItemKey<'cluster'> {
  return { kind: 'cluster', tenant, name };
}

function factsOf(version: string, nodes = 0): ClusterFacts {
  const node = (_: unknown, index: number) => ({
    name: `worker-${index}.data-center.example.net`,
    addresses: [`10.0.${index >> 8}.${index & 255}`],
    ready: 'True',
    verdict: 'alive',
    evidence: 'It renews its lease.',
    schedulable: true,
    version,
    capacity: { cpuMillis: 8_000, memoryMib: 32_768, pods: 110 },
    labels: { 'kubernetes.io/hostname': `worker-${index}`, zone: `zone-${index % 3}` },
  });
  const list = Array.from({ length: nodes }, node);
  return ClusterFacts.parse({
    version,
    capacity: NOTHING,
    allocatable: NOTHING,
    nodes: list,
    statements: [],
  });
}

function found(name: string): FoundService {
  return FoundService.parse({
    name,
    source: `default/${name}`,
    address: '10.0.0.9',
    port: 80,
    protocol: 'tcp',
  });
}

export function describeTellings(store: Given): void {
  it('knows nothing of a cluster until its edge tells, and then the newest word of each part', async () => {
    const key = clusterKey('newest');
    expect(await store().told(key, ['facts', 'services'])).toStrictEqual({});
    await store().writeTold(key, 'facts', { at: 'then', value: factsOf('v1') });
    await store().writeTold(key, 'services', { at: 'then', value: [found('web')] });
    await store().writeTold(key, 'facts', { at: 'now', value: factsOf('v2') });
    expect(await store().told(key, ['facts', 'services', 'apps'])).toStrictEqual({
      facts: { at: 'now', value: factsOf('v2') },
      services: { at: 'then', value: [found('web')] },
    });
  });

  it('shows no part that was not asked for, and keeps a part that is empty apart from one never told', async () => {
    const key = clusterKey('parts');
    await store().writeTold(key, 'facts', { at: 'now', value: factsOf('v1') });
    await store().writeTold(key, 'services', { at: 'now', value: [] });
    expect(await store().told(key, ['services'])).toStrictEqual({ services: { at: 'now', value: [] } });
    expect(await store().told(key, [])).toStrictEqual({});
    const published = { at: 'now', value: { services: 1, routes: 0, faults: ['a/b: why.'], faultCount: 1 } };
    await store().writeTold(key, 'published', published);
    expect(await store().told(key, ['published'])).toStrictEqual({ published });
  });

  it('keeps what is told apart by tenant, by cluster, and from the cluster itself', async () => {
    await store().writeTold(clusterKey('a', 'told-red'), 'facts', { at: 'now', value: factsOf('v1') });
    expect(await store().told(clusterKey('a', 'told-blue'), ['facts'])).toStrictEqual({});
    expect(await store().told(clusterKey('ab', 'told-red'), ['facts'])).toStrictEqual({});
    expect(await store().list('cluster', 'told-red', { limit: 10 })).toStrictEqual({ items: [] });
  });

  it('refuses to keep anything of a cluster whose name could reach into another partition', async () => {
    const value = { at: 'now', value: [] };
    for (const key of [clusterKey('a#facts'), clusterKey('a', 'red#told')])
      await expect(store().writeTold(key, 'apps', value)).rejects.toMatchObject({ code: 'store.bad_key' });
  });
}

export function describeLargeTellings(store: Given): void {
  it('keeps the facts of a cluster of 5,000 nodes', async () => {
    const key = clusterKey('large');
    const facts = { at: 'now', value: factsOf('v1', NODES_MAX) };
    await store().writeTold(key, 'facts', facts);
    expect(await store().told(key, ['facts'])).toStrictEqual({ facts });
  });

  it('refuses a part that the table does not take with a coded error, and keeps the word before', async () => {
    const key = clusterKey('larger');
    const before = { at: 'then', value: [found('web')] };
    await store().writeTold(key, 'services', before);
    // Random, because what repeats is packed small.
    const source = randomBytes(450_000).toString('latin1');
    const after = { at: 'now', value: [{ ...found('web'), source }] };
    await expect(store().writeTold(key, 'services', after)).rejects.toMatchObject({
      code: 'store.too_large',
    });
    expect(await store().told(key, ['services'])).toStrictEqual({ services: before });
  });
}
