/** The two tracks of an app, as drivers see them: what objects are called, which track is asked, and what no orchestrator can hold. Values in, values out. */
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { trackName } from '../../protocol/track.ts';
import { type Driver, DriverError } from './driver.ts';

/** With the name of the track's objects in the place of the app's. */
export function named(workload: WorkloadLeaf): WorkloadLeaf {
  return { ...workload, app: trackName(workload) };
}

/** Whether the track is asked under the app's name. */
export function isServing({ track, stage }: Pick<WorkloadLeaf, 'track' | 'stage'>): boolean {
  return stage?.serving.includes(track ?? 'stable') ?? true;
}

/** Throws `driver.unsupported` where the cluster can't have a track beside the other. */
export function checkTrack({ tracks }: Pick<Driver, 'tracks'>, { template, track }: WorkloadLeaf): void {
  if (track === undefined) return;
  if (tracks !== true)
    throw new DriverError(
      'driver.unsupported',
      'Clusters of this kind have no second track of an app: use upgrade rolling, or place the app elsewhere.',
    );
  if (template.volumes.length > 0)
    throw new DriverError(
      'driver.unsupported',
      'A second track has none of the data of the first: use upgrade rolling.',
    );
  const isAlwaysAsked = template.ports.some(({ hostPort }) => hostPort !== undefined);
  if (isAlwaysAsked && template.upgrade.kind === 'blueGreen')
    throw new DriverError(
      'driver.unsupported',
      'Who has a port of its node is asked as soon as it runs, and two can not have it: use upgrade rolling or canary.',
    );
}
