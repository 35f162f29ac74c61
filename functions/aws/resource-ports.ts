/** The world of the resource function on AWS: the network, the clock, and keys in Secrets Manager, read when they are needed. */
import { systemClock } from './clock.ts';
import { byNetwork } from './cloudformation.ts';
import type { ResourcePorts } from './resource-client.ts';
import { createSecrets, keptSecret } from './secrets.ts';

export function createResourcePorts(): ResourcePorts {
  const secrets = createSecrets();
  const kept = new Map<string, () => Promise<string>>();
  return {
    ...byNetwork,
    secret(id) {
      const read = kept.get(id) ?? keptSecret(secrets, id, systemClock);
      kept.set(id, read);
      return read();
    },
    forget: (id) => {
      kept.delete(id);
    },
    nowMs: () => Date.now(),
  };
}
