/** Why a cluster's copy of a release counts as failed, in words that people can act on. */
import type { AppInstance, ContainerStatus } from '../../protocol/app.ts';
import { DEADLINE_EXCEEDED, saysNotUp } from '../../protocol/app-change.ts';

/** Reasons of a cluster that will not change by waiting. */
const FINAL = new Set(['Refused', 'Unsupported']);

/** The edge looks at the clock, because it alone knows since when a cluster has had the release. */
export function whyFailed(instance: AppInstance, release: number): string | undefined {
  if (instance.release !== release) return undefined;
  const { cluster, statements } = instance;
  const refused = statements.find(
    ({ type, status, reason }) => type === 'Applied' && status === 'False' && FINAL.has(reason),
  );
  if (refused !== undefined) return `${cluster}: ${refused.message}`;
  const isLate = statements.some(({ reason }) => reason === DEADLINE_EXCEEDED);
  return isLate ? `${cluster}: ${troubleOf(instance) ?? 'it was not up in time'}` : undefined;
}

/** What people can act on, the container's own word first. */
function troubleOf({ containers, statements }: AppInstance): string | undefined {
  const container = containers.find(({ reason }) => reason !== 'none');
  if (container !== undefined) return containerText(container);
  return statements.find((one) => saysNotUp(one) && one.reason !== DEADLINE_EXCEEDED)?.message;
}

/** `message`: what is the matter with it; its own word if absent. */
export function containerText({ name, message: own, lastLines }: ContainerStatus, message = own): string {
  const last = lastLines.at(-1);
  return last === undefined ? `${name}: ${message}` : `${name}: ${message} Its last line: ${last}`;
}
