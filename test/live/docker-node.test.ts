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
import { driverStand, linesOf } from './docker-stand.ts';
import { eventually } from './eventually.ts';
import { LanRelay, TestEdge, TestNode } from './node-stand.ts';

const ON_FIRST = nodeRulesOf(Placement.parse({ constraints: ['node.zone == a'] }));
const LAN = { parent: 'eth0', subnet: '10.77.0.0/24' };
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
  // The list is the edge's own, and fills as they join.
  const stand = driverStand(ground, {
    nodes: edge.nodes.nodes,
    wallNow: Date.now,
    rangesOf: () => [RANGE],
    lan: LAN,
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

async function idOf(...words: readonly string[]): Promise<string> {
  return (await open.ground.first.docker(...words)).trim();
}

function appOn(app: string, change: Partial<AppTemplate> = {}): WorkloadLeaf {
  return { ...workloadOf(app, 'local/tool:1', change), nodes: ON_FIRST };
}

describe('an edge whose credential was stolen', () => {
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
      expect(await status({ ':method': 'GET', ':path': path })).toBe(403);
    expect(await status({ ':method': 'get', ':path': '/v1.43/info' })).toBe(403);
    expect(await status({ ':method': 'CONNECT', ':authority': 'engine:1' })).not.toBe(200);
    expect(await status({ ':method': 'GET', ':path': '/v1.43/info' })).toBe(200);
    await eventually(async () => expect(await agent(0).command('status')).toMatch(/refused \d+ requests/));
  });
});

describe('a host that goes down and comes up while edge and control plane are away', () => {
  test('has its containers back with their addresses and volumes, and nothing that was taken away', async () => {
    const { driver, pass } = open.stand;
    const { first } = open.ground;
    const kept = appOn('kept', {
      replicas: 1,
      pool: 'front',
      command: ['sh', '-c', 'echo run >> /data/log; exec serve :8080'],
      volumes: [{ name: 'data', path: '/data', sizeMib: 1 }],
    });
    const gone = appOn('gone', { replicas: 1 });
    for (const workload of [kept, gone]) await untilReady(driver, workload, pass);
    const [before] = (await driver.status(kept)).containers;
    await driver.remove(gone);
    await eventually(async () =>
      expect(await linesOf(open.ground, 'ps', '-aq', '--filter', 'name=gone')).toEqual([]),
    );
    // A change is under way: the new container is on trial, and will never pass.
    const changed = appOn('swap', { replicas: 1 });
    await untilReady(driver, changed, pass);
    const dead = { ready: { command: ['false'], periodSeconds: 60, timeoutSeconds: 1, failures: 5 } };
    await driver.apply({
      ...appOn('swap', { replicas: 1, environment: { NEW: '1' }, health: dead }),
      release: 2,
    });
    expect(await names()).toEqual(['acme_kept.1', 'acme_swap.1', 'acme_swap.1.next']);

    // The way to the edge leads through this host: with it the edge is gone for both.
    await first.kill();
    open.edge.nodes.stop();
    await open.relay.close();
    await first.start();
    await eventually(async () => expect(await names()).toEqual(['acme_kept.1', 'acme_swap.1']), 30_000);
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
    expect(await first.docker('inspect', '-f', format, 'acme_kept.1')).toContain(
      before?.address ?? 'no address',
    );
    expect((await first.docker('exec', 'acme_kept.1', 'cat', '/data/log')).trim().split('\n')).toEqual([
      'run',
      'run',
    ]);
    await open.second.host.check(['nc', '-z', '-w', '3', before?.address ?? '', '8080']);

    // The agent comes up alone, says that it is apart, and finds its edge when that is back.
    agent(0).start();
    await eventually(async () => expect(agent(0).output()).toContain("can't be reached"));
    await open.relay.open(first);
    const { nodes } = open.edge.restart();
    await open.edge.untilConnected('nod-n1', 'nod-n2');
    const again = createDockerDriver({ nodes, wallNow: Date.now, rangesOf: () => [RANGE], lan: LAN });
    expect(await again.apply(kept)).toEqual([]);
    for (const app of ['kept', 'swap']) await again.remove({ app, namespace: 'acme' });
  });
});

/** Of the containers of ours that run at the first engine. */
async function names(): Promise<string[]> {
  const filter = ['--filter', 'label=isthmus.dev/managed-by=isthmus', '--format', '{{.Names}}'];
  return (await open.ground.first.docker('ps', ...filter))
    .split('\n')
    .filter((name) => name !== '')
    .sort();
}

describe('a node', () => {
  test('that is silent is not empty: its containers are lost, and nothing is made twice', async () => {
    const { nodes } = open.edge.nodes;
    const driver = createDockerDriver({ nodes, wallNow: Date.now });
    const workload = appOn('silent', { replicas: 1 });
    await untilReady(driver, workload, (leaf) => driver.apply(leaf));
    await agent(0).stop();
    await eventually(async () => {
      const { containers, statements } = await driver.status(workload);
      expect([containers.map(({ reason }) => reason), statements[0]?.reason]).toEqual([
        ['node_lost'],
        'node_lost',
      ]);
    });
    expect(await driver.apply(workload)).toEqual([]);
    expect(await names()).toEqual(['acme_silent.1']);
    agent(0).start();
    await open.edge.untilConnected('nod-n1');
    expect(await driver.apply(workload)).toEqual([]);
  });

  test('gets a new key, and is sent away for good when its edge removes it', async () => {
    const before = open.edge.registry.nodes().find(({ name }) => name === 'nod-n1');
    expect(await agent(0).command('rotate')).toContain('new key');
    await eventually(async () => {
      const after = open.edge.registry.nodes().find(({ name }) => name === 'nod-n1');
      expect(after?.keys).toHaveLength(1);
      expect(after?.keys).not.toEqual(before?.keys);
    });
    await open.edge.untilConnected('nod-n1');
    expect(open.edge.registry.remove('nod-n1')).toBe(true);
    await eventually(async () => {
      expect(open.edge.nodes.nodes.map(({ name }) => name)).toEqual(['nod-n2']);
      expect(await agent(0).command('status').catch(String)).toContain('not connected');
    }, 40_000);
    await expect(agent(0).command('rotate')).rejects.toThrow();
    expect(await names()).toEqual(['acme_silent.1']);
  });
});
