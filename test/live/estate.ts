/**
 * A whole deployment for a live test: a lab of hosts, the control plane in this process, hubs and sites joined by
 * the agent's own bundle with real tokens. Steered by the HTTPS API only. Everything ends with `destroy()`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory, findWireguard } from '../../local/artifacts.ts';
import type { Running } from '../../local/command.ts';
import { type ControlPlane, startControlPlane } from '../../local/control-plane.ts';
import { createLab, type Lab } from '../../local/lab.ts';
import type { Host } from '../../local/lab-host.ts';
import {
  ECHO_HTTP_PORT,
  type RaisedHub,
  type RaisedSite,
  type RaisedStage,
  raiseStage,
  type SiteStage,
} from '../../local/lab-topology.ts';
import { Edge } from '../../protocol/edge.ts';
import { Hub } from '../../protocol/hub.ts';
import { Site } from '../../protocol/site.ts';
import { TokenCreated } from '../../protocol/token.ts';
import { agentCommand, describeAgents } from './agent-command.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { eventually } from './eventually.ts';

const PORT = 8443;
const JOIN_MS_MAX = 30_000;

export interface EstateSite extends SiteStage {
  /** `demo` unless given. */
  readonly tenant?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  /** false: the stage is raised, but the site is not made and nothing joins. */
  readonly joined?: boolean;
}

export interface EstateSettings {
  readonly name: string;
  readonly hubs?: number;
  readonly sites: readonly EstateSite[];
  readonly vpc?: boolean;
  /** Written into every agent's settings before it starts. */
  readonly tuning?: Readonly<Record<string, number>>;
}

export interface JoinedSite extends RaisedSite {
  readonly tenant: string;
  /** `/v1/tenants/T/sites/S`. */
  readonly path: string;
  /** `/v1/tenants/T/edges/S`. */
  readonly edgePath: string;
}

export interface Estate {
  readonly lab: Lab;
  readonly stage: RaisedStage;
  readonly api: ApiClient;
  readonly state: string;
  hub(index: number): RaisedHub;
  site(name: string): JoinedSite;
  /** The first LAN host of a site. */
  lanHost(site: string): Host;
  /** Makes the site, its token and its service `web`, and joins its edge. */
  join(name: string): Promise<void>;
  /** The virtual address of a real one of a site. */
  virtual(site: string, address: string): Promise<string>;
  /** The same, as it was last read: for when the control plane is away. */
  virtualKept(site: string, address: string): string;
  stopControlPlane(): Promise<void>;
  startControlPlane(): Promise<void>;
  /** Starts the agent of a host (again). */
  startAgent(host: Host): Running;
  stopAgent(host: Host, signal: NodeJS.Signals): Promise<void>;
  /** What every agent says of itself, for the log of a test that failed. */
  describe(): Promise<string>;
  destroy(): Promise<void>;
}

export async function raiseEstate(settings: EstateSettings): Promise<Estate> {
  const lab = await createLab({ name: settings.name });
  const state = await mkdtemp(join(tmpdir(), 'isthmus-estate-'));
  const running = new Map<Host, Running>();
  const plane: { current?: ControlPlane } = {};
  const destroy = async () => {
    try {
      await lab.destroy();
    } finally {
      await plane.current?.close();
      await rm(state, { recursive: true, force: true });
    }
  };
  try {
    return await build({ settings, lab, state, running, plane, destroy });
  } catch (error) {
    await destroy();
    throw error;
  }
}

interface Parts {
  readonly settings: EstateSettings;
  readonly lab: Lab;
  readonly state: string;
  readonly running: Map<Host, Running>;
  readonly plane: { current?: ControlPlane };
  readonly destroy: () => Promise<void>;
}

async function build(parts: Parts): Promise<Estate> {
  const { settings, lab, state, running, plane, destroy } = parts;
  const stage = await raiseStage(lab, {
    hubs: settings.hubs ?? 1,
    sites: settings.sites,
    ...(settings.vpc === true ? { vpc: true } : {}),
  });
  const first = await openControlPlane(parts);
  const api = createApiClient({ url: first.url, ca: first.authority ?? '', key: first.adminKey ?? '' });
  const joiner: Joiner = { ...parts, stage, api, ca: first.authority ?? '', url: first.url };
  const kept = new Map<string, string>();
  const tenants = new Set(settings.sites.map((site) => site.tenant ?? 'demo'));
  for (const name of tenants)
    await api.send('POST', '/v1/tenants', { body: { metadata: { name }, spec: {} } });
  if (settings.vpc === true) await makeCloudSite(api);
  await Promise.all(stage.hubs.map((hub, index) => joinHub(joiner, hub, index)));
  const now = settings.sites.filter((site) => site.joined !== false);
  await Promise.all(now.map((site) => joinSite(joiner, site)));
  return {
    lab,
    stage,
    api,
    state,
    hub: (index) => found(stage.hubs[index], `hub ${index}`),
    site: (name) => joinedSite(joiner, name),
    lanHost: (site) => found(joinedSite(joiner, site).lanHosts[0], `LAN host in ${site}`).host,
    join: (name) =>
      joinSite(
        joiner,
        found(
          settings.sites.find((site) => site.name === name),
          name,
        ),
      ),
    virtual: async (site, address) => {
      const virtual = await virtualOf(joiner, site, address);
      kept.set(`${site} ${address}`, virtual);
      return virtual;
    },
    virtualKept: (site, address) => found(kept.get(`${site} ${address}`), `kept address of ${site}`),
    stopControlPlane: async () => {
      await plane.current?.close();
      delete plane.current;
    },
    startControlPlane: async () => {
      await openControlPlane(parts);
    },
    startAgent: (host) => startAgent(parts, host),
    stopAgent: async (host, signal) => {
      const agent = running.get(host);
      agent?.signal(signal);
      await agent?.exited;
    },
    describe: () => describeAgents([...running.entries()]),
    destroy,
  };
}

