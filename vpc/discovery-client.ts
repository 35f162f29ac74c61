/** The one call to Cloud Map. Load it by `createDiscovery` only: it pulls in the client. */
import {
  ServiceDiscoveryClient,
  UpdateInstanceCustomHealthStatusCommand,
} from '@aws-sdk/client-servicediscovery';
import type { Discovery, DiscoveryOptions } from './discovery.ts';
import { limited } from './limits.ts';

const CONNECT_MS = 1_000;
const REQUEST_MS = 5_000;

export function connectDiscovery(options: DiscoveryOptions): Discovery {
  const client = new ServiceDiscoveryClient({
    ...options,
    ...limited({ connectMs: CONNECT_MS, requestMs: REQUEST_MS }),
  });
  return {
    setHealth: async (service, instance, healthy) => {
      const Status = healthy ? 'HEALTHY' : 'UNHEALTHY';
      const change = { ServiceId: service, InstanceId: instance, Status } as const;
      await client.send(new UpdateInstanceCustomHealthStatusCommand(change));
    },
  };
}
