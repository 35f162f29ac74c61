/**
 * The driver of Marathon. It remembers nothing: an app of ours is known by its labels, and what is being done about it by Marathon's deployments. One of these holds
 * the apps that it is about; we go over it only if all of them are ours, so that what it would have brought is what we no longer want.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AppInstance } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { MarathonClient, MarathonRequest } from '../marathon/client.ts';
import { MarathonError, type MarathonFault } from '../marathon/errors.ts';
import type { MarathonNews } from '../marathon/news.ts';
import { type App, Apps, Deployments, Group, Info, OneApp, Queue } from '../marathon/wire.ts';
import type { MesosClient } from '../mesos/client.ts';
import { placeOf } from '../mesos/offers.ts';
import { sandboxLines } from '../mesos/sandbox.ts';
import { Agents, addressOf, agentInfos } from '../mesos/wire.ts';
import { type AppRef, type Done, type Driver, DriverError, type DriverFault } from './driver.ts';
import { fieldOf } from './marathon-constraints.ts';
import {
  APP_LABEL,
  CONTENT_LABEL,
  idOf,
  type MarathonApp,
  marathonAppOf,
  NAMESPACE_LABEL,
  REMOVED_LABEL,
} from './marathon-objects.ts';
import { isOurs, isRemoved, type MarathonStep, stepOf } from './marathon-plan.ts';
import { marathonInstance } from './marathon-status.ts';
import { marathonUsage } from './marathon-usage.ts';
import { named } from './track.ts';

export interface MarathonDriverOptions {
  readonly client: MarathonClient;
  readonly news: MarathonNews;
  /** The masters, where this host reaches them: what tasks wrote, and what groups of agents there are. */
  readonly mesos: MesosClient | undefined;
}

export function createMarathonDriver(options: MarathonDriverOptions): Driver {
  return {
    tracks: true,
    apply: (workload) => translated(() => apply(options, named(workload))),
    remove: (ref) => translated(() => remove(options, ref)),
    list: () => translated(() => list(options)),
    status: (workload) => translated(() => status(options, named(workload))),
    usage: (workload) => translated(() => marathonUsage(options, idOf(named(workload)))),
  };
}

async function apply(options: MarathonDriverOptions, workload: WorkloadLeaf): Promise<Done> {
  const live = await appAt(options, idOf(workload));
  const wanted = await wantedOf(options, workload, live);
  const step = stepOf(wanted, live);
  if (step === undefined) return [];
  if (step.kind === 'create') await checkGroup(options, wanted.id);
  return [await done(options, wanted, step)];
}

async function done(
  options: MarathonDriverOptions,
  { id, instances }: MarathonApp,
  step: MarathonStep,
): Promise<string> {
  switch (step.kind) {
    case 'create':
      await change(options, { method: 'POST', path: '/v2/apps', body: step.body });
      return `made ${id}, ${instances} of it`;
    case 'change':
      await change(options, { method: 'PUT', path: `/v2/apps${id}`, body: step.body });
      return `changed ${id}: ${step.fields.join(', ')}`;
    case 'restart':
      await change(options, { method: 'POST', path: `/v2/apps${id}/restart` });
      return `took the change of ${id} up again, whose deployment somebody ended`;
  }
}

/** A group under the name of an app has apps of somebody's in it. */
async function checkGroup({ client }: MarathonDriverOptions, id: string): Promise<void> {
  const group = await absentIfNone(client.json(Group, { method: 'GET', path: `/v2/groups${id}` }));
  if (group !== undefined && group.apps.length + group.groups.length > 0)
    throw new DriverError('driver.conflict', `${id} is a group in Marathon: choose another name.`);
}

/** In the way of deployments that are about nothing but ours. */
async function change(options: MarathonDriverOptions, asked: MarathonRequest): Promise<void> {
  const { client } = options;
  try {
    await client.json(z.unknown(), asked);
  } catch (cause) {
    if (!(cause instanceof MarathonError && cause.code === 'marathon.locked')) throw cause;
    await checkSuperseded(options, cause.deployments);
    await client.json(z.unknown(), { ...asked, query: [...(asked.query ?? []), ['force', 'true']] });
  }
}

async function checkSuperseded(options: MarathonDriverOptions, locking: readonly string[]): Promise<void> {
  const deployments = await options.client.json(Deployments, { method: 'GET', path: '/v2/deployments' });
  const held = deployments.filter(({ id }) => locking.includes(id));
  const ours = new Set((await ownApps(options)).map(({ id }) => id));
  const foreign = held.find(({ affectedApps }) => affectedApps.some((app) => !ours.has(app)));
  if (foreign !== undefined)
    throw new DriverError(
      'driver.busy',
      `The deployment ${foreign.id} in Marathon holds the app, and is about apps of others too: it must end first.`,
    );
}

async function remove(options: MarathonDriverOptions, ref: AppRef): Promise<Done> {
  const id = idOf(ref);
  const live = await appAt(options, id);
  if (live === undefined || !isOurs(live) || isRemoved(live)) return [];
  if (live['residency'] === undefined || live['residency'] === null) {
    await absentIfNone(change(options, { method: 'DELETE', path: `/v2/apps${id}` }));
    return [`ended ${id}`];
  }
  // With the app Marathon would give its volumes back.
  const labels = { ...live.labels, [REMOVED_LABEL]: 'true' };
  await change(options, { method: 'PUT', path: `/v2/apps${id}`, body: { instances: 0, labels } });
  return [`ended the tasks of ${id}; it stays, without any, for its volumes`];
}

