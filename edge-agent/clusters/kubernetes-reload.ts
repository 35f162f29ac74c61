/**
 * Tells a running container to load its files again, through the API server. It takes rights that the plain manifest leaves out, because they open every container
 * where they are given: see `infra/kubernetes/isthmus-reload.yaml`.
 */
import type { AppTemplate } from '../../protocol/app.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { pathOf, type ResourcePlace } from '../kube/objects.ts';
import { DriverError } from './driver.ts';

const TIMEOUT_MS = 10_000;

/** Resolves when the app has said that it did. */
export async function reload(
  client: KubeClient,
  place: ResourcePlace,
  by: AppTemplate['onFileChange'],
): Promise<void> {
  if (by.kind !== 'http') return;
  const name = `${place.name ?? ''}:${by.port}`;
  const path = `${pathOf({ ...place, name, subresource: 'proxy' })}${by.path}`;
  try {
    await client.text({ method: by.method, path, timeoutMs: TIMEOUT_MS });
  } catch (cause) {
    throw cause instanceof KubeError ? explained(cause, `${by.method} ${by.path} at ${name}`) : cause;
  }
}

function explained(cause: KubeError, what: string): DriverError {
  if (cause.code === 'kube.forbidden')
    return new DriverError(
      'driver.forbidden',
      `${cause.message} Reloading takes the rights of infra/kubernetes/isthmus-reload.yaml.`,
      { cause },
    );
  return new DriverError(
    'driver.refused',
    `The app did not load its files again (${what}): ${cause.message}`,
    {
      cause,
    },
  );
}