async function openControlPlane({ lab, state, plane }: Parts): Promise<ControlPlane> {
  const opened = await startControlPlane(
    { state, listen: [{ host: lab.machineAddress, port: PORT }], name: [], pool: ['100.64.0.0/10'] },
    { log: (line) => console.error(`control plane: ${line}`), environment: process.env },
  );
  plane.current = opened;
  // The installer's downloads are made at the start, the agent's bundle among them.
  await opened.installerReady();
  return opened;
}

interface Joiner extends Parts {
  readonly stage: RaisedStage;
  readonly api: ApiClient;
  readonly ca: string;
  readonly url: string;
}

async function makeCloudSite(api: ApiClient): Promise<void> {
  await api.create(
    '/v1/tenants/demo/sites',
    {
      metadata: { name: 'cloud' },
      spec: { kind: 'vpc', allotment: ['172.31.0.0/24'], prefixes: ['172.31.0.0/24'] },
    },
    Site,
  );
}

async function joinHub(joiner: Joiner, hub: RaisedHub, index: number): Promise<void> {
  const name = `hub${index + 1}`;
  const { api, settings } = joiner;
  const vpc = settings.vpc === true ? { vpc: { tenant: 'demo', site: 'cloud' } } : {};
  await api.create(
    '/v1/hubs',
    { metadata: { name }, spec: { endpoint: `${hub.address}:51820`, ...vpc } },
    Hub,
  );
  const token = await api.create(`/v1/hubs/${name}/tokens`, { spec: {} }, TokenCreated);
  await enrol(joiner, hub.host, [
    token.secret,
    ...(settings.vpc === true ? ['--lan-device', hub.vpcDevice] : []),
  ]);
  await eventually(async () => {
    const { status } = await api.get(`/v1/hubs/${name}`, Hub);
    if (status.applied === undefined) throw new Error(`${name} has applied nothing yet`);
  }, JOIN_MS_MAX);
}

async function joinSite(joiner: Joiner, wanted: EstateSite): Promise<void> {
  const { api } = joiner;
  const site = joinedSite(joiner, wanted.name);
  const spec = { allotment: [wanted.lan], prefixes: [wanted.lan], ...wanted.spec };
  await api.create(`/v1/tenants/${site.tenant}/sites`, { metadata: { name: wanted.name }, spec }, Site);
  const token = await api.create(
    `/v1/tenants/${site.tenant}/tokens`,
    { spec: { site: wanted.name, approve: true } },
    TokenCreated,
  );
  const web = { address: site.lanHosts[0]?.address, port: ECHO_HTTP_PORT };
  await api.send('POST', `${site.path}/services`, { body: { metadata: { name: 'web' }, spec: web } });
  await enrol(joiner, site.edge, [token.secret, '--lan-device', site.lanDevice]);
  await eventually(async () => {
    const { status } = await api.get(site.edgePath, Edge);
    if (status.applied === undefined || !status.links.some((link) => link.up))
      throw new Error(`${wanted.name} is not up: ${JSON.stringify(status)}`);
  }, JOIN_MS_MAX);
}

async function enrol(joiner: Joiner, host: Host, [secret = '', ...flags]: readonly string[]): Promise<void> {
  const program = findWireguard({ cache: cacheDirectory(process.env), environment: process.env });
  if (program !== undefined) await host.check(['install', '-D', program, '/opt/isthmus/wireguard-go']);
  await host.write('/run/token', secret);
  await host.write('/run/ca.pem', joiner.ca);
  const command = agentCommand('enrol', '--control-plane', joiner.url, '--token-file', '/run/token');
  await host.check([...command, '--ca', '/run/ca.pem', ...flags]);
  await host.check(['rm', '/run/token']);
  if (joiner.settings.tuning !== undefined) await tune(host, joiner.settings.tuning);
  startAgent(joiner, host);
}

async function tune(host: Host, tuning: Readonly<Record<string, number>>): Promise<void> {
  const path = '/etc/isthmus/agent.json';
  const config: unknown = JSON.parse(await host.read(path));
  await host.write(path, JSON.stringify({ ...Object(config), tuning }));
}

function startAgent({ running }: Parts, host: Host): Running {
  const agent = host.spawn(agentCommand('run'));
  running.set(host, agent);
  return agent;
}

function joinedSite({ settings, stage }: Joiner, name: string): JoinedSite {
  const raised = found(
    stage.sites.find((site) => site.name === name),
    name,
  );
  const tenant = settings.sites.find((site) => site.name === name)?.tenant ?? 'demo';
  const path = `/v1/tenants/${tenant}`;
  return { ...raised, tenant, path: `${path}/sites/${name}`, edgePath: `${path}/edges/${name}` };
}

async function virtualOf(joiner: Joiner, name: string, address: string): Promise<string> {
  const tenant = joiner.settings.sites.find((site) => site.name === name)?.tenant ?? 'demo';
  const { status } = await joiner.api.get(`/v1/tenants/${tenant}/sites/${name}`, Site);
  const last = address.split('.').at(-1) ?? '';
  const mapping = found(status.prefixes[0], `a prefix of ${name}`);
  return mapping.virtual.replace(/\d+\/\d+$/, last);
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}
