/**
 * The driver of plain Docker engines. They have nobody above them, so Isthmus decides at which one a container runs, and takes the next step of
 * each at every pass; once made, containers need nobody: their engines bring them back after a restart. What is done is decided in `docker-plan.ts`.
 */
import type { AppInstance } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { appOfTrack } from '../../protocol/track.ts';
import { logLines } from '../engine/log-lines.ts';
import type { CpuReading } from '../usage/meter.ts';
import { checkDocker, type Lan, limitsOf } from './docker-container.ts';
import { sha256, translated } from './docker-faults.ts';
import { DockerHands } from './docker-hands.ts';
import {
  appName,
  askedOf,
  contentOf,
  isOurs,
  markFilter,
  networkName,
  refOf,
  replicasOf,
} from './docker-marks.ts';
import type { PoolRanges, Work } from './docker-networks.ts';
import { planDocker } from './docker-plan.ts';
import { poolAddresses } from './docker-pool.ts';
import { containerName, type SeenApp, type SeenContainer, slotOf } from './docker-seen.ts';
import {
  type DockerNode,
  EngineMemory,
  findApp,
  listContainers,
  lookAt,
  type Sight,
  silence,
  unlessSilent,
} from './docker-sight.ts';
import { dockerInstanceOf, talkative } from './docker-status.ts';
import { type DockerWanted, describeDockerStep } from './docker-step.ts';
import { readUsage } from './docker-usage.ts';
import { type AppRef, type Done, type Driver, DriverError } from './driver.ts';
import { named } from './track.ts';

/** A change that need not wait is done in one pass. */
const ROUNDS_MAX = 4;
const LOGS_MAX = 5;
const LOG_LINES = '10';
const LOG_MS_MAX = 5_000;
/** A program may speak before its engine has noted that it runs; between two runs the engine waits as long as this at least. */
const EARLY_MS = 100;

export interface DockerSettings {
  /** As they are at each pass: whoever hands the list over may add to it and take away. */
  readonly nodes: readonly DockerNode[];
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  /** Ranges that a pool of the tenant has in this cluster. */
  readonly rangesOf?: (pool: string) => readonly string[];
  /** Where containers of pools are; several engines need one, so that an address can move between them. */
  readonly lan?: Lan;
}

interface Ground {
  readonly settings: DockerSettings;
  readonly memory: EngineMemory;
  readonly hands: DockerHands;
}

export function createDockerDriver(settings: DockerSettings): Driver {
  const memory = new EngineMemory(settings.wallNow());
  const ground = { settings, memory, hands: new DockerHands(settings.nodes) };
  return {
    tracks: true,
    apply: (workload) => translated(() => apply(ground, named(workload))),
    remove: (ref) => translated(() => remove(ground, ref)),
    list: () => translated(() => list(ground)),
    status: (workload) => translated(() => status(ground, named(workload))),
    usage: (workload) => translated(() => usage(ground, named(workload))),
  };
}

function sightOf({ settings: { nodes, wallNow }, memory }: Ground): Sight {
  return { nodes, memory, nowMs: wallNow() };
}

async function apply(ground: Ground, workload: WorkloadLeaf): Promise<Done> {
  checkDocker(workload);
  const work = workOf(ground, workload);
  const done: string[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const seen = await lookAt(workload, sightOf(ground));
    const wanted = wantedOf(ground, workload, seen);
    refuseForeign(wanted, seen);
    const before = done.length;
    for (const step of planDocker(wanted, seen).steps) {
      if (!(await ground.hands.execute(step, work))) {
        // The steps of one container build on one another.
        if (step.kind === 'move_address') break;
        continue;
      }
      done.push(describeDockerStep(step, wanted.base));
    }
    if (done.length === before) break;
  }
  return done;
}

function workOf({ settings: { rangesOf, lan, nodes } }: Ground, workload: WorkloadLeaf): Work {
  const { pool } = workload.template;
  if (pool === undefined) return { workload, pool: undefined, lan };
  const prefixes = rangesOf?.(pool) ?? [];
  if (prefixes.length === 0)
    throw new DriverError('driver.refused', `The pool ${pool} has no range in this cluster.`);
  if (nodes.length > 1 && lan === undefined)
    throw new DriverError(
      'driver.unsupported',
      'Several engines can give addresses of a pool only on a network that they share: add the cluster again on its edge with --lan, the LAN interface of their hosts and its prefix.',
    );
  const ranges: PoolRanges = { pool, prefixes };
  return { workload, pool: ranges, lan };
}

