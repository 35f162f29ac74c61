/**
 * The entry of `cloud.mjs`: the account of a cloud instance, by the SDK, with the credentials of the instance's role and
 * the region of the configuration. Nothing of the agent imports it but `open-cloud.ts`, and that when it is needed.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDiscovery } from '../../vpc/discovery.ts';
import { lazyEc2 } from '../../vpc/ec2.ts';
import { limited } from '../../vpc/limits.ts';
import { createOwners } from '../../vpc/owners-table.ts';
import type { Cloud, CloudOptions, Prove, Slots } from './cloud.ts';
import { type OwnershipPorts, openOwnership } from './owner.ts';
import { openQueue } from './queue.ts';

/** A takeover must not wait for a table that does not answer: the arbiter is the last resort. */
const CONNECT_MS = 1_000;
const REQUEST_MS = 2_000;
const ATTEMPTS_MAX = 2;

export function openCloud({ region, chance }: CloudOptions): Cloud {
  const table = new DynamoDBClient({
    region,
    maxAttempts: ATTEMPTS_MAX,
    ...limited({ connectMs: CONNECT_MS, requestMs: REQUEST_MS }),
  });
  const { routeTables } = lazyEc2({ region });
  const ports: OwnershipPorts = {
    owners: (name) => createOwners(table, name),
    tables: routeTables,
    discovery: createDiscovery({ region }),
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    chance,
  };
  return { messages: openQueue(region), ownership: (options) => openOwnership(options, ports) };
}

export async function openSlots(region: string): Promise<Slots> {
  const { connectSlots } = await import('./slots.ts');
  return connectSlots(region);
}

export const prove: Prove = async (order) => {
  const { proveRole } = await import('./prove.ts');
  return proveRole(order);
};
