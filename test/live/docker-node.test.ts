/** Plain engines that their edge reaches through the agents beside them: joining, the contract of all drivers, what an edge may not, and a reboot with nobody there. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http2';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerDriver } from '../../edge-agent/clusters/docker.ts';
import { containerOf, tenantNetwork } from '../../edge-agent/clusters/docker-container.ts';
import { inspectDocker } from '../../edge-agent/clusters/docker-facts.ts';
import { sha256 } from '../../edge-agent/clusters/docker-faults.ts';
import type { Driver } from '../../edge-agent/clusters/driver.ts';
import { archiveOf } from '../../edge-agent/engine/archive.ts';
import type { EngineRequest } from '../../edge-agent/engine/client.ts';
import type { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/document.ts';
import { nodeRulesOf, Placement } from '../../protocol/placement.ts';
import {
  type DriverStand,
  driverContract,
  untilReady,
  workloadOf,
} from '../edge-agent/clusters/driver-contract.ts';
import { type DockerEngine, type DockerEngines, raiseEngines } from '../fixtures/docker/engines.ts';
import { driverStand, engineWith, linesOf } from './docker-stand.ts';
import { eventually, pause } from './eventually.ts';
import { LanRelay, TestEdge, TestNode } from './node-stand.ts';

const ON_FIRST = nodeRulesOf(Placement.parse({ constraints: ['node.zone == a'] }));
const RANGE = '10.77.0.128/30';

interface Stand {
  readonly directory: string;
  readonly ground: DockerEngines;
  readonly edge: TestEdge;
  readonly relay: LanRelay;
  readonly agents: readonly TestNode[];
  /** Two engines are too few for a test without a second one. */
  readonly second: DockerEngine;
  readonly stand: DriverStand;
}

let open: Stand;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-nod-'));
  const ground = await raiseEngines({ name: 'nod', labels: [{ zone: 'a' }, { zone: 'b' }] });
  const port = await freePort();
  const edge = new TestEdge(directory, port);
  edge.nodes.start();
  const relay = new LanRelay(directory, port);
  const agents = ground.engines.map((engine) => new TestNode(engine, directory));
  const [, second = ground.first] = ground.engines;
  const lan = { parent: 'eth0', subnet: '10.77.0.0/24' };
  // The list is the edge's own, and fills as they join.
  const stand = driverStand(ground, {
    nodes: edge.nodes.nodes,
    wallNow: Date.now,
    rangesOf: () => [RANGE],
    lan,
  });
  open = { directory, ground, edge, relay, agents, second, stand };
  await relay.open(ground.first);
});

afterAll(async () => {
  await open?.relay.close();
  open?.edge.nodes.stop();
  await open?.ground.close();
  if (open !== undefined) await rm(open.directory, { recursive: true, force: true });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function agent(index: number): TestNode {
  const found = open.agents[index];
  if (found === undefined) throw new Error(`there is no agent ${index}`);
  return found;
}

describe('a host joins its edge', () => {
  test('with a token that is good once, for whom it was made, and until it ends', async () => {
    const { edge, ground } = open;
    const [{ address }, one, two] = [ground.first, agent(0), agent(1)];
    await expect(two.join(await edge.token(address, { endsMs: Date.now() - 1 }))).rejects.toThrow(
      'has ended',
    );
    await expect(two.join(await edge.token(address, { name: 'other' }))).rejects.toThrow(
      'for the node other',
    );
    // Somebody in between, with a certificate of his own: he must not even learn the secret.
    const elsewhere = await edge.token(address, { authority: '0'.repeat(64) });
    await expect(two.join(elsewhere)).rejects.toThrow('Nothing was told');
    const token = await edge.token(address);
    expect(await one.join(token)).toContain('joined plain');
    await expect(two.join(token)).rejects.toThrow('was used');
    await expect(two.join(await edge.token(address), one.engine.name)).rejects.toThrow('already');
    await two.join(await edge.token(address, { name: two.engine.name }));
    for (const node of open.agents) node.start();
    await edge.untilConnected('nod-n1', 'nod-n2');
  });

  test('and is a node of the cluster, with its labels', async () => {
    const { nodes, statements } = await inspectDocker(open.edge.nodes.nodes);
    expect(nodes.map(({ name, ready, labels }) => [name, ready, labels['zone']])).toEqual([
      ['nod-n1', 'True', 'a'],
      ['nod-n2', 'True', 'b'],
    ]);
    expect(statements.map(({ status }) => status)).toEqual(['True', 'True']);
    await eventually(async () => expect(await agent(1).command('status')).toContain('connected since'));
  });
});

describe('the driver of plain engines, through the agents of their nodes', () => {
  driverContract(() => open.stand);
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

function appOn(app: string, change: Partial<AppTemplate> = {}): WorkloadLeaf {
  return { ...workloadOf(app, 'local/tool:1', change), nodes: ON_FIRST };
}

describe('an edge whose credential was stolen', () => {
  test('can not run anything in a container, of ours or not, nor see what is not ours', async () => {
    const { docker } = open.ground.first;
    const foreign = await docker('run', '-d', '--name', 'db', '-e', 'SECRET=1', 'local/tool:1', 'serve');
    const ours = appOn('target', { replicas: 1 });
    await untilReady(open.stand.driver, ours, open.stand.pass);
    const id = await docker('ps', '-q', '--no-trunc', '--filter', 'name=^acme_target.1$');
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
    expect(await docker('inspect', '-f', '{{.State.Running}}', 'db')).toBe('true');
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
    const id = await open.ground.first.docker('ps', '-q', '--no-trunc', '--filter', 'name=^acme_running.1$');
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
      expect(await status({ ':method': 'GET', ':path': path })).toBe(403);
    expect(await status({ ':method': 'get', ':path': '/v1.43/info' })).toBe(403);
    expect(await status({ ':method': 'CONNECT', ':authority': 'engine:1' })).not.toBe(200);
    expect(await status({ ':method': 'GET', ':path': '/v1.43/info' })).toBe(200);
    await eventually(async () => expect(await agent(0).command('status')).toMatch(/refused \d+ requests/));
  });
});
