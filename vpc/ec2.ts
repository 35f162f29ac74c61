/**
 * Route tables and prefix lists of EC2. The client is large, so nothing of it is loaded before the first call or
 * `createEc2`; what it is asked stands in `ec2-client.ts`.
 */
import type { EC2ClientConfig } from '@aws-sdk/client-ec2';
import type { PrefixLists, RouteTables } from './port.ts';

export interface Ec2 {
  readonly routeTables: RouteTables;
  readonly prefixLists: PrefixLists;
  /** Closes the connections. */
  close(): void;
}

/** Region, credentials and address come from the environment unless they are handed in. */
export type Ec2Options = Pick<EC2ClientConfig, 'region' | 'endpoint' | 'credentials'>;

export async function createEc2(options: Ec2Options): Promise<Ec2> {
  const { connectEc2 } = await import('./ec2-client.ts');
  return connectEc2(options);
}

/** The same, loaded at its first call: for who rarely has anything to ask. */
export function lazyEc2(options: Ec2Options): Ec2 {
  let loading: Promise<Ec2> | undefined;
  const load = () => {
    loading ??= createEc2(options);
    return loading;
  };
  return {
    routeTables: {
      describe: async (vpc) => (await load()).routeTables.describe(vpc),
      create: async (...route) => (await load()).routeTables.create(...route),
      replace: async (...route) => (await load()).routeTables.replace(...route),
      remove: async (...route) => (await load()).routeTables.remove(...route),
    },
    prefixLists: {
      read: async (id) => (await load()).prefixLists.read(id),
      modify: async (id, change) => (await load()).prefixLists.modify(id, change),
    },
    close: () => {
      loading?.then((ec2) => ec2.close()).catch(() => undefined);
    },
  };
}
