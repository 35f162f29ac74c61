/**
 * Scenario 8 for a person: she signs in at a real OpenID provider with `isthmus login`, goes to a real API server by the real proxy with kubectl, and is out, running watch included,
 * when her binding is deleted. The edge here is its client and its proxy, without a host: tunnels have tests of their own.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kubeconfigOf, kubeconfigText } from '../../cli/kubeconfig.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';
import { type CommandResult, execute } from '../../local/command.ts';
import { type ControlPlane, startControlPlane } from '../../local/control-plane.ts';
import { Binding } from '../../protocol/binding.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { EventList } from '../../protocol/event.ts';
import { Site } from '../../protocol/site.ts';
import { Tenant } from '../../protocol/tenant.ts';
import { browse } from '../fakes/browser.ts';
import { type IdentityProvider, startIdentityProvider } from '../fakes/identity-provider.ts';
import { type ApiServer, startApiServer } from '../fixtures/kube/api-server.ts';
import { kubeProgram } from '../fixtures/kube/program.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { eventually } from './eventually.ts';
import { HOST, type ServedProxy, serveProxy } from './proxy-stand.ts';
import { enrolTold, type ToldAgent } from './told-agents.ts';

const MAIN = new URL('../../cli/main.ts', import.meta.url).pathname;
const DOCUMENT_POLL_MS = 200;
/** SCENARIOS 8 promises a minute. */
const WITHDRAWN_MS_MAX = 60_000;

interface Stage {
  readonly directory: string;
  readonly provider: IdentityProvider;
  readonly controlPlane: ControlPlane;
  readonly api: ApiClient;
  readonly server: ApiServer;
  readonly served: ServedProxy;
  readonly edge: ToldAgent;
  readonly programs: string;
  readonly ended: AbortController;
}
const made: { stage?: Stage } = {};
const stage = (): Stage => made.stage ?? expect.fail('the stage was not raised');

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-people-'));
  const provider = await startIdentityProvider();
  const issuers = join(directory, 'issuers.json');
  await writeFile(issuers, JSON.stringify([provider.trusted]));
  const controlPlane = await startControlPlane(
    {
      state: join(directory, 'state'),
      listen: [{ host: '127.0.0.1', port: 0 }],
      name: [],
      pool: ['100.64.0.0/10'],
      issuers,
    },
    { log: () => undefined, environment: process.env },
  );
  const url = controlPlane.listening[0] ?? '';
  const ca = await readFile(controlPlane.authorityFile ?? '', 'utf8');
  const api = createApiClient({ url, ca, key: controlPlane.adminKey ?? '' });
  await api.create('/v1/tenants', { metadata: { name: 'demo' }, spec: {} }, Tenant);
  const site = { metadata: { name: 'berlin' }, spec: { allotment: ['10.0.0.0/24'] } };
  await api.create('/v1/tenants/demo/sites', site, Site);
  const server = await startApiServer();
  await letOperatorsRead(server);
  const client = new KubeClient({
    credentials: await readKubeconfig(server.kubeconfig),
    wallNow: () => Date.now(),
  });
  const served = await serveProxy({ client, directory: server.directory });
  const edge = await enrolTold(
    { api, url, ca },
    { tokens: '/v1/tenants/demo/tokens', spec: { site: 'berlin', approve: true } },
  );
  const attachment = { kind: 'kubernetes', authority: served.authority, knows: ['bindings'] };
  await edge.tell('/v1/agent/clusters/prod', attachment);
  const programs = await kubeProgram();
  const ended = new AbortController();
  made.stage = { directory, provider, controlPlane, api, server, served, edge, programs, ended };
  void follow(made.stage);
}, 240_000);

afterAll(async () => {
  made.stage?.ended.abort();
  await made.stage?.served.close();
  await made.stage?.server.close();
  await made.stage?.controlPlane.close();
  await made.stage?.provider.close();
  if (made.stage !== undefined) await rm(made.stage.directory, { recursive: true });
});

/** Without controllers the API server has no rules in its own role `view`, which is put together from others. */
async function letOperatorsRead({ kubectl: asAdmin }: ApiServer): Promise<void> {
  const role = ['clusterrole', 'reader', '--verb=get,list,watch', '--resource=namespaces'];
  const binding = ['clusterrolebinding', 'reader', '--clusterrole=reader', '--group=isthmus:operators'];
  for (const words of [role, binding]) expect(await asAdmin(['create', ...words])).toMatchObject({ code: 0 });
}

/** What an edge does with its documents, as far as the proxy goes. */
async function follow({ edge, served, ended }: Stage): Promise<void> {
  while (!ended.signal.aborted) {
    const { leaves } = await edge.document().catch(() => ({ leaves: {} }));
    const leaf = Object.values(leaves).find((one) => one.kind === 'cluster');
    // What is absent of the new leaf is not to be had from the one before.
    if (leaf !== undefined) served.set({ bindings: undefined, ...leaf });
    await pause(DOCUMENT_POLL_MS);
  }
}

