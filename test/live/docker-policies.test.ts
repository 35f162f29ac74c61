/**
 * Policies between apps at plain engines of two sites with one and the same range, by packets: containers have addresses of a pool, and are known by these.
 * Who may call whom follows the containers, and what people are told of it is what happens.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { Explanation } from '../../protocol/explanation.ts';
import { Pool } from '../../protocol/pool.ts';
import { Tenant } from '../../protocol/tenant.ts';
import { type DockerEngines, enginesOn } from '../fixtures/docker/engines.ts';
import { agentCommand } from './agent-command.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { servingApp } from './kube-site.ts';

const LAN = '10.0.0.0/24';
const EDGE = '10.0.0.2';
const VIRTUAL = '100.64.0.0/10';
const UP_MS_MAX = 60_000;
const TENANT = '/v1/tenants/demo';

let estate: Estate;
let berlin: DockerEngines;
let tokyo: DockerEngines;

async function enginesAt(site: string, cluster: string): Promise<DockerEngines> {
  const places = estate.site(site).lanHosts.map(({ host, address }) => ({ host, address, labels: {} }));
  const engines = await enginesOn(places, { name: `dkpo${cluster}` });
  const sockets = engines.engines.flatMap(({ name, socket }) => ['--engine', `${name}=unix://${socket}`]);
  const words = ['cluster', 'add', 'docker', cluster, ...sockets, '--lan', `eth0=${LAN}`] as const;
  await estate.site(site).edge.check(agentCommand(...words));
  await eventually(async () => {
    const { status } = await estate.api.get(`${TENANT}/clusters/${cluster}`, Cluster);
    if (status.facts === undefined) throw new Error('it has told of nothing yet');
  }, 40_000);
  return engines;
}

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'dkpo',
    sites: [
      { name: 'berlin', lan: LAN, lanHosts: 1 },
      { name: 'tokyo', lan: LAN, lanHosts: 1 },
    ],
  });
  [berlin, tokyo] = await Promise.all([enginesAt('berlin', 'here'), enginesAt('tokyo', 'there')]);
  const ranges = ['here', 'there'].map((cluster) => ({ cluster, prefix: '10.0.0.128/29' }));
  await estate.api.create(`${TENANT}/pools`, { metadata: { name: 'front' }, spec: { ranges } }, Pool);
  await make('web', 'here', { ports: [], health: {} });
  await make('other', 'here', { ports: [], health: {} });
  await make('db', 'there', {});
  for (const [engines, app] of [
    [berlin, 'web'],
    [berlin, 'other'],
    [tokyo, 'db'],
  ] as const) {
    await untilReady(app);
    await route(engines, app);
  }
}, 240_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(async () => {
  await Promise.all([berlin?.close(), tokyo?.close()]);
  await estate?.destroy();
});

function make(name: string, cluster: string, more: object) {
  const spec = servingApp([cluster], { pool: 'front', ...more });
  return estate.api.create(`${TENANT}/apps`, { metadata: { name }, spec }, App);
}

/** The address of the app's one container. */
function untilReady(app: string): Promise<string> {
  return eventually(async () => {
    const { status } = await estate.api.get(`${TENANT}/apps/${app}`, App);
    const found = status.instances.flatMap(({ containers }) =>
      containers.filter(({ state }) => state === 'ready'),
    );
    expect(found).toHaveLength(1);
    return found[0]?.address ?? '';
  }, UP_MS_MAX);
}

/** Beyond the tunnel by the edge, as a router of the LAN would lead it. */
async function route({ first }: DockerEngines, app: string): Promise<void> {
  const pid = (await first.docker('inspect', '-f', '{{.State.Pid}}', `demo_${app}.1`)).trim();
  await first.host.check(['nsenter', '-t', pid, '-n', 'ip', 'route', 'replace', VIRTUAL, 'via', EDGE]);
}

