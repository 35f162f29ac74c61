/** The process for clusters is there while the host has clusters, has its orders, and comes back when it dies. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClustersProcess } from '../../edge-agent/clusters-process.ts';
import type { Document } from '../../protocol/document.ts';

/** Writes every order to a file, tells how many it has had, and dies when told to. */
const PROGRAM = `
import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
const file = join(dirname(process.argv[1]), 'orders');
let count = 0;
process.on('SIGTERM', () => process.exit(0));
process.on('message', (orders) => {
  count += 1;
  appendFileSync(file, process.pid + ' ' + orders.clusters.map(({ cluster }) => cluster).join() + '\\n');
  if (orders.tunnelAddress === '100.64.0.99') process.exit(7);
  const cluster = { name: 'c', kind: 'kubernetes', state: 'attached', nodes: count, workloads: 0, openStreams: 0 };
  process.send({ kind: 'state', residentBytes: 1, clusters: [cluster], findings: [] });
});
`;

let directory: string;
let process_: ClustersProcess;
const said: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-clusters-'));
  writeFileSync(join(directory, 'program.mjs'), PROGRAM);
  said.length = 0;
  process_ = new ClustersProcess({
    directory: join(directory, 'clusters'),
    root: '/',
    now: () => performance.now(),
    chance: () => 0,
    log: (line) => said.push(line),
    program: join(directory, 'program.mjs'),
  });
});

afterEach(async () => {
  await process_.stop();
  rmSync(directory, { recursive: true });
});

function document(tunnelAddress = '100.64.0.9'): Document {
  return {
    version: { epoch: 1, generation: 1 },
    leaves: {
      self: {
        kind: 'self',
        agent: 'edge.demo.berlin',
        role: 'edge',
        tunnelAddress,
        pools: ['100.64.0.0/10'],
        domain: 'isthmus.internal',
        pollSeconds: 30,
      },
      roots: { kind: 'roots', roots: [{ id: 'r', publicKey: 'k' }] },
      'cluster/c': {
        kind: 'cluster',
        tenant: 'demo',
        cluster: 'c',
        type: 'kubernetes',
        host: 'c.demo.clusters.isthmus.internal',
        access: [],
        issuers: [{ id: 'i', publicKey: 'k' }],
        record: 'none',
      },
    },
  };
}

function addCluster(): void {
  mkdirSync(join(directory, 'clusters'), { recursive: true });
  writeFileSync(join(directory, 'clusters/c.json'), '{}');
}

function orders(): string[][] {
  try {
    const lines = readFileSync(join(directory, 'orders'), 'utf8').trim().split('\n');
    return lines.map((line) => line.split(' '));
  } catch {
    return [];
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !isTrue(); round += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isTrue()).toBe(true);
}

describe('the process for clusters', () => {
  test('is not started on a host without clusters', async () => {
    process_.update(document());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([orders(), process_.clusters(), process_.findings()]).toEqual([[], [], []]);
  });

  test('is started at the first pass after a cluster was added, and has its orders', async () => {
    addCluster();
    process_.update(document());
    await until(() => process_.clusters().length === 1);
    expect(orders().map(([, cluster]) => cluster)).toEqual(['c']);
    process_.update(document());
    await until(() => process_.clusters()[0]?.nodes === 2);
  });

  test('is started again when it dies, which is a finding meanwhile', async () => {
    addCluster();
    process_.update(document('100.64.0.99'));
    await until(() => said.length === 1);
    expect(said).toEqual(['the process for clusters ended (exit 7); it is started again']);
    expect(process_.findings().map(({ code }) => code)).toEqual(['clusters.down']);
    process_.update(document());
    await until(() => process_.clusters().length === 1);
    expect(new Set(orders().map(([pid]) => pid)).size).toBe(2);
    expect(process_.findings()).toEqual([]);
  });

  test('ends with the agent and stays ended', async () => {
    addCluster();
    process_.update(document());
    await until(() => process_.clusters().length === 1);
    await process_.stop();
    process_.update(document());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(orders().length).toBe(1);
    expect(said).toEqual([]);
  });
});
