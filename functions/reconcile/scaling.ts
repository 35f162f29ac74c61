/** How many containers of each app that scales there are to be, from what was told. It reads values that were read already, and writes nothing. */
import type { AppSpec } from '../../protocol/app.ts';
import { cpuTargetMillis, type Scaling } from '../../protocol/scaling.ts';
import { millisecondsOf } from '../../protocol/time.ts';
import { totalsOf } from '../domain/shares.ts';
import { type ClusterUsage, cpuLoad, requestLoad } from '../scaling/loads.ts';
import { type Choice, isSameChoice, scale } from '../scaling/scale.ts';
import type { Item, Telling } from '../store/port.ts';

/** A cluster, as far as scaling goes by it. */
export interface UsedCluster {
  readonly name: string;
  readonly isHeard: boolean;
  readonly apps: Telling['apps'];
  readonly usage: Telling['usage'];
}

/** Requests a second by app, of all hubs together; apps that no hub tells of are absent. */
export type Requests = ReadonlyMap<string, number>;

export interface ScalingView {
  readonly clusters: readonly UsedCluster[];
  readonly requests: Requests;
  readonly now: string;
}

/** The choice, the same object as before if nothing changed; undefined if the app does not scale. */
export function scaledOf(item: Item<'app'>, spec: AppSpec, view: ScalingView): Choice | undefined {
  const { replicas } = spec;
  if (typeof replicas === 'number') return undefined;
  const before = item.status.scaled;
  const loads = loadsOf(item, { spec, policy: replicas, view });
  const choice = scale({ policy: replicas, before, there: readyOf(item, view), loads, now: view.now });
  return before !== undefined && isSameChoice(choice, before) ? before : choice;
}

interface Asked {
  readonly spec: AppSpec;
  readonly policy: Scaling;
  readonly view: ScalingView;
}

function loadsOf(item: Item<'app'>, { spec, policy, view }: Asked) {
  const nowMs = millisecondsOf(view.now);
  const targetMillis = cpuTargetMillis(policy, spec.resources);
  const clusters = usagesOf(item, view);
  const isWhole = spec.placement.division.kind === 'each';
  const groups = isWhole ? clusters.map((one) => [one]) : [clusters];
  const cpu =
    targetMillis === undefined
      ? []
      : groups.map((group) => cpuLoad({ clusters: group, targetMillis, nowMs }));
  const { requestsPerSecond: target } = policy;
  const perSecond = view.requests.get(item.key.name);
  const requests = target === undefined ? [] : [requestLoad({ perSecond, target })];
  return (current: number) => [...cpu.map((load) => load(current)), ...requests];
}

/** Clusters in which it is to run, with what they told of its CPU. */
function usagesOf({ key, status, createdAt }: Item<'app'>, { clusters }: ScalingView): ClusterUsage[] {
  const { assignments = [], leaving = [] } = status.placed ?? {};
  return totalsOf([...assignments, ...leaving]).map(({ cluster: name, replicas }): ClusterUsage => {
    const cluster = clusters.find((one) => one.name === name);
    const { usage } = cluster ?? {};
    // What was told before there was this app is of another one that had its name.
    const told = usage !== undefined && usage.at >= createdAt ? usage : undefined;
    return {
      cluster: name,
      isHeard: cluster?.isHeard === true,
      replicas,
      usage: told?.value.find(({ app }) => app === key.name)?.usage,
      atMs: told && millisecondsOf(told.at),
    };
  });
}

/** Whoever scaled it before, those that are there are the number to begin with. */
function readyOf({ key, createdAt }: Item<'app'>, { clusters }: ScalingView): number {
  const ready = clusters.flatMap(({ apps }) =>
    apps === undefined || apps.at < createdAt
      ? []
      : apps.value.filter(({ app }) => app === key.name).map(({ instance }) => instance.ready),
  );
  return ready.reduce((sum, count) => sum + count, 0);
}
