/**
 * The VPC of a cost run: three route tables and an empty prefix list that hold what is written to them. Calls of EC2 cost
 * nothing, but the function waits for them, so they are counted as calls.
 */
import type { Slot } from '../protocol/slot.ts';
import type { PrefixLists, RouteTables, RouteView } from '../vpc/port.ts';
import type { Meter } from './cost-meter.ts';

const VPC = 'vpc-0123456789abcdef0';
const TABLES = ['rtb-1', 'rtb-2', 'rtb-3'];

/** The slot of the hub of this number. */
export function slotOf(number: number, publicKey: string): Slot {
  return {
    account: '123456789012',
    role: 'isthmus-hub',
    vpc: VPC,
    interface: `eni-0123456789abcdef${number}`,
    address: `172.31.${number}.10`,
    publicKey,
    secret: `arn:aws:secretsmanager:us-east-1:123456789012:secret:hub-${number}-abcdef`,
    queue: `https://sqs.us-east-1.amazonaws.com/123456789012/isthmus-hub-${number}`,
    table: 'isthmus',
    prefixList: 'pl-0123456789abcdef0',
    discovery: { service: 'srv-abcdefghijklmnop', instance: `hub-${number}` },
  };
}

export function openVpc(meter: Meter): { routeTables: RouteTables; prefixLists: PrefixLists } {
  const routes = new Map(TABLES.map((id) => [id, new Map<string, RouteView>()]));
  const called = async () => meter.add({ calls: 1 });
  const lead = async (table: string, destination: string, target: string) => {
    await called();
    routes.get(table)?.set(destination, { destination, interface: target, target, state: 'active' });
  };
  return {
    routeTables: {
      async describe() {
        await called();
        return [...routes].map(([id, own]) => ({ id, tags: {}, routes: [...own.values()] }));
      },
      create: lead,
      replace: lead,
      async remove(table, destination) {
        await called();
        routes.get(table)?.delete(destination);
      },
    },
    prefixLists: {
      async read(id) {
        await called();
        return { id, version: 1, maxEntries: 10, entries: [] };
      },
      modify: called,
    },
  };
}
