/** Which containers `exec` and `logs` mean, what is said where there is no way to them, and how kubectl is run. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { execCall, logCalls } from '../../cli/containers.ts';
import { runKubectl } from '../../cli/kubectl.ts';
import { App, AppSpec } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';

const AT = '2026-01-31T12:00:00.000Z';
const metadata = (name: string) => ({ name, createdAt: AT, updatedAt: AT, generation: 1, version: 1 });
const cluster = (name: string, kind = 'kubernetes') =>
  Cluster.parse({
    metadata: metadata(name),
    spec: { site: 'berlin' },
    status: {
      kind,
      edge: 'e',
      host: 'h',
      servers: [],
      authority: '',
      browser: { state: 'no_domain', detail: '' },
      conditions: [],
    },
  });
const container = (name: string, state: string) => ({
  ...{ name, node: 'n', address: '', state, message: '', lastLines: [], restarts: 0, release: 1 },
});
const app = (over: object, instances: Record<string, object[]>) =>
  App.parse({
    metadata: metadata('shop'),
    spec: { ...AppSpec.parse({ image: 'i' }), ...over },
    status: {
      ...{ release: 1, running: 1, hostname: 'h', endpoints: [], conditions: [] },
      instances: Object.entries(instances).map(([name, containers]) => ({
        ...{ cluster: name, release: 1, wanted: 1, ready: 1, updated: 1, statements: [], containers },
      })),
    },
  });
const clusters = [cluster('prod'), cluster('edge'), cluster('old', 'swarm')];
const sh = { stdin: true, tty: true, command: ['sh', '-c', 'ls'] };
const all = { follow: false, previous: false };

describe('exec', () => {
  const shop = app(
    {},
    { prod: [container('a', 'waiting'), container('b', 'running')], edge: [container('c', 'ready')] },
  );

  test('takes what is ready before what runs, and the one that is named', () => {
    expect(execCall({ app: shop, clusters, tenant: 'acme' }, sh)).toEqual({
      cluster: clusters[1],
      words: ['-n', 'acme', 'exec', 'c', '-c', 'app', '-i', '-t', '--', 'sh', '-c', 'ls'],
    });
    expect(execCall({ app: shop, clusters, tenant: 'acme', cluster: 'prod' }, sh).words[3]).toBe('b');
    expect(execCall({ app: shop, clusters, tenant: 'acme', container: 'a' }, sh).words[3]).toBe('a');
  });

  test('does not take a name for a word of kubectl', () => {
    const odd = app({}, { prod: [container('-fhttps://example.com/pod.yaml', 'ready')] });
    expect(() => execCall({ app: odd, clusters, tenant: 'acme' }, sh)).toThrow('no pod can have');
    expect(() => logCalls({ app: odd, clusters, tenant: 'acme' }, all)).toThrow('no pod can have');
  });

  test('says what there is, and where there is no way', () => {
    const wrong = () => execCall({ app: shop, clusters, tenant: 'acme', container: 'x' }, sh);
    expect(wrong).toThrow('There are a in prod, b in prod, c in edge.');
    expect(() => execCall({ app: app({}, {}), clusters, tenant: 'acme' }, sh)).toThrow(
      'No container of shop runs',
    );
    const swarm = app({}, { old: [container('d', 'ready')] });
    expect(() => execCall({ app: swarm, clusters, tenant: 'acme' }, sh)).toThrow(
      'old is a cluster of kind swarm.',
    );
  });
});

describe('logs', () => {
  test('are of all containers by their labels, a call a cluster, or of the one that is named', () => {
    const shop = app(
      { namespace: 'web' },
      { prod: [container('a', 'ready'), container('b', 'ready')], edge: [container('c', 'exited')] },
    );
    const label = 'isthmus.dev/tenant=acme,isthmus.dev/app=shop';
    const words = ['-n', 'web', 'logs', '-l', label, '--prefix', '--max-log-requests=50', '-c', 'app'];
    expect(logCalls({ app: shop, clusters, tenant: 'acme' }, all)).toEqual([
      { cluster: clusters[0], words },
      { cluster: clusters[1], words },
    ]);
    const one = logCalls(
      { app: shop, clusters, tenant: 'acme', container: 'c' },
      { follow: true, previous: true, tail: '5' },
    );
    expect(one.map((call) => call.words)).toEqual([
      ['-n', 'web', 'logs', 'c', '-c', 'app', '-f', '-p', '--tail=5'],
    ]);
  });
});

describe('kubectl', () => {
  const directory = mkdtempSync(join(tmpdir(), 'clt-kubectl-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  test('finds a kubeconfig for its owner alone, which is gone afterwards; its code is handed on', async () => {
    const program = join(directory, 'kubectl');
    const seen = join(directory, 'seen');
    writeFileSync(
      program,
      `#!/bin/sh\necho "$2"; stat -c %a "$2"; cat "$2"; shift 2; echo "$@"\nexit 7\n`.replace(
        '\n',
        `\nexec > ${seen}\n`,
      ),
    );
    chmodSync(program, 0o755);
    expect(await runKubectl('kind: Config\n', ['logs', 'a b'], program)).toBe(7);
    const [file = '', mode, content, words] = readFileSync(seen, 'utf8').split('\n');
    expect([mode, content, words]).toEqual(['600', 'kind: Config', 'logs a b']);
    expect(existsSync(file)).toBe(false);
  });

  test('that is not there is told', async () => {
    await expect(runKubectl('', [], join(directory, 'none'))).rejects.toThrow('Install it');
  });
});
