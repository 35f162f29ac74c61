/** The driver of Docker Swarm, by the API of one of its managers. What belongs to an app is decided in `swarm-service.ts` and `swarm-plan.ts`. */
import { z } from 'zod';
import type { AppInstance } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { type EngineClient, filtersOf } from '../engine/client.ts';
import { undefinedOn } from '../engine/errors.ts';
import { logLines } from '../engine/log-lines.ts';
import type { CpuReading } from '../usage/meter.ts';
import { sha256, translated } from './docker-faults.ts';
import {
  CONTENT_LABEL,
  isOfTenant,
  isOurs,
  MANAGED_BY,
  MANAGER,
  markFilter,
  marksOf,
  refOf,
  replicasOf,
} from './docker-marks.ts';
import { silence, unlessSilent } from './docker-sight.ts';
import { readUsage } from './docker-usage.ts';
import { type AppRef, type Done, type Driver, DriverError } from './driver.ts';
import { Made, Named, Network, Service, SwarmNode, Task } from './swarm-objects.ts';
import { configsInUse, planService, type SwarmStep } from './swarm-plan.ts';
import {
  checkSwarm,
  configsOf,
  networkOf,
  type SwarmParts,
  secretName,
  serviceName,
  serviceOf,
} from './swarm-service.ts';
import { faultOfContent, lastFailed, presentTasks, swarmInstanceOf } from './swarm-status.ts';
import { named } from './track.ts';

/** Note, update, and once again for each time that somebody else was faster. */
const STEPS_MAX = 6;
const LOGS_MAX = 5;
const LOG_LINES = '10';
/** Of a node that is gone the manager waits for lines that never come. */
const LOG_MS_MAX = 5_000;

/** `client`: of a manager. `others`: of other nodes, where they are reached: each engine tells the CPU of its own containers alone. */
export function createSwarmDriver(client: EngineClient, others: readonly EngineClient[] = []): Driver {
  return {
    tracks: true,
    apply: (workload) => translated(() => apply(client, named(workload))),
    remove: (ref) => translated(() => remove(client, ref)),
    list: () => translated(() => list(client)),
    status: (workload) => translated(() => status(client, named(workload))),
    usage: (workload) => translated(() => usage([client, ...others], named(workload))),
  };
}

/** Of containers at engines that answer; those at others count as just busy enough. */
async function usage(engines: readonly EngineClient[], workload: WorkloadLeaf): Promise<CpuReading[]> {
  const labels = [`com.docker.swarm.service.name=${serviceName(workload, sha256)}`];
  const looks = await Promise.all(engines.map((engine) => unlessSilent(readUsage(engine, labels))));
  if (looks.every(({ value }) => value === undefined)) throw silence(looks.map(({ cause }) => cause));
  return looks.flatMap(({ value }) => value ?? []);
}

async function apply(client: EngineClient, workload: WorkloadLeaf): Promise<Done> {
  checkSwarm(workload);
  const done: string[] = [];
  // Before anything is made, so that somebody else's service is found first.
  checkOwner(await serviceAt(client, workload));
  const parts = await provide(client, workload, done);
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const next = await nextStep(client, workload, parts);
    if (next === undefined) return [...done, ...(await forgetConfigs(client, workload))];
    const words = await execute(client, next);
    if (words !== undefined) done.push(words);
  }
  throw new DriverError('driver.busy', `Others change the service of ${workload.app} all the time.`);
}

async function nextStep(client: EngineClient, workload: WorkloadLeaf, parts: SwarmParts) {
  const service = await serviceAt(client, workload);
  const there = service?.Spec.Mode.Replicated?.Replicas;
  const replicas = replicasOf(workload.template, there);
  const wanted = serviceOf({ workload, parts, replicas }, sha256);
  const isBack = service?.UpdateStatus?.State === 'rollback_completed';
  const tasks = isBack ? await tasksOf(client, service) : [];
  const fault = faultOfContent(tasks, wanted.Labels[CONTENT_LABEL], workload.template);
  return planService({ wanted, service, fault });
}

