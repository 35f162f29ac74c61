/** The world of the resource function on AWS: fetch, the clock, and keys in Secrets Manager, read when they are needed. */
import { systemClock } from './clock.ts';
import type { ResourcePorts } from './resource-client.ts';
import { createSecrets, keptSecret } from './secrets.ts';

export function createResourcePorts(): ResourcePorts {
  const secrets = createSecrets();
  const kept = new Map<string, () => Promise<string>>();
  return {
    fetch: (url, init) => fetch(url, init),
    secret(id) {
      const read = kept.get(id) ?? keptSecret(secrets, id, systemClock);
      kept.set(id, read);
      return read();
    },
    forget: (id) => {
      kept.delete(id);
    },
    nowMs: () => Date.now(),
    pause: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
  };
}
