/** Why a release that stands beside the last one is not good, by what its containers and clusters say. Only what is said counts: of silence nothing follows. */
import type { AppInstance, ContainerStatus } from '../../protocol/app.ts';
import { containerText, whyFailed } from './rollout-failure.ts';

export interface StagedEvidence {
  readonly release: number;
  /** Stable is being made the release too. */
  readonly isStableNew: boolean;
  readonly instances: readonly AppInstance[];
}

/** Of containers that ran and do not do. */
const BROKEN: ReadonlySet<ContainerStatus['reason']> = new Set([
  'crash_loop',
  'out_of_memory',
  'probe_failing',
]);

export function troubleOf({ release, isStableNew, instances }: StagedEvidence): string | undefined {
  const [reason] = instances.flatMap((instance) => {
    const late = instance.track === 'next' || isStableNew ? whyFailed(instance, release) : undefined;
    if (late !== undefined) return [late];
    const broken = instance.track === 'next' ? brokenIn(instance, { release, instances }) : undefined;
    return broken === undefined ? [] : [`${instance.cluster}: ${broken}`];
  });
  return reason;
}

function brokenIn(
  { cluster, release: told, containers }: AppInstance,
  { release, instances }: Pick<StagedEvidence, 'release' | 'instances'>,
): string | undefined {
  if (told !== release) return undefined;
  const own = containers.filter((one) => one.release === release && one.state !== 'stopping');
  const broken = own.find(({ reason }) => BROKEN.has(reason));
  if (broken !== undefined) return containerText(broken);
  const stable = instances.find((one) => one.cluster === cluster && one.track === undefined);
  const most = Math.max(0, ...(stable?.containers ?? []).map(({ restarts }) => restarts));
  const restless = own.find(({ restarts }) => restarts > most);
  return restless === undefined
    ? undefined
    : containerText(
        restless,
        `It was started again ${restless.restarts} times, those of the release before ${most} times at most.`,
      );
}
