/** Networks at a plain engine: the tenant's own, and those in which containers of a pool have their addresses. Made where they are missing. */
import { z } from 'zod';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { EngineClient } from '../engine/client.ts';
import { type Lan, poolNetwork } from './docker-container.ts';
import { isOfTenant, isOurs, TENANT_LABEL } from './docker-marks.ts';
import { ListedNetworks } from './docker-objects.ts';
import { networkOfAddress } from './docker-pool.ts';
import { DriverError } from './driver.ts';

export interface PoolRanges {
  readonly pool: string;
  readonly prefixes: readonly string[];
}

/** What a pass works on. */
export interface Work {
  readonly workload: WorkloadLeaf;
  readonly pool: PoolRanges | undefined;
  readonly lan: Lan | undefined;
}

export function networkAt(address: string, work: Work): string {
  return networkBody(address, work).Name;
}

export function networkBody(address: string, { workload, pool, lan }: Work) {
  const { pool: name = '', prefixes = [] } = pool ?? {};
  const prefix = prefixes.find((one) => networkOfAddress(name, [one], address) !== undefined);
  const network = networkOfAddress(name, prefixes, address);
  if (prefix === undefined || network === undefined)
    throw new DriverError(
      'driver.refused',
      `The address ${address} is in no range of the pool ${name} any more.`,
    );
  return poolNetwork(workload.tenant, { name: network, prefix, lan });
}

export async function provideNetwork(
  client: EngineClient,
  workload: WorkloadLeaf,
  body: { readonly Name: string; readonly Labels: Readonly<Record<string, string>> },
): Promise<void> {
  const found = await client.json(ListedNetworks, { method: 'GET', path: '/networks' });
  const there = found.find(({ Name }) => Name === body.Name);
  if (there === undefined) {
    await createNetwork(client, body);
    return;
  }
  const isShared = body.Labels[TENANT_LABEL] === undefined;
  if (isShared ? !isOurs(there.Labels) : !isOfTenant(there.Labels, workload))
    throw new DriverError(
      'driver.conflict',
      `The network ${body.Name} is there and is not Isthmus'. Remove it; it was not touched.`,
    );
}

const MadeNetwork = z.looseObject({
  IPAM: z.looseObject({ Config: z.array(z.looseObject({ Subnet: z.string() })).nullish() }),
});

/** Only in a network whose range was given may a container keep its address when it connects anew; so the engine is asked for a free range first. */
async function createNetwork(client: EngineClient, body: { readonly Name: string; readonly IPAM?: object }) {
  const create = (given: object) => client.ask({ method: 'POST', path: '/networks/create', body: given });
  await create(body);
  if (body.IPAM !== undefined) return;
  const path = `/networks/${body.Name}`;
  const { IPAM } = await client.json(MadeNetwork, { method: 'GET', path });
  const Config = (IPAM.Config ?? []).map(({ Subnet }) => ({ Subnet }));
  await client.ask({ method: 'DELETE', path });
  await create({ ...body, IPAM: { Config } });
}
