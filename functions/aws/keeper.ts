/** Who looks after the routes of VPCs, on AWS. EC2's client is loaded when there is a VPC to look after. */
import { lazyEc2 } from '../../vpc/ec2.ts';
import type { DeploymentFacts } from '../domain/estate.ts';
import type { Blobs } from '../reconcile/ports.ts';
import { createVpcKeeper, type VpcKeeper } from '../reconcile/vpc.ts';
import { systemClock } from './clock.ts';
import type { Table } from './table.ts';

export interface KeeperSettings extends Table {
  /** Leaves of documents: native prefixes are read from what hubs were told. */
  readonly blobs: Pick<Blobs, 'get'>;
  readonly deployment: DeploymentFacts;
  readonly region: string;
}

export function openKeeper({ region, ...parts }: KeeperSettings): VpcKeeper {
  const { routeTables, prefixLists } = lazyEc2({ region });
  return createVpcKeeper({ ...parts, routeTables, prefixLists, clock: systemClock });
}
