/** When a new container has shown that it is good, and when it has failed. Values in, values out. */
import { contentIn, releaseIn, roleOf, type SeenContainer } from './docker-seen.ts';
import type { DockerWanted } from './docker-step.ts';

/** A container without a check counts as good after it has run for so long. */
export const TRIAL_MS = 3_000;

/** In its trial, in which the engine does not start it again. */
export function hasFailed({ phase, health, error }: SeenContainer): boolean {
  return (
    phase === 'exited' ||
    phase === 'restarting' ||
    health === 'unhealthy' ||
    (phase === 'created' && error !== '')
  );
}

/** It answers its check, or has run for a while if it has none. */
export function isGood({ phase, health, startedMs }: SeenContainer, nowMs: number): boolean {
  if (phase !== 'running') return false;
  return health === 'healthy' || (health === 'none' && nowMs - startedMs >= TRIAL_MS);
}

/** The mark of a release that was given up: its container failed while the one before it was still there. */
export function refusedOf(
  wanted: Pick<DockerWanted, 'content' | 'release'>,
  containers: readonly SeenContainer[],
) {
  return containers.find(
    (container) =>
      roleOf(container) === 'next' &&
      contentIn(container) === wanted.content &&
      releaseIn(container) === String(wanted.release) &&
      hasFailed(container),
  );
}
