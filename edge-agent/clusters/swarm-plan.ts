/**
 * From the service that should be and the one that is there to the next step. A release that was rolled back is remembered on the service
 * itself, because Swarm forgets it: before a release is tried its name is written down, where the rollback leaves it. Values in, values out.
 */
import type { Json } from '../../protocol/canonical.ts';
import { CONTENT_LABEL, isOurs, RELEASE_LABEL } from './docker-marks.ts';
import { DriverError } from './driver.ts';
import { covers, overlay } from './spec-merge.ts';
import type { Service } from './swarm-objects.ts';
import type { ServiceSpec } from './swarm-service.ts';

/** On a service: the release that was tried last, `RELEASE-CONTENT`. */
export const ATTEMPT_LABEL = 'isthmus.dev/attempt';
/** On a service: the release that was tried and given up, and why. */
export const REFUSED_LABEL = 'isthmus.dev/refused';
export const BECAUSE_LABEL = 'isthmus.dev/refused-because';

export type SwarmStep =
  | { readonly kind: 'create'; readonly spec: Json }
  | { readonly kind: 'update'; readonly words: string; readonly service: Service; readonly spec: unknown };

export interface ServicePlan {
  readonly wanted: ServiceSpec;
  /** Under the name that the app needs. */
  readonly service: Service | undefined;
  /** What ended the newest release, as far as it is known. */
  readonly fault: string | undefined;
}

/** Undefined if all is as it should be. Throws `driver.conflict` if the name is somebody else's. */
export function planService({ wanted, service, fault }: ServicePlan): SwarmStep | undefined {
  const attempt = attemptOf(wanted);
  if (service === undefined)
    return { kind: 'create', spec: { ...wanted, Labels: { ...wanted.Labels, [ATTEMPT_LABEL]: attempt } } };
  const { Labels } = service.Spec;
  if (!isOurs(Labels))
    throw new DriverError(
      'driver.conflict',
      `The service ${wanted.Name} is there and is not Isthmus'. Rename the app or remove it; it was not touched.`,
    );
  if (isRollingBack(service)) return undefined;
  if (isRolledBack(service, wanted)) return keepOld({ service, wanted, fault });
  const isOther = contentIn(service) !== wanted.Labels[CONTENT_LABEL];
  if (isOther && Labels[ATTEMPT_LABEL] !== attempt)
    return update(service, `note that release ${wanted.Labels[RELEASE_LABEL]} is tried`, {
      Labels: { [ATTEMPT_LABEL]: attempt, [REFUSED_LABEL]: null, [BECAUSE_LABEL]: null },
    });
  return update(service, `update the service ${wanted.Name}`, wanted);
}

/** Undefined if nothing would change. */
function update(service: Service, words: string, wanted: Json): SwarmStep | undefined {
  if (covers(service.Spec, wanted)) return undefined;
  return { kind: 'update', words, service, spec: overlay(service.Spec, wanted) };
}

export function attemptOf({ Labels }: Pick<ServiceSpec, 'Labels'>): string {
  return `${Labels[RELEASE_LABEL] ?? ''}-${Labels[CONTENT_LABEL] ?? ''}`;
}

function contentIn({ Spec }: Service): string | undefined {
  return Spec.TaskTemplate.ContainerSpec?.Labels[CONTENT_LABEL];
}

function isRollingBack({ UpdateStatus }: Service): boolean {
  return UpdateStatus?.State === 'rollback_started';
}

/** Whether this very release was tried and given up: it is not tried again, a newer one is. */
export function isRolledBack(service: Service, wanted: Pick<ServiceSpec, 'Labels'>): boolean {
  const { Labels } = service.Spec;
  const attempt = attemptOf(wanted);
  if (Labels[REFUSED_LABEL] === attempt) return true;
  const isBack = service.UpdateStatus?.State.startsWith('rollback_') ?? false;
  return isBack && Labels[ATTEMPT_LABEL] === attempt && contentIn(service) !== wanted.Labels[CONTENT_LABEL];
}

/** Everything of the newest release but the containers, which stay those of the release before. */
function keepOld({ service, wanted, fault }: ServicePlan & { service: Service }): SwarmStep | undefined {
  const { Labels } = service.Spec;
  const because = Labels[BECAUSE_LABEL] ?? fault ?? service.UpdateStatus?.Message ?? 'its containers ended';
  const kept = [RELEASE_LABEL, CONTENT_LABEL].map((key) => [key, Labels[key] ?? null] as const);
  const { TaskTemplate: _task, ...around } = wanted;
  return update(service, `note that release ${wanted.Labels[RELEASE_LABEL]} was rolled back: ${because}`, {
    ...around,
    Labels: {
      ...wanted.Labels,
      ...Object.fromEntries(kept),
      [REFUSED_LABEL]: attemptOf(wanted),
      [BECAUSE_LABEL]: because,
    },
  });
}

/** Names of configs that the service's present or last containers have: a rollback must find them. */
export function configsInUse({ Spec, PreviousSpec }: Service): ReadonlySet<string> {
  const specs = [Spec, ...(PreviousSpec === null || PreviousSpec === undefined ? [] : [PreviousSpec])];
  return new Set(
    specs.flatMap(({ TaskTemplate }) =>
      (TaskTemplate.ContainerSpec?.Configs ?? []).map(({ ConfigName }) => ConfigName),
    ),
  );
}
