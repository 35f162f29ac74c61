/** What is kept of the clusters of a host, and which are refused. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ClusterFile, readClusterFiles, writeClusterFile } from '../../edge-agent/cluster-files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-files-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const socket = (path: string) => ({ kind: 'socket', path }) as const;
const marathon = (name: string, server = 'http://10.0.0.9:8080'): ClusterFile => ({
  ...{ name, kind: 'marathon', server },
});
const mesos = (name: string): ClusterFile => ({
  ...{ name, kind: 'mesos', server: 'http://10.0.0.9:5050', user: 'root' },
});
const swarm = (name: string, path = '/run/a.sock'): ClusterFile => ({
  ...{ name, kind: 'swarm', manager: socket(path) },
});
const docker = (name: string, ...paths: readonly string[]): ClusterFile => ({
  ...{ name, kind: 'docker', engines: paths.map((path) => ({ name: path, endpoint: socket(path) })) },
});
const kubernetes = (name: string, server: string): ClusterFile => ({
  ...{ name, kind: 'kubernetes', credentials: { server, identity: { kind: 'anonymous' } } },
});

function keep(...files: readonly ClusterFile[]): readonly string[] {
  for (const file of files) writeClusterFile(directory, file);
  return readClusterFiles(directory).clusters.map(({ name }) => name);
}

test('a cluster that is added again takes its own place', () => {
  expect(keep(marathon('a'), marathon('a'), marathon('a', 'http://10.0.0.8:8080'))).toEqual(['a']);
});

test.each([
  ['another kind', [mesos('a')], marathon('a'), 'a is a mesos cluster of this host'],
  ['a Marathon', [marathon('a')], marathon('b'), 'This is the cluster a of this host'],
  ['a swarm', [swarm('a')], swarm('b'), 'This is the cluster a'],
  ['one of its engines', [docker('a', '/x', '/y')], docker('b', '/z', '/y'), 'This is the cluster a'],
  ['an API server', [kubernetes('a', 'https://k:1')], kubernetes('b', 'https://k:1'), 'the cluster a'],
])('%s under a name that is not its own is refused, and nothing is kept', (_, there, file, sentence) => {
  keep(...there);
  expect(() => keep(file)).toThrow(sentence);
  expect(keep()).toEqual(['a']);
});

test('clusters beside each other may have one host, and frameworks one Mesos', () => {
  const files = [mesos('a'), mesos('b'), marathon('c'), swarm('d', '/x'), docker('e', '/x'), docker('f')];
  expect(keep(...files, kubernetes('g', 'https://k:1'), kubernetes('h', 'https://k:2'))).toHaveLength(8);
});
