/** A cluster as an edge would tell it: three nodes, one of them cut off; an etcd of three; an API server that the edge relieves. */
import { ClusterReport } from '../../protocol/cluster-report.ts';
import type { ToldAgent } from './told-agents.ts';

const NODE = { cpuMillis: 8_000, memoryMib: 16_384, pods: 110 };
const ALL = { cpuMillis: 24_000, memoryMib: 49_152, pods: 330 };
const GIGABYTE = 1_000_000_000;
const TAKEN = '2026-03-01T12:00:00.000Z';

export async function tellCluster(edge: ToldAgent, name: string): Promise<void> {
  const path = `/v1/agent/clusters/${name}`;
  await edge.tell(path, { kind: 'kubernetes', authority: 'PEM' });
  await edge.tell(`${path}/report`, ClusterReport.parse({ facts: factsOf(), requests: REQUESTS }));
}

function factsOf() {
  return {
    version: 'v1.34.4',
    capacity: ALL,
    allocatable: { cpuMillis: 22_500, memoryMib: 46_000, pods: 330 },
    foreign: { cpuMillis: 3_250, memoryMib: 5_120, pods: 41 },
    rttMs: 12,
    network: {
      plugin: 'calico',
      overlay: 'vxlan',
      podPrefixes: ['10.244.0.0/16'],
      servicePrefix: '10.96.0.0/12',
      policies: 'enforced',
      reachability: 'by_service',
      detail: 'Its pods are behind an overlay: other sites reach its services.',
    },
    nodes: [1, 2, 3].map((index) => ({
      name: `node-${index}`,
      addresses: [`10.0.0.1${index}`],
      ready: index === 3 ? 'Unknown' : 'True',
      verdict: index === 3 ? 'cut_off' : 'alive',
      evidence: index === 3 ? 'kubelet silent for 40 s; the edge hears it on its LAN' : '',
      schedulable: index !== 3,
      version: 'v1.34.4',
      capacity: NODE,
      labels: {},
    })),
    statements: [
      { type: 'Reachable', status: 'True', reason: 'Answers', message: 'Its API server answers.' },
    ],
    etcd: etcdOf(),
  };
}

function etcdOf() {
  return {
    members: [1, 2, 3].map((index) => ({
      endpoint: `https://10.0.0.1${index}:2379`,
      id: `a${index}`,
      version: '3.6.4',
      isLeader: index === 1,
      healthy: true,
      detail: '',
      databaseBytes: index === 2 ? 1.9 * GIGABYTE : 0.6 * GIGABYTE,
      databaseInUseBytes: 0.5 * GIGABYTE,
      quotaBytes: 2 * GIGABYTE,
      raftTerm: 4,
      raftIndex: 812_345,
      leaderChanges: 1,
      fsyncP99Ms: 3.2,
      commitP99Ms: 6.1,
      alarms: [],
    })),
    advice: ['Defragment https://10.0.0.12:2379: it holds 1.4 GB that nothing uses.'],
    backups: [
      {
        name: 'prod-0001.snapshot',
        takenAt: TAKEN,
        bytes: 0.5 * GIGABYTE,
        sha256: 'a'.repeat(64),
        revision: 812_000,
        etcdVersion: '3.6.4',
        tookMs: 900,
      },
    ],
    drills: [
      {
        at: TAKEN,
        backup: 'prod-0001.snapshot',
        outcome: 'passed',
        detail: 'All keys were read back.',
        recoveryMs: 4_200,
      },
    ],
  };
}

const REQUESTS = {
  windowSeconds: 600,
  requests: 10_000,
  fromCache: 9_000,
  coalesced: 400,
  upstream: 600,
  upstreamLists: 12,
  upstreamWatches: 7,
  accessReviews: 33,
  openStreams: 5,
  budgetBytes: 256_000_000,
  usedBytes: 31_000_000,
  types: [
    {
      resource: 'v1/pods',
      state: 'synced',
      objects: 1_240,
      watchers: 18,
      bytes: 22_000_000,
      lastUsedSeconds: 1,
    },
    { resource: 'v1/events', state: 'dropped', objects: 0, watchers: 0, bytes: 0, lastUsedSeconds: 400 },
  ],
  talkers: [
    {
      program: 'prometheus/3.1',
      subject: 'isthmus:demo:metrics',
      verb: 'list',
      resource: 'v1/pods',
      requests: 7_000,
      perMinute: 700,
      fromCache: 6_900,
      coalesced: 0,
      upstream: 100,
      errors: 0,
      bytes: 910_000_000,
      p50Ms: 2,
      p99Ms: 41,
    },
    {
      program: 'kubectl/v1.34.4',
      subject: 'isthmus:demo:ada',
      verb: 'get',
      resource: 'apps/v1/deployments',
      requests: 3_000,
      perMinute: 300,
      fromCache: 2_100,
      coalesced: 400,
      upstream: 500,
      errors: 3,
      bytes: 12_000_000,
      p50Ms: 5,
      p99Ms: 88,
    },
  ],
  advice: ['prometheus lists all pods 700 times a minute: let it watch instead.'],
};