/** What was done; undefined if somebody else was faster and all is to be looked at again. */
async function execute(client: EngineClient, step: SwarmStep): Promise<string | undefined> {
  if (step.kind === 'create') {
    await client.json(Made, { method: 'POST', path: '/services/create', body: Object(step.spec) });
    return 'create the service';
  }
  const { ID, Version } = step.service;
  const path = `/services/${ID}/update`;
  const query = { version: String(Version.Index) };
  const answer = await undefinedOn(client.bytes({ method: 'POST', path, query, body: Object(step.spec) }), [
    'engine.stale',
  ]);
  return answer === undefined ? undefined : step.words;
}

function checkOwner(service: Service | undefined): void {
  if (service === undefined || isOurs(service.Spec.Labels)) return;
  throw new DriverError(
    'driver.conflict',
    `The service ${service.Spec.Name} is there and is not Isthmus'. Rename the app or remove it; it was not touched.`,
  );
}

/** Everything that the service refers to is there after it, and known by id. */
async function provide(client: EngineClient, workload: WorkloadLeaf, done: string[]): Promise<SwarmParts> {
  const network = await provideNetwork(client, workload, done);
  const configs = await provideConfigs(client, workload, done);
  return { network, configs, secrets: await findSecrets(client, workload) };
}

async function provideNetwork(client: EngineClient, workload: WorkloadLeaf, done: string[]): Promise<string> {
  const body = networkOf(workload.tenant);
  const found = await client.json(z.array(Network), {
    method: 'GET',
    path: '/networks',
    query: { filters: filtersOf({ name: [body.Name], scope: ['swarm'] }) },
  });
  const there = found.find(({ Name }) => Name === body.Name);
  if (there !== undefined && !isOfTenant(there.Labels, workload))
    throw new DriverError(
      'driver.conflict',
      `The network ${body.Name} is there and is not Isthmus'. Remove it; it was not touched.`,
    );
  if (there !== undefined) return there.Id;
  const made = z.looseObject({ Id: z.string() });
  const { Id } = await client.json(made, { method: 'POST', path: '/networks/create', body: Object(body) });
  done.push(`create the network ${body.Name}`);
  return Id;
}

async function provideConfigs(client: EngineClient, workload: WorkloadLeaf, done: string[]) {
  const there = await appConfigs(client, workload);
  const ids = new Map(there.map(({ ID, Spec }) => [Spec.Name, ID]));
  for (const { name, content } of configsOf(workload, sha256)) {
    if (ids.has(name)) continue;
    const body = { Name: name, Labels: marksOf(workload), Data: Buffer.from(content).toString('base64') };
    const { ID } = await client.json(Made, { method: 'POST', path: '/configs/create', body });
    ids.set(name, ID);
    done.push(`create the config ${name}`);
  }
  return ids;
}

async function findSecrets(client: EngineClient, { template }: WorkloadLeaf) {
  if (template.secrets.length === 0) return new Map<string, string>();
  const there = await client.json(z.array(Named), { method: 'GET', path: '/secrets' });
  const ids = new Map(there.map(({ ID, Spec }) => [Spec.Name, ID]));
  const missing = template.secrets.map(secretName).find((name) => !ids.has(name));
  if (missing !== undefined)
    throw new DriverError(
      'driver.refused',
      `The swarm has no secret ${missing}. Make it on a manager: docker secret create ${missing} FILE.`,
    );
  return ids;
}

/** Configs of this app that no release in reach has. */
async function forgetConfigs(client: EngineClient, workload: WorkloadLeaf): Promise<string[]> {
  const service = await serviceAt(client, workload);
  const kept = service === undefined ? new Set<string>() : configsInUse(service);
  const wanted = new Set(configsOf(workload, sha256).map(({ name }) => name));
  const old = (await appConfigs(client, workload)).filter(
    ({ Spec }) => !kept.has(Spec.Name) && !wanted.has(Spec.Name),
  );
  return deleteConfigs(client, old);
}

