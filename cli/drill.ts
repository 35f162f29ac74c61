/** `isthmus drill CLUSTER`: asks the cluster's edge for a rehearsal of recovery, waits until it has told of it, and says how it went. */
import { type Drill, DrillWish } from '../protocol/backup.ts';
import type { Cluster } from '../protocol/cluster.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { readCluster } from './clusters.ts';
import { Fault } from './fault.ts';
import { blindnessOf } from './health.ts';
import { valueText } from './resource/format.ts';
import { ageSince, ageText } from './table.ts';
import type { World } from './world.ts';

const LOOK_MS = 2_000;
const WAIT_SECONDS_MAX = 3_600;

const STEPS: Readonly<Record<NonNullable<Drill['steps']>[number]['name'], string>> = {
  fetch: 'fetched the snapshot and checked it',
  restore: 'restored it into a throw-away etcd',
  etcd: 'waited for that etcd',
  api_server: 'waited for a throw-away API server',
  read_back: 'read objects back',
};

export interface DrillOptions {
  readonly last?: boolean;
  readonly timeout: string;
  readonly output: string;
}

/** Ends with 1 if the drill failed, and with 6 if the edge has not told of it in time. */
export async function drill(
  world: World,
  name: string,
  { last = false, timeout, output }: DrillOptions,
): Promise<void> {
  const api = world.open();
  const seconds = Number(timeout);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > WAIT_SECONDS_MAX)
    throw new Fault('usage', `--timeout takes whole seconds, 1 to ${WAIT_SECONDS_MAX}.`);
  const held = last ? lastOf(await readCluster(api, name)) : await heldNow(world, api, { name, seconds });
  world.print(output === 'table' ? drillText(held, world.nowMs()) : valueText(held, output));
  if (held.outcome === 'failed') throw new Fault('failed', 'The drill failed.');
}

function lastOf({ metadata, status }: Cluster): Drill {
  const [newest] = status.facts?.etcd?.drills ?? [];
  if (newest !== undefined) return newest;
  throw new Fault(
    'missing',
    `No drill of ${metadata.name} is known since its edge started. Hold one: isthmus drill ${metadata.name}`,
  );
}

async function heldNow(
  world: World,
  api: Api,
  { name, seconds }: { readonly name: string; readonly seconds: number },
): Promise<Drill> {
  const names = { tenant: await api.tenant(), cluster: name };
  const { asked } = await api.post(at('/v1/tenants/{tenant}/clusters/{cluster}/drill', names), DrillWish);
  world.say(`Asked the edge of ${name} for a drill; it takes a minute or two.`);
  const begunMs = world.nowMs();
  for (;;) {
    const cluster = await readCluster(api, name);
    const held = cluster.status.facts?.etcd?.drills.find((one) => one.asked === asked);
    const waitedSeconds = (world.nowMs() - begunMs) / 1_000;
    world.progress(held === undefined ? `waiting for ${ageText(waitedSeconds)}` : '');
    if (held !== undefined) return held;
    if (waitedSeconds >= seconds) throw new Fault('unreachable', lateText(cluster, seconds));
    await world.wait(LOOK_MS);
  }
}

function lateText({ metadata: { name }, status }: Cluster, seconds: number): string {
  const why = blindnessOf(status.conditions);
  return [
    `The edge of ${name} has told of no such drill in ${seconds} s.`,
    ...(why === undefined ? [] : [`${why.message} (${why.reason})`]),
    `It may still come: isthmus drill ${name} --last shows the last one.`,
  ].join(' ');
}

export function drillText(held: Drill, nowMs: number): string {
  const { outcome, at, backup, detail, steps = [], recoveryMs, snapshotAgeMs } = held;
  const time = (ms: number) => `${(ms / 1_000).toFixed(1)} s`.padStart(8);
  return [
    `${outcome}, ${ageSince(at, nowMs)} ago${backup === '' ? '' : `, of ${backup}`}`,
    ...steps.map(({ name, tookMs }) => `  ${time(tookMs)}  ${STEPS[name]}`),
    ...(recoveryMs === undefined ? [] : [`  ${time(recoveryMs)}  recovery in all (RTO)`]),
    ...(snapshotAgeMs === undefined
      ? []
      : [`  ${ageText(snapshotAgeMs / 1_000).padStart(8)}  age of the snapshot (RPO)`]),
    detail,
  ].join('\n');
}
