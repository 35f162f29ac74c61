/** A large estate for `placement.ts`, the same for the same seed: sites, clusters with nodes and labels, tenants that share them, and apps that ask for all sorts of things. */

import type {
  Estate,
  PlacedApp,
  PlacedCluster,
  PlacedNode,
  PlacedSite,
} from '../functions/placement/estate.ts';
import { DisconnectContract } from '../protocol/app-change.ts';
import { Placement } from '../protocol/placement.ts';

const SITES = 100;
const NODES = 10;
const TENANTS = 50;
const REGIONS = ['eu', 'us', 'ap', 'sa', 'af'] as const;
const KINDS = ['kubernetes', 'swarm', 'mesos', 'marathon', 'docker'] as const;
const NOW_MS = 1_800_000_000_000;

export interface Size {
  readonly apps: number;
  readonly clusters: number;
  readonly seed: number;
}

/** Numbers below `limit`, the same row for the same seed (mulberry32). */
function chance(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

function sitesOf(): PlacedSite[] {
  return range(SITES).map((index) => ({
    id: `site-${index}`,
    name: `site-${index}`,
    location: index % 10 === 9 ? 'public' : 'private',
    labels: { region: REGIONS[index % REGIONS.length] ?? 'eu', tier: index % 3 === 0 ? 'core' : 'edge' },
    costPerCpu: index % 10 === 9 ? 40 : index % 7,
  }));
}

function nodeOf(index: number, draw: (limit: number) => number): PlacedNode {
  const cpus = 8 + 8 * draw(3);
  return {
    name: `node-${index}`,
    role: index < 3 ? 'manager' : 'worker',
    labels: { disk: draw(3) === 0 ? 'ssd' : 'hdd', zone: `z${index % 3}` },
    capacity: { cpuMillis: cpus * 1_000, memoryMib: cpus * 4_096, pods: 110 },
  };
}

function clusterOf(index: number, draw: (limit: number) => number): PlacedCluster {
  const nodes = range(NODES).map((number) => nodeOf(number, draw));
  const sum = (pick: (node: PlacedNode) => number) => nodes.reduce((total, node) => total + pick(node), 0);
  const capacity = {
    cpuMillis: sum((node) => node.capacity.cpuMillis),
    memoryMib: sum((node) => node.capacity.memoryMib),
    pods: sum((node) => node.capacity.pods),
  };
  const part = 0.3 + draw(50) / 100;
  return {
    id: `cluster-${String(index).padStart(5, '0')}`,
    name: `cluster-${index}`,
    site: `site-${index % SITES}`,
    tenants: range(TENANTS).map((tenant) => `tenant-${tenant}`),
    kind: KINDS[index % KINDS.length] ?? 'docker',
    labels: { stage: index % 4 === 0 ? 'test' : 'live' },
    capacity,
    used: {
      cpuMillis: Math.floor(capacity.cpuMillis * part),
      memoryMib: Math.floor(capacity.memoryMib * part),
      pods: Math.floor(capacity.pods * part),
    },
    nodes,
    health: { verdict: 'alive', evidence: 'it answers', heardAtMs: NOW_MS },
    policies: index % 20 === 0 ? 'ignored' : 'enforced',
    images: range(20).map(() => `image-${draw(500)}`),
    pools: [],
  };
}

/** What apps ask for, each kind as often as another. */
function wishes(index: number, draw: (limit: number) => number): unknown[] {
  const region = REGIONS[draw(REGIONS.length)] ?? 'eu';
  const other = `app-${draw(Math.max(1, index))}`;
  return [
    {},
    { constraints: [`site.region == ${region}`] },
    { residency: 'inside', constraints: ['stage == live'], spread: [{ by: 'site' }] },
    { burst: {}, preferences: [{ constraint: `site.region == ${region}` }] },
    { constraints: ['node.disk == ssd', 'stage == live'], uniquePerNode: true },
    { division: { kind: 'divide', by: 'evenly' }, constraints: ['cluster.kind in (kubernetes, swarm)'] },
    { spread: [{ by: 'site.region', maxSkew: 1 }], constraints: ['stage != test'] },
    { latencyTo: [other], residency: 'inside' },
    { priority: 60 + draw(4) * 10, constraints: ['site.name like site-1*'] },
    {
      preferences: [{ constraint: 'site.tier == core', weight: 80 }],
      constraints: [`site.region != ${region}`],
    },
  ];
}

function appOf(index: number, draw: (limit: number) => number, tenants: number): PlacedApp {
  const all = wishes(index, draw);
  return {
    id: `tenant-${index % tenants}/app-${index}`,
    name: `app-${index}`,
    tenant: `tenant-${index % tenants}`,
    replicas: 1 + draw(8),
    need: {
      cpuMillis: [250, 500, 1_000, 2_000][draw(4)] ?? 250,
      memoryMib: [256, 1_024, 4_096][draw(3)] ?? 256,
    },
    image: `image-${draw(500)}`,
    isolation: draw(4) === 0 ? 'required' : 'any',
    placement: Placement.parse(all[draw(all.length)]),
    disconnect: DisconnectContract.parse({ replace: draw(2) === 0 }),
  };
}

export function largeEstate({ apps, clusters, seed }: Size): Estate {
  const draw = chance(seed);
  const latencies = range(SITES).flatMap((a) =>
    range(a).map((b) => ({
      between: [`site-${a}`, `site-${b}`] as const,
      ms: a % REGIONS.length === b % REGIONS.length ? 2 + draw(20) : 60 + draw(200),
    })),
  );
  return {
    nowMs: NOW_MS,
    tenants: range(TENANTS).map((tenant) => ({
      name: `tenant-${tenant}`,
      quota: { cpuMillis: 2_000_000, replicas: 5_000 },
    })),
    sites: sitesOf(),
    clusters: range(clusters).map((index) => clusterOf(index, draw)),
    apps: range(apps).map((index) => appOf(index, draw, TENANTS)),
    latencies,
    placed: [],
  };
}