async function deleteConfigs(client: EngineClient, configs: readonly Named[]): Promise<string[]> {
  const done: string[] = [];
  for (const { ID, Spec } of configs) {
    const gone = await undefinedOn(client.bytes({ method: 'DELETE', path: `/configs/${ID}` }), [
      'engine.not_found',
      // In use by something else: a later pass comes back to it.
      'engine.invalid',
    ]);
    if (gone !== undefined) done.push(`delete the config ${Spec.Name}`);
  }
  return done;
}

/** The tenant's network stays: containers of others may be in it. */
async function remove(client: EngineClient, ref: AppRef): Promise<Done> {
  const service = await serviceAt(client, ref);
  const isThere = service !== undefined && isOurs(service.Spec.Labels);
  if (isThere)
    await undefinedOn(client.bytes({ method: 'DELETE', path: `/services/${service.ID}` }), [
      'engine.not_found',
    ]);
  const configs = await deleteConfigs(client, await appConfigs(client, ref));
  return [...(isThere ? [`delete the service ${service.Spec.Name}`] : []), ...configs];
}

async function list(client: EngineClient): Promise<readonly AppRef[]> {
  const services = await client.json(z.array(Service), {
    method: 'GET',
    path: '/services',
    query: { filters: filtersOf({ label: [`${MANAGED_BY}=${MANAGER}`] }) },
  });
  return services.flatMap(({ Spec }) => refOf(Spec.Labels));
}

async function status(client: EngineClient, workload: WorkloadLeaf): Promise<AppInstance> {
  const found = await serviceAt(client, workload);
  const service = found !== undefined && isOurs(found.Spec.Labels) ? found : undefined;
  const tasks = service === undefined ? [] : await tasksOf(client, service);
  const nodes = await client.json(z.array(SwarmNode), { method: 'GET', path: '/nodes' });
  const parts = { network: '', configs: new Map(), secrets: new Map() };
  const { Labels } = serviceOf({ workload, parts, replicas: 0 }, sha256);
  const lastLines = await linesOf(client, tasks);
  return swarmInstanceOf({ workload, labels: Labels, service, tasks, nodes, lastLines });
}

/** Of containers that ended and left a place empty. */
async function linesOf(client: EngineClient, tasks: readonly Task[]) {
  const failed = presentTasks(tasks)
    .filter(({ Status }) => Status.State !== 'running')
    .flatMap((task) => lastFailed(task, tasks) ?? [])
    .slice(0, LOGS_MAX);
  const lines = await Promise.all(failed.map(async ({ ID }) => [ID, await lastLines(client, ID)] as const));
  return new Map(lines);
}

/** Nothing if the node has them no more. */
async function lastLines(client: EngineClient, task: string): Promise<string[]> {
  const query = { stdout: '1', stderr: '1', tail: LOG_LINES };
  const bytes = await client
    .bytes({ method: 'GET', path: `/tasks/${task}/logs`, query, timeoutMs: LOG_MS_MAX })
    .catch(() => Buffer.alloc(0));
  return logLines(bytes);
}

async function serviceAt(client: EngineClient, ref: AppRef): Promise<Service | undefined> {
  const path = `/services/${serviceName(ref, sha256)}`;
  return undefinedOn(client.json(Service, { method: 'GET', path }), ['engine.not_found']);
}

async function tasksOf(client: EngineClient, { ID }: Service): Promise<Task[]> {
  const query = { filters: filtersOf({ service: [ID] }) };
  return client.json(z.array(Task), { method: 'GET', path: '/tasks', query });
}

async function appConfigs(client: EngineClient, ref: AppRef): Promise<Named[]> {
  const query = { filters: filtersOf(markFilter(ref)) };
  return client.json(z.array(Named), { method: 'GET', path: '/configs', query });
}