interface Person {
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** By `isthmus login`, a browser, and the provider's forms. */
async function signIn(login: string): Promise<Person> {
  const { directory, controlPlane, programs } = stage();
  const home = join(directory, login);
  await mkdir(home);
  const environment = { PATH: `${programs}:${process.env['PATH'] ?? ''}`, HOME: home };
  const words = ['--tenant', 'demo', 'login', '--url', controlPlane.listening[0] ?? ''];
  const asking = spawn(process.execPath, [MAIN, ...words, '--ca', controlPlane.authorityFile ?? ''], {
    env: environment,
  });
  const ended = new Promise((resolve) => asking.on('close', resolve));
  const page = new Promise<string>((resolve) => {
    let said = '';
    asking.stderr.on('data', (chunk) => {
      said += String(chunk);
      const [found] = /http\S+user_code=\S+/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  await browse(await page, { login });
  expect(await ended).toBe(0);
  return { home, environment };
}

const isthmus = ({ environment }: Person, ...words: string[]): Promise<CommandResult> =>
  execute([process.execPath, MAIN, ...words], { env: environment });

/** What `isthmus kubeconfig` writes, with the proxy in the place of the hub. */
async function kubeconfigFor({ home }: Person): Promise<string> {
  const { api, served } = stage();
  const cluster = await api.get('/v1/tenants/demo/clusters/prod', Cluster);
  const status = { ...cluster.status, servers: [`https://127.0.0.1:${served.proxy.port}`] };
  const config = kubeconfigOf({ ...cluster, status }, 'demo', {
    command: process.execPath,
    arguments: [MAIN],
  });
  const path = join(home, 'kubeconfig');
  await writeFile(path, kubeconfigText(config));
  return path;
}

async function kubectl(person: Person, ...words: string[]): Promise<CommandResult> {
  return execute([`${stage().programs}/kubectl`, '--kubeconfig', await kubeconfigFor(person), ...words], {
    env: person.environment,
  });
}

const bindOps = (role: string) =>
  stage().api.create(
    '/v1/tenants/demo/bindings',
    {
      metadata: { name: `ops-${role}` },
      spec: { role, who: { kind: 'group', issuer: stage().provider.issuer, group: 'ops' } },
    },
    Binding,
  );

test('a person whose group is bound goes to the cluster as herself, until the binding is deleted (scenario 8)', async () => {
  const { provider, api } = stage();
  expect((await api.get('/v1/tenants/demo/clusters/prod', Cluster)).status.host).toBe(HOST);
  const ada = await signIn('ada');
  const eve = await signIn('eve');
  expect(await isthmus(ada, 'credential', 'prod')).toMatchObject({ code: 3 });
  await bindOps('operator');
  await eventually(async () => {
    const who = await kubectl(ada, 'auth', 'whoami', '-o', 'json');
    expect(who.stderr).toBe('');
    expect(JSON.parse(who.stdout).status.userInfo).toMatchObject({
      username: `isthmus:person:${provider.issuer}#ada`,
      groups: ['isthmus:operators', 'system:authenticated'],
    });
  });
  expect(await kubectl(ada, 'get', 'namespaces', '-o', 'name')).toMatchObject({ code: 0, stderr: '' });
  const forbidden = await kubectl(ada, 'create', 'namespace', 'mine');
  expect(forbidden.stderr).toContain(`User "isthmus:person:${provider.issuer}#ada" cannot create`);
  expect((await kubectl(eve, 'get', 'namespaces')).code).not.toBe(0);

  const { programs } = stage();
  const words = ['--kubeconfig', await kubeconfigFor(ada), 'get', 'namespaces', '--watch', '-o', 'name'];
  const watch = spawn(`${programs}/kubectl`, words, { env: ada.environment });
  const cut = new Promise<number>((resolve) => watch.on('close', () => resolve(performance.now())));
  await new Promise((resolve) => watch.stdout.once('data', resolve));
  const withdrawnMs = performance.now();
  await api.remove('/v1/tenants/demo/bindings/ops-operator');
  expect((await cut) - withdrawnMs).toBeLessThan(WITHDRAWN_MS_MAX);
  // The token of a moment ago is still kept, and still good for a quarter of an hour.
  expect((await kubectl(ada, 'get', 'namespaces')).stderr).toMatch(/logged in|withdrawn/i);

  const { items } = await api.get('/v1/tenants/demo/events?kind=cluster&action=issue', EventList);
  expect(items[0]).toMatchObject({
    actor: 'person:ada',
    by: { kind: 'person', issuer: provider.issuer, subject: 'ada' },
  });
}, 180_000);
