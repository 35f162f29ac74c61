/** What every driver states of an app, in the same words. Values in, values out. */
import type { AppInstance, ContainerStatus } from '../../protocol/app.ts';
import type { Statement } from '../../protocol/cluster.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';

const MESSAGE_MAX = 1_000;
const STATEMENT_MAX = 500;

/** What is to be said of one container. */
export type Judgement = Pick<ContainerStatus, 'state' | 'reason' | 'message'>;

export function say(state: Judgement['state'], reason: Judgement['reason'], message: string): Judgement {
  return { state, reason, message: message.slice(0, MESSAGE_MAX) };
}

/** Of a cluster that does not answer, or says why it does not. */
export function noAnswer(cause: unknown): Statement {
  const message = cause instanceof Error ? cause.message : String(cause);
  return { type: 'Reachable', status: 'False', reason: 'NoAnswer', message: message.slice(0, STATEMENT_MAX) };
}

/** Of one app; as many as a report takes. */
export const CONTAINERS_MAX = 1_000;

/** How an app is, where its containers alone say it: those of the newest release that are ready are up to date. */
export function instanceOfContainers(
  { cluster, release }: Pick<WorkloadLeaf, 'cluster' | 'release'>,
  wanted: number,
  containers: readonly ContainerStatus[],
): AppInstance {
  const isReady = ({ state }: ContainerStatus) => state === 'ready';
  const ready = containers.filter(isReady).length;
  const updated = containers.filter((one) => isReady(one) && one.release === release).length;
  return {
    cluster,
    release,
    wanted,
    ready,
    updated,
    statements: [available({ wanted, ready }, containers), upToDate({ wanted, ready, updated })],
    containers: containers.slice(0, CONTAINERS_MAX),
  };
}

export type Counts = Pick<AppInstance, 'wanted' | 'ready' | 'updated'>;

export function available(
  { wanted, ready }: Pick<Counts, 'wanted' | 'ready'>,
  containers: readonly ContainerStatus[],
): Statement {
  if (ready >= wanted)
    return {
      type: 'Available',
      status: 'True',
      reason: 'AllReady',
      message: `${ready} of ${wanted} are ready.`,
    };
  const fault = containers.find(({ reason }) => reason !== 'none');
  const why = fault === undefined ? '' : ` ${fault.name}: ${fault.message}`;
  return {
    type: 'Available',
    status: 'False',
    reason: fault === undefined ? 'Starting' : fault.reason,
    message: `${ready} of ${wanted} are ready.${why}`.slice(0, STATEMENT_MAX),
  };
}

/** `rolledBack`: why the newest release was given up, if it was. */
export function upToDate({ wanted, ready, updated }: Counts, rolledBack?: string): Statement {
  if (rolledBack !== undefined)
    return {
      type: 'UpToDate',
      status: 'False',
      reason: 'RolledBack',
      message: `The newest release was rolled back: ${rolledBack}`.slice(0, STATEMENT_MAX),
    };
  const isDone = updated >= wanted && ready >= wanted;
  return {
    type: 'UpToDate',
    status: isDone ? 'True' : 'False',
    reason: isDone ? 'Rolled' : 'Rolling',
    message: `${updated} of ${wanted} are of the newest release, and ready.`,
  };
}