/** Whether a container of the app reaches db's, by packets, and whether people are told that it does. */
async function reaches(app: string): Promise<readonly [boolean, string]> {
  const address = await estate.virtual('tokyo', await untilReady('db'));
  const asked = berlin.first.docker('exec', `demo_${app}.1`, 'get', `http://${address}:8080/`);
  const isReached = await asked.then(
    () => true,
    () => false,
  );
  const query = `from=app/${app}&to=app/db&port=tcp/8080`;
  return [isReached, (await estate.api.get(`${TENANT}/explanation?${query}`, Explanation)).verdict];
}

const REACHED = [true, 'allowed'];
const REFUSED = [false, 'denied'];

async function isolated() {
  const { status } = await estate.api.get(TENANT, Tenant);
  return status.conditions.map((one) => `${one.type} ${one.status}`);
}

test('in an open tenant apps reach each other; one that is closed is reached by its callers alone, from another site too', async () => {
  await eventually(async () => {
    expect(await reaches('web')).toEqual(REACHED);
    expect(await reaches('other')).toEqual(REACHED);
  });
  const access = { kind: 'listed', callers: [{ kind: 'app', app: 'web' }] };
  await estate.api.change(`${TENANT}/apps/db`, (spec) => ({
    ...spec,
    access: { ...access, enforcement: 'where_possible' },
  }));
  await eventually(async () => {
    expect(await reaches('other')).toEqual(REFUSED);
    expect(await reaches('web')).toEqual(REACHED);
  }, 30_000);
});

test('a policy that names the app opens it to another, and goes with it', async () => {
  const spec = { from: { app: 'other' }, to: { app: 'db' }, ports: [{ protocol: 'tcp', port: 8080 }] };
  const made = await estate.api.send('POST', `${TENANT}/policies`, {
    body: { metadata: { name: 'other-db' }, spec },
  });
  expect(made.status).toBe(201);
  await eventually(async () => expect(await reaches('other')).toEqual(REACHED));
  await estate.api.remove(`${TENANT}/policies/other-db`);
  await eventually(async () => expect(await reaches('other')).toEqual(REFUSED));
});

test('an isolated tenant asks for a policy beside the callers, and says when everybody holds it', async () => {
  await estate.api.change(TENANT, (spec) => ({ ...spec, isolation: 'isolated' }));
  await eventually(async () => {
    expect(await isolated()).toEqual([
      'Isolated True',
      'Isolated/edge/berlin True',
      'Isolated/edge/tokyo True',
      expect.stringMatching(/^Isolated\/hub\/\w+ True$/),
    ]);
  }, 30_000);
  expect(await reaches('web')).toEqual(REFUSED);
  const spec = { from: { app: 'web' }, to: { app: 'db' } };
  await estate.api.send('POST', `${TENANT}/policies`, { body: { metadata: { name: 'web-db' }, spec } });
  await eventually(async () => expect(await reaches('web')).toEqual(REACHED));
  expect(await reaches('other')).toEqual(REFUSED);
});

test('a policy follows an app to the address of its next container', async () => {
  const before = await untilReady('web');
  await estate.api.remove(`${TENANT}/apps/web`);
  await eventually(
    async () => expect((await berlin.first.docker('ps', '-aq', '--filter', 'name=demo_web')).trim()).toBe(''),
    40_000,
  );
  // Its old address goes to somebody else, who is not to be taken for it.
  await make('heir', 'here', { ports: [], health: {} });
  expect(await untilReady('heir')).toBe(before);
  await route(berlin, 'heir');
  await make('web', 'here', { ports: [], health: {} });
  expect(await untilReady('web')).not.toBe(before);
  await route(berlin, 'web');
  await eventually(async () => expect(await reaches('web')).toEqual(REACHED), 30_000);
  expect(await reaches('heir')).toEqual(REFUSED);
});

test('a site that is away is not said to be isolated', async () => {
  await estate.site('tokyo').edge.ip('link set eth0 down');
  await eventually(async () => {
    const conditions = await isolated();
    expect(conditions.slice(0, 1)).toEqual(['Isolated Unknown']);
    expect(conditions).toContain('Isolated/edge/tokyo Unknown');
  }, 120_000);
});
