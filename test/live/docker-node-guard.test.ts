/** What somebody with an edge's own connection to a node can not do there: the engine is a real one, and so is the agent before it. */
import type { OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { containerOf, tenantNetwork } from '../../edge-agent/clusters/docker-container.ts';
import { sha256 } from '../../edge-agent/clusters/docker-faults.ts';
import { archiveOf } from '../../edge-agent/engine/archive.ts';
import type { EngineRequest } from '../../edge-agent/engine/client.ts';
import type { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/document.ts';
import { nodeRulesOf, Placement } from '../../protocol/placement.ts';
import { untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { linesOf } from './docker-stand.ts';
import { eventually } from './eventually.ts';
import { type NodeStand, raiseNodeStand } from './node-stand.ts';

const ON_FIRST = nodeRulesOf(Placement.parse({ constraints: ['node.zone == a'] }));

let open: NodeStand;

beforeAll(async () => {
  open = await raiseNodeStand('nodx');
  const node = open.agent(0);
  await node.join(await open.edge.token(open.ground.first.address));
  node.start();
  await open.edge.untilConnected('nodx-n1');
});

afterAll(async () => {
  await open?.close();
});

/** What the edge's own connection answers to this, by whatever it says. */
async function asked(call: EngineRequest): Promise<string> {
  const client = open.edge.nodes.nodes[0]?.client;
  return client === undefined
    ? 'no node'
    : client.ask(call).then(
        () => 'passes',
        (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
      );
}

async function idOf(...words: readonly string[]): Promise<string> {
  return (await open.ground.first.docker(...words)).trim();
}

function appOn(app: string, change: Partial<AppTemplate> = {}): WorkloadLeaf {
  return { ...workloadOf(app, 'local/tool:1', change), nodes: ON_FIRST };
}

describe('an edge whose credential was stolen (scenario 14)', () => {
  test('can not run anything in a container, of ours or not, nor see what is not ours', async () => {
    const { docker } = open.ground.first;
    const foreign = await idOf('run', '-d', '--name', 'db', '-e', 'SECRET=1', 'local/tool:1', 'serve');
    const ours = appOn('target', { replicas: 1 });
    await untilReady(open.stand.driver, ours, open.stand.pass);
    const id = await idOf('ps', '-q', '--no-trunc', '--filter', 'name=^acme_target.1$');
    const exec = { Cmd: ['id'], AttachStdout: true };
    expect(await asked({ method: 'POST', path: `/containers/${id}/exec`, body: exec })).toContain('refuses');
    for (const verb of ['attach', 'kill', 'pause', 'export', 'top'])
      expect(await asked({ method: 'POST', path: `/containers/${id}/${verb}` })).toContain('refuses');
    expect(await asked({ method: 'GET', path: `/containers/${foreign}/json` })).toContain('there is no');
    expect(
      await asked({ method: 'GET', path: `/containers/${foreign}/logs`, query: { stdout: '1' } }),
    ).toContain('no');
    expect(await asked({ method: 'POST', path: `/containers/${foreign}/stop` })).toContain('there is no');
    expect(await asked({ method: 'DELETE', path: `/containers/${foreign}` })).toContain('there is no');
    expect(await idOf('inspect', '-f', '{{.State.Running}}', 'db')).toBe('true');
    await docker('rm', '-f', 'db');
    await open.stand.driver.remove(ours);
  });

  test('can not get at the host by a container, a volume, a network or an archive', async () => {
    const { docker } = open.ground.first;
    await docker('volume', 'create', 'acme_evil_data_1');
    const bind = [
      '-o',
      'type=none',
      '-o',
      'o=bind',
      '-o',
      'device=/',
      '--label',
      'isthmus.dev/managed-by=isthmus',
    ];
    const marks = ['--label', 'isthmus.dev/namespace=acme', '--label', 'isthmus.dev/app=evil'];
    await docker('volume', 'create', ...bind, ...marks, 'acme_evil_root_1');
    const workload = workloadOf('evil', 'local/tool:1', {
      volumes: [{ name: 'data', path: '/data', sizeMib: 1 }],
    });
    const body = containerOf({ workload, slot: 1, isOnTrial: false, address: undefined }, sha256);
    const create = (given: object) =>
      asked({ method: 'POST', path: '/containers/create', query: { name: 'acme_evil.1' }, body: given });
    const { HostConfig } = body;
    expect(await create(body)).toContain('is not of this app');
    const [mount] = HostConfig.Mounts;
    const root = {
      ...body,
      HostConfig: { ...HostConfig, Mounts: [{ ...mount, Source: 'acme_evil_root_1' }] },
    };
    expect(await create(root)).toContain('options of its own');
    for (const more of [
      { Privileged: true },
      { Binds: ['/:/h'] },
      { PidMode: 'host' },
      { NetworkMode: 'host' },
    ])
      expect(await create({ ...body, HostConfig: { ...HostConfig, ...more } })).toContain('refuses');
    const lan = {
      ...tenantNetwork('acme'),
      Name: 'isthmus_lan',
      IPAM: { Config: [{ Subnet: '10.77.0.0/25' }] },
    };
    expect(await asked({ method: 'POST', path: '/networks/create', body: lan })).toContain(
      'a network of this host',
    );
    expect(await linesOf(open.ground, 'ps', '-aq', '--filter', 'name=evil')).toEqual([]);
    await docker('volume', 'rm', 'acme_evil_data_1', 'acme_evil_root_1');
  });

  test('can not put files into a container that runs, where something in it could lead them elsewhere', async () => {
    const ours = appOn('running', { replicas: 1 });
    await untilReady(open.stand.driver, ours, open.stand.pass);
    const id = await idOf('ps', '-q', '--no-trunc', '--filter', 'name=^acme_running.1$');
    const body = archiveOf([{ path: '/etc/x', content: 'x', mode: 0o600 }]);
    const put = { method: 'PUT', path: `/containers/${id}/archive`, query: { path: '/' }, body } as const;
    expect(await asked(put)).toContain('not run yet');
    await open.stand.driver.remove(ours);
  });

  test('gains nothing by words that an engine and its guard read differently', async () => {
    const session = open.edge.nodes.nodes[0]?.client.endpoint;
    const now = session?.kind === 'node' ? session.session() : undefined;
    const status = (headers: OutgoingHttpHeaders) =>
      new Promise<unknown>((resolve) => {
        const stream = now?.request(headers, { endStream: true });
        stream?.on('response', (answer) => resolve(answer[':status']));
        stream?.on('error', (cause: Error) => resolve(cause.message));
        stream?.resume();
      });
    expect(await status({ ':method': 'GET', ':path': '/v1.43/info' })).toBe(200);
    for (const path of [
      '/v1.43/images/../containers/json',
      '/v1.43/images/%2e%2e%2fcontainers/json',
      '/v1.43/info%3f/../../containers/create',
      '/v1.43/containers/json?all=1&all=0',
      'http://localhost/v1.43/info',
      '//v1.43/info',
      '*',
    ])
      expect(String(await status({ ':method': 'GET', ':path': path }))).toMatch(/^403$|PROTOCOL_ERROR/);
    expect(String(await status({ ':method': 'get', ':path': '/v1.43/info' }))).toMatch(
      /^403$|PROTOCOL_ERROR/,
    );
    expect(await status({ ':method': 'CONNECT', ':authority': 'engine:1' })).not.toBe(200);
    expect(await status({ ':method': 'GET', ':path': '/v1.43/info' })).toBe(200);
    await eventually(async () =>
      expect(await open.agent(0).command('status')).toMatch(/refused \d+ requests/),
    );
  });
});
