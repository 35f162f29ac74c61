/** Cloud Map, by which the ingress finds the hubs: says whether a hub takes traffic. The client is loaded at the first call. */
import type { ServiceDiscoveryClientConfig } from '@aws-sdk/client-servicediscovery';

export interface Discovery {
  /** Sets, not changes; throws what the client throws. */
  setHealth(service: string, instance: string, healthy: boolean): Promise<void>;
}

/** Region, credentials and address come from the environment unless they are handed in. */
export type DiscoveryOptions = Pick<ServiceDiscoveryClientConfig, 'region' | 'endpoint' | 'credentials'>;

export function createDiscovery(options: DiscoveryOptions): Discovery {
  let loading: Promise<Discovery> | undefined;
  return {
    setHealth: async (service, instance, healthy) => {
      loading ??= connect(options);
      await (await loading).setHealth(service, instance, healthy);
    },
  };
}

async function connect(options: DiscoveryOptions): Promise<Discovery> {
  const { connectDiscovery } = await import('./discovery-client.ts');
  return connectDiscovery(options);
}
