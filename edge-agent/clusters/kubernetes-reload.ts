/**
 * Tells a running container to load its files again, through the API server. It takes rights that the plain manifest leaves out, because they open every container
 * where they are given: see `infra/kubernetes/isthmus-reload.yaml`.
 */
import type { Reload } from '../../protocol/app-change.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { execute } from '../kube/exec.ts';
import { pathOf, type ResourcePlace } from '../kube/objects.ts';
import { DriverError } from './driver.ts';
import { CONTAINER } from './kubernetes-marks.ts';

const TIMEOUT_MS = 10_000;
/** A signal to load files again does no harm twice. */
const TRIES_MAX = 3;

/** Resolves when the app has answered, or the signal is sent. */
export async function reload(client: KubeClient, place: ResourcePlace, by: Reload): Promise<void> {
  if (by.kind === 'http') return ask(client, place, by);
  if (by.kind === 'signal') return send(client, place, by.signal);
}

async function ask(
  client: KubeClient,
  place: ResourcePlace,
  { port, path, method }: Extract<Reload, { kind: 'http' }>,
): Promise<void> {
  const name = `${place.name ?? ''}:${port}`;
  const proxy = `${pathOf({ ...place, name, subresource: 'proxy' })}${path}`;
  try {
    await client.text({ method, path: proxy, timeoutMs: TIMEOUT_MS });
  } catch (cause) {
    throw cause instanceof KubeError ? explained(cause, `${method} ${path} at ${name}`) : cause;
  }
}

/** To the container's first process, by its image's own `kill`. */
async function send(client: KubeClient, place: ResourcePlace, signal: string): Promise<void> {
  const path = pathOf({ ...place, subresource: 'exec' });
  const command = ['kill', '-s', signal, '1'];
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const sent = await execute(client, { path, container: CONTAINER, command }).catch((cause: unknown) => {
      throw cause instanceof KubeError ? explained(cause, `signal ${signal}`) : cause;
    });
    if (sent.kind === 'succeeded') return;
    if (sent.kind === 'failed')
      throw new DriverError(
        'driver.refused',
        `${place.name}: ${command.join(' ')} failed in its container, whose image needs a kill of its own: ${sent.message}`,
      );
  }
  throw new DriverError('driver.busy', `${place.name} did not say whether ${command.join(' ')} was done.`);
}

/** What API servers say ends without a full stop. */
export function explained(cause: KubeError, what: string): DriverError {
  if (cause.code === 'kube.forbidden')
    return new DriverError(
      'driver.forbidden',
      `${cause.message.replace(/\.?$/, '.')} Reloading takes the rights of infra/kubernetes/isthmus-reload.yaml.`,
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
