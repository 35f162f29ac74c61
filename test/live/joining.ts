/** How a site's edge and a hub of an estate come to run: made by the API, enrolled by the agent's own command, started. */
import { cacheDirectory } from '../../build/cache.ts';
import { findWireguard } from '../../local/artifacts.ts';
import type { Running } from '../../local/command.ts';
import type { ControlPlane } from '../../local/control-plane.ts';
import type { Lab } from '../../local/lab.ts';
import type { Host } from '../../local/lab-host.ts';
import { ECHO_HTTP_PORT, type RaisedHub, type RaisedStage } from '../../local/lab-topology.ts';
import { Edge } from '../../protocol/edge.ts';
import { Hub } from '../../protocol/hub.ts';
import { Site } from '../../protocol/site.ts';
import { TokenCreated } from '../../protocol/token.ts';
import type { Account } from './account.ts';
import { agentCommand } from './agent-command.ts';
import type { ApiClient } from './api-client.ts';
import type { EstateSettings, EstateSite, JoinedSite } from './estate.ts';
import { eventually } from './eventually.ts';

const JOIN_MS_MAX = 30_000;

export interface Parts {
  readonly settings: EstateSettings;
  readonly lab: Lab;
  readonly state: string;
  readonly running: Map<Host, Running>;
  /** What an agent's process has beside its usual environment. */
  readonly environments: Map<Host, Readonly<Record<string, string>>>;
  readonly plane: { current?: ControlPlane };
  readonly cloud: { account?: Account };
  readonly destroy: () => Promise<void>;
}

export interface Joiner extends Parts {
  readonly stage: RaisedStage;
  readonly api: ApiClient;
  readonly ca: string;
  readonly url: string;
}

export async function makeCloudSite(api: ApiClient): Promise<void> {
  await api.create(
    '/v1/tenants/demo/sites',
    {
      metadata: { name: 'cloud' },
      spec: { kind: 'vpc', allotment: ['172.31.0.0/24'], prefixes: ['172.31.0.0/24'] },
    },
    Site,
  );
}

export async function joinHub(joiner: Joiner, hub: RaisedHub, index: number): Promise<void> {
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

export async function joinSite(joiner: Joiner, wanted: EstateSite): Promise<void> {
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
      throw new Error(
        `${wanted.name} is not up: ${JSON.stringify(status)}\nIts agent: ${joiner.running.get(site.edge)?.output()}`,
      );
  }, JOIN_MS_MAX);
}

export async function enrol(
  joiner: Joiner,
  host: Host,
  [secret = '', ...flags]: readonly string[],
): Promise<void> {
  await host.write('/run/token', secret);
  await enrolWith(joiner, host, { flags: ['--token-file', '/run/token', ...flags] });
  await host.check(['rm', '/run/token']);
}

export interface Enrolling {
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Makes the host ready, enrols it and starts its agent, all under the environment that is given. */
export async function enrolWith(joiner: Joiner, host: Host, { flags, env = {} }: Enrolling): Promise<void> {
  const program = findWireguard({ cache: cacheDirectory(process.env), environment: process.env });
  if (program !== undefined) await host.check(['install', '-D', program, '/opt/isthmus/wireguard-go']);
  await host.write('/run/ca.pem', joiner.ca);
  const command = agentCommand('enrol', '--control-plane', joiner.url, '--ca', '/run/ca.pem', ...flags);
  await host.check(command, { env });
  if (joiner.settings.tuning !== undefined) await tune(host, joiner.settings.tuning);
  joiner.environments.set(host, env);
  startAgent(joiner, host);
}

export async function tune(host: Host, tuning: Readonly<Record<string, number>>): Promise<void> {
  const path = '/etc/isthmus/agent.json';
  const config: unknown = JSON.parse(await host.read(path));
  await host.write(path, JSON.stringify({ ...Object(config), tuning }));
}

export function startAgent({ running, environments }: Parts, host: Host): Running {
  const agent = host.spawn(agentCommand('run'), { env: environments.get(host) ?? {} });
  running.set(host, agent);
  return agent;
}

export function joinedSite({ settings, stage }: Joiner, name: string): JoinedSite {
  const raised = found(
    stage.sites.find((site) => site.name === name),
    name,
  );
  const tenant = settings.sites.find((site) => site.name === name)?.tenant ?? 'demo';
  const path = `/v1/tenants/${tenant}`;
  return { ...raised, tenant, path: `${path}/sites/${name}`, edgePath: `${path}/edges/${name}` };
}

export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}