function wantedOf(
  { settings: { rangesOf, lan } }: Ground,
  workload: WorkloadLeaf,
  seen: SeenApp,
): DockerWanted {
  const { template, release, nodes: rules, tenant } = workload;
  const slots = new Set(seen.containers.map(slotOf));
  const { pool } = template;
  return {
    base: appName(workload, sha256),
    content: contentOf(template, sha256),
    release,
    replicas: replicasOf(template, slots.size === 0 ? undefined : slots.size),
    template,
    rules,
    pool: pool === undefined ? undefined : poolAddresses(rangesOf?.(pool) ?? [], lan !== undefined),
    limits: limitsOf(template),
    network: networkName(tenant),
    alias: appOfTrack(workload.app),
    asked: askedOf(workload),
  };
}

function refuseForeign({ base, replicas }: DockerWanted, { nodes }: SeenApp): void {
  for (const { name: node, foreign } of nodes)
    for (let slot = 1; slot <= replicas; slot += 1) {
      const taken = (['main', 'next', 'old'] as const)
        .map((role) => containerName(base, slot, role))
        .find((name) => foreign.includes(name));
      if (taken !== undefined)
        throw new DriverError(
          'driver.conflict',
          `The container ${taken} at ${node} is not Isthmus'. Rename the app or remove it; it was not touched.`,
        );
    }
}

/** Its networks and volumes stay: they are the tenant's, and its data. */
async function remove({ settings: { nodes }, hands }: Ground, ref: AppRef): Promise<Done> {
  const { found, silent } = await findApp(nodes, ref);
  const done: string[] = [];
  // Beside stable it serves to the end: first nobody new comes to it.
  if (ref.app !== appOfTrack(ref.app)) for (const container of found) await hands.leave(container);
  for (const container of found)
    if (await hands.end(container)) done.push(`remove ${container.name} at ${container.node}`);
  // What is there is not known, so it is asked for again.
  if (silent !== undefined) throw silent;
  return done;
}

async function list({ settings: { nodes } }: Ground): Promise<readonly AppRef[]> {
  const looks = await Promise.all(nodes.map(({ client }) => unlessSilent(listContainers(client))));
  if (looks.every(({ value }) => value === undefined)) throw silence(looks.map(({ cause }) => cause));
  const refs = looks
    .flatMap(({ value }) => value ?? [])
    .filter(({ Labels }) => isOurs(Labels))
    .flatMap(({ Labels }) => refOf(Labels));
  return [...new Map(refs.map((ref) => [`${ref.namespace}/${ref.app}`, ref])).values()];
}

async function status(ground: Ground, workload: WorkloadLeaf): Promise<AppInstance> {
  const seen = await lookAt(workload, sightOf(ground));
  const wanted = wantedOf(ground, workload, seen);
  const talkers = talkative(seen.containers).slice(0, LOGS_MAX);
  const lines = await Promise.all(
    talkers.map(async (container) => [container.id, await lastLines(ground, container)] as const),
  );
  const { hands } = ground;
  const known = (name: string, fault: string | undefined) =>
    fault === undefined ? [] : [[name, fault] as const];
  return dockerInstanceOf({
    workload,
    wanted,
    seen,
    plan: planDocker(wanted, seen),
    lastLines: new Map(lines),
    faults: new Map(seen.containers.flatMap(({ id }) => known(id, hands.faultOf(id)))),
    imageFaults: new Map(
      seen.nodes.flatMap(({ name }) => known(name, hands.images.faultOf(name, workload.template.image))),
    ),
  });
}

/** An engine that is silent has no readings: its containers count as those of which nothing is known. */
async function usage({ settings: { nodes } }: Ground, workload: WorkloadLeaf): Promise<CpuReading[]> {
  const labels = markFilter(workload).label;
  const looks = await Promise.all(nodes.map(({ client }) => unlessSilent(readUsage(client, labels))));
  if (looks.every(({ value }) => value === undefined)) throw silence(looks.map(({ cause }) => cause));
  return looks.flatMap(({ value }) => value ?? []);
}

/** Of its last run alone; nothing if the engine has them no more. */
async function lastLines({ settings: { nodes } }: Ground, container: SeenContainer): Promise<string[]> {
  const client = nodes.find(({ name }) => name === container.node)?.client;
  if (client === undefined) return [];
  const since = ((container.startedMs - EARLY_MS) / 1_000).toFixed(3);
  const query = { stdout: '1', stderr: '1', tail: LOG_LINES, since };
  const bytes = await client
    .bytes({ method: 'GET', path: `/containers/${container.id}/logs`, query, timeoutMs: LOG_MS_MAX })
    .catch(() => Buffer.alloc(0));
  return logLines(bytes);
}
