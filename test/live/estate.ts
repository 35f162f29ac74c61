/**
 * A whole deployment for a live test: a lab of hosts, the control plane in this process, hubs and sites joined by
 * the agent's own bundle with real tokens. Steered by the HTTPS API only. Everything ends with `destroy()`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentify } from '../../functions/aws/identify.ts';
import type { Running } from '../../local/command.ts';
import { type ControlPlane, startControlPlane } from '../../local/control-plane.ts';
import { createLab, type Lab } from '../../local/lab.ts';
import type { Host } from '../../local/lab-host.ts';
import {
  type RaisedHub,
  type RaisedSite,
  type RaisedStage,
  raiseStage,
  type SiteStage,
} from '../../local/lab-topology.ts';
import { Site } from '../../protocol/site.ts';
import { createOwners } from '../../vpc/owners-table.ts';
import { type Account, openAccount } from './account.ts';
import { describeAgents } from './agent-command.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import {
  enrolWith,
  found,
  type Joiner,
  joinedSite,
  joinHub,
  joinSite,
  makeCloudSite,
  type Parts,
  startAgent,
} from './joining.ts';
import { joinSlots } from './slot-hubs.ts';

const PORT = 8443;

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
  /** Where browsers reach clusters. */
  readonly clusterDomain?: string;
  /** Hubs are slots in an emulated cloud account with so many route tables; implies `vpc`. */
  readonly cloud?: { readonly routeTables: number };
  /** Called before any hub enrols, so that no change of a route is missed. */
  readonly onAccount?: (account: Account, stage: RaisedStage) => void;
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
  /** Of the control plane, and PEM of its authority. */
  readonly url: string;
  readonly ca: string;
  /** Of `cloud`. */
  readonly account: Account | undefined;
  /** Network interfaces of the hubs' slots, in their order. */
  readonly interfaces: readonly string[];
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
  const cloud: { account?: Account } = {};
  const destroy = async () => {
    try {
      await lab.destroy();
    } finally {
      await plane.current?.close();
      await cloud.account?.close();
      await rm(state, { recursive: true, force: true });
    }
  };
  try {
    if (settings.cloud !== undefined)
      cloud.account = await openAccount(lab.machineAddress, settings.cloud.routeTables);
    return await build({ settings, lab, state, running, environments: new Map(), plane, cloud, destroy });
  } catch (error) {
    await destroy();
    throw error;
  }
}

async function build(parts: Parts): Promise<Estate> {
  const { settings, lab, state, running, plane, destroy, cloud } = parts;
  const hasVpc = settings.vpc === true || settings.cloud !== undefined;
  const stage = await raiseStage(lab, {
    hubs: settings.hubs ?? 1,
    sites: settings.sites,
    ...(hasVpc ? { vpc: true } : {}),
  });
  if (cloud.account !== undefined) settings.onAccount?.(cloud.account, stage);
  const first = await openControlPlane(parts);
  const api = createApiClient({ url: first.url, ca: first.authority ?? '', key: first.adminKey ?? '' });
  const joiner: Joiner = { ...parts, stage, api, ca: first.authority ?? '', url: first.url };
  const kept = new Map<string, string>();
  const tenants = new Set(settings.sites.map((site) => site.tenant ?? 'demo'));
  for (const name of tenants)
    await api.send('POST', '/v1/tenants', { body: { metadata: { name }, spec: {} } });
  if (hasVpc) await makeCloudSite(api);
  const interfaces = await joinHubs(joiner);
  const now = settings.sites.filter((site) => site.joined !== false);
  await Promise.all(now.map((site) => joinSite(joiner, site)));
  return {
    lab,
    stage,
    api,
    state,
    url: joiner.url,
    ca: joiner.ca,
    account: cloud.account,
    interfaces,
    hub: (index) => found(stage.hubs[index], `hub ${index}`),
    site: (name) => joinedSite(joiner, name),
    lanHost: (site) => found(joinedSite(joiner, site).lanHosts[0], `LAN host in ${site}`).host,
    join: (name) => joinSite(joiner, wantedSite(settings, name)),
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

function wantedSite({ sites }: EstateSettings, name: string): EstateSite {
  return found(
    sites.find((site) => site.name === name),
    name,
  );
}

/** Answers the network interfaces of the hubs' slots, if they have some. */
async function joinHubs(joiner: Joiner): Promise<string[]> {
  const { stage, cloud } = joiner;
  if (cloud.account !== undefined)
    return joinSlots({
      ...joiner,
      account: cloud.account,
      hubs: stage.hubs,
      enrol: (host, flags, env) => enrolWith(joiner, host, { flags, env }),
    });
  await Promise.all(stage.hubs.map((hub, index) => joinHub(joiner, hub, index)));
  return [];
}

async function openControlPlane({ settings, lab, state, plane, cloud }: Parts): Promise<ControlPlane> {
  const { account } = cloud;
  const admission = account && {
    identify: createIdentify({ endpoint: account.url }),
    owners: createOwners(account.dynamodb, account.ownersTable),
  };
  const opened = await startControlPlane(
    {
      state,
      listen: [{ host: lab.machineAddress, port: PORT }],
      name: [],
      pool: ['100.64.0.0/10'],
      ...(settings.clusterDomain === undefined ? {} : { 'cluster-domain': settings.clusterDomain }),
    },
    {
      log: (line) => console.error(`control plane: ${line}`),
      environment: process.env,
      ...(admission ? { account: admission } : {}),
    },
  );
  plane.current = opened;
  // The installer's downloads are made at the start, the agent's bundle among them.
  await opened.installerReady();
  return opened;
}

async function virtualOf(joiner: Joiner, name: string, address: string): Promise<string> {
  const tenant = joiner.settings.sites.find((site) => site.name === name)?.tenant ?? 'demo';
  const { status } = await joiner.api.get(`/v1/tenants/${tenant}/sites/${name}`, Site);
  const last = address.split('.').at(-1) ?? '';
  const mapping = found(status.prefixes[0], `a prefix of ${name}`);
  return mapping.virtual.replace(/\d+\/\d+$/, last);
}