async function list(options: MarathonDriverOptions): Promise<readonly AppRef[]> {
  return (await ownApps(options))
    .filter((app) => !isRemoved(app))
    .map(({ labels }) => ({ app: labels[APP_LABEL] ?? '', namespace: labels[NAMESPACE_LABEL] ?? '' }));
}

async function status(options: MarathonDriverOptions, workload: WorkloadLeaf): Promise<AppInstance> {
  const { client, news } = options;
  const id = idOf(workload);
  const app = await appAt(options, id);
  const { queue } = await client.json(Queue, { method: 'GET', path: '/v2/queue' });
  const queued = queue.find((item) => item.app?.id === id);
  const isTold = app !== undefined && (await isContentOf(options, workload, app));
  const agents = await agentsOf(options);
  const lastLines = app === undefined ? [] : await lastLinesOf(options, app, agents).catch(() => []);
  const addresses = addressesIn(agents);
  return marathonInstance({ workload, app, isTold, queued, news: news.of(id), addresses, lastLines });
}

type KnownAgents = z.infer<typeof Agents>['get_agents']['agents'];

/** None where the masters are not reached. */
async function agentsOf({ mesos }: MarathonDriverOptions): Promise<KnownAgents> {
  const told = await mesos?.operator(Agents, 'GET_AGENTS').catch(() => undefined);
  return told?.get_agents.agents ?? [];
}

/** Only the masters know how agents are reached; without them, what Marathon calls by its address is known. */
function addressesIn(agents: KnownAgents): ReadonlyMap<string, string> {
  return new Map(
    agents.flatMap(({ agent_info: { hostname }, pid }) => {
      const address = addressOf(pid);
      return address === undefined ? [] : [[hostname, address] as const];
    }),
  );
}

/** What Marathon can't carry it was never told. */
async function isContentOf(
  options: MarathonDriverOptions,
  workload: WorkloadLeaf,
  app: App,
): Promise<boolean> {
  try {
    return (await wantedOf(options, workload, app)).content === app.labels[CONTENT_LABEL];
  } catch (cause) {
    if (cause instanceof DriverError) return false;
    throw cause;
  }
}

async function wantedOf(
  { client, mesos }: MarathonDriverOptions,
  workload: WorkloadLeaf,
  live: App | undefined,
): Promise<MarathonApp> {
  const { nodes, template } = workload;
  const info =
    template.secrets.length === 0 ? undefined : await client.json(Info, { method: 'GET', path: '/v2/info' });
  const field = nodes?.groupBy === undefined ? undefined : fieldOf(nodes.groupBy);
  // To say another number would restart everything: the one that was said stays.
  const known = live?.constraints.find(([name, operator]) => name === field && operator === 'GROUP_BY')?.[2];
  const counted =
    field === undefined || known !== undefined || mesos === undefined
      ? undefined
      : await countGroups(mesos, field).catch(() => undefined);
  return marathonAppOf(workload, {
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    groups: () => (known === undefined ? counted : Number(known)),
    features: info?.marathon_config.features ?? [],
  });
}

async function countGroups(mesos: MesosClient, field: string): Promise<number> {
  const { get_agents: told } = await mesos.operator(Agents, 'GET_AGENTS');
  const values = agentInfos(told).flatMap(({ id, hostname, attributes }) => {
    const place = placeOf({ agent_id: id, hostname, attributes });
    return (field === 'hostname' ? hostname : place.attributes[field]) ?? [];
  });
  return new Set(values).size;
}

/** From the sandbox at the agent: Marathon has no logs. */
async function lastLinesOf(
  { client, mesos }: MarathonDriverOptions,
  { lastTaskFailure: failure }: App,
  agents: KnownAgents,
): Promise<readonly string[]> {
  if (mesos === undefined || failure === undefined || failure === null) return [];
  const { frameworkId } = await client.json(Info, { method: 'GET', path: '/v2/info' });
  const agent = agents.find(({ agent_info: info }) => info.id.value === failure.slaveId);
  if (agent === undefined) return [];
  const framework = { client: mesos, frameworkId: frameworkId ?? undefined };
  return sandboxLines(framework, { pid: agent.pid, task: failure.taskId });
}

async function appAt({ client }: MarathonDriverOptions, id: string): Promise<App | undefined> {
  const embed = ['app.tasks', 'app.deployments', 'app.lastTaskFailure'].map(
    (what) => ['embed', what] as const,
  );
  const found = await absentIfNone(
    client.json(OneApp, { method: 'GET', path: `/v2/apps${id}`, query: embed }),
  );
  return found?.app;
}

async function ownApps({ client }: MarathonDriverOptions): Promise<readonly App[]> {
  const query = [['label', APP_LABEL]] as const;
  const { apps } = await client.json(Apps, { method: 'GET', path: '/v2/apps', query });
  return apps.filter(isOurs);
}

async function absentIfNone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof MarathonError && cause.code === 'marathon.not_found') return undefined;
    throw cause;
  }
}

const FAULTS: Readonly<Record<MarathonFault, DriverFault>> = {
  'marathon.unreachable': 'driver.unreachable',
  'marathon.malformed': 'driver.unreachable',
  'marathon.forbidden': 'driver.forbidden',
  'marathon.locked': 'driver.busy',
  'marathon.conflict': 'driver.conflict',
  'marathon.refused': 'driver.refused',
  'marathon.not_found': 'driver.busy',
};

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof MarathonError) throw new DriverError(FAULTS[cause.code], cause.message, { cause });
    throw cause;
  }
}
