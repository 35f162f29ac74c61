/**
 * The calls to EC2 and what their errors mean to us. Load it by `createEc2` only: it pulls in the whole client. A write is
 * tried once, in a short time: who calls has its own back-off, and at a takeover must not wait for another one's. The
 * pages of a reading are tried again one by one, as a long reading would else never come through while EC2 throttles.
 */
import {
  CreateRouteCommand,
  DeleteRouteCommand,
  DescribeManagedPrefixListsCommand,
  DescribeRouteTablesCommand,
  EC2Client,
  GetManagedPrefixListEntriesCommand,
  ModifyManagedPrefixListCommand,
  ReplaceRouteCommand,
  type Route,
  type RouteTable,
} from '@aws-sdk/client-ec2';
import type { Ec2, Ec2Options } from './ec2.ts';
import { asVpcError } from './ec2-errors.ts';
import { limited } from './limits.ts';
import { type PrefixLists, type RouteTables, type RouteTableView, type RouteView, VpcError } from './port.ts';

const CONNECT_MS = 1_000;
const REQUEST_MS = 5_000;
const READ_TRIES_MAX = 4;
const PAGE_TABLES = 100;
const PAGE_ENTRIES = 100;
const PAGES_MAX = 100;

interface Clients {
  readonly reader: EC2Client;
  readonly writer: EC2Client;
}

export function connectEc2(options: Ec2Options): Ec2 {
  const connect = (maxAttempts: number) =>
    new EC2Client({
      ...options,
      maxAttempts,
      ...limited({ connectMs: CONNECT_MS, requestMs: REQUEST_MS }),
    });
  const clients = { reader: connect(READ_TRIES_MAX), writer: connect(1) };
  return {
    routeTables: routeTablesOf(clients),
    prefixLists: prefixListsOf(clients),
    close: () => {
      clients.reader.destroy();
      clients.writer.destroy();
    },
  };
}

function routeTablesOf({ reader, writer }: Clients): RouteTables {
  return {
    describe: async (vpc) => {
      const tables = await allPages(async (NextToken) => {
        const Filters = [{ Name: 'vpc-id', Values: [vpc] }];
        const page = await ask(() =>
          reader.send(new DescribeRouteTablesCommand({ Filters, MaxResults: PAGE_TABLES, NextToken })),
        );
        return { items: page.RouteTables ?? [], next: page.NextToken };
      });
      return tables.map(tableView);
    },
    create: async (table, destination, interfaceId) => {
      await ask(() => writer.send(new CreateRouteCommand(routeTo(table, destination, interfaceId))));
    },
    replace: async (table, destination, interfaceId) => {
      await ask(() => writer.send(new ReplaceRouteCommand(routeTo(table, destination, interfaceId))));
    },
    remove: async (table, destination) => {
      await ask(() => writer.send(new DeleteRouteCommand(routeAt(table, destination))));
    },
  };
}

function prefixListsOf({ reader, writer }: Clients): PrefixLists {
  return {
    read: async (id) => {
      const { PrefixLists: found = [] } = await ask(() =>
        reader.send(new DescribeManagedPrefixListsCommand({ PrefixListIds: [id] })),
      );
      const [list] = found;
      if (list === undefined) throw new VpcError('missing', `There is no prefix list ${id}.`);
      const version = list.Version ?? 1;
      const entries = await allPages((NextToken) => entriesOf(reader, { id, version, NextToken }));
      return { id, version, maxEntries: list.MaxEntries ?? 0, entries };
    },
    modify: async (id, { version, add, remove }) => {
      const change = new ModifyManagedPrefixListCommand({
        PrefixListId: id,
        CurrentVersion: version,
        ...(add.length > 0 ? { AddEntries: add.map((Cidr) => ({ Cidr })) } : {}),
        ...(remove.length > 0 ? { RemoveEntries: remove.map((Cidr) => ({ Cidr })) } : {}),
      });
      await ask(() => writer.send(change));
    },
  };
}

interface EntriesPage {
  readonly id: string;
  readonly version: number;
  readonly NextToken: string | undefined;
}

/** Of one version, so that pages of two never mix. */
async function entriesOf(client: EC2Client, { id, version, NextToken }: EntriesPage): Promise<Page<string>> {
  const page = await ask(() =>
    client.send(
      new GetManagedPrefixListEntriesCommand({
        PrefixListId: id,
        TargetVersion: version,
        MaxResults: PAGE_ENTRIES,
        NextToken,
      }),
    ),
  );
  return { items: (page.Entries ?? []).flatMap(({ Cidr }) => Cidr ?? []), next: page.NextToken };
}

function routeTo(table: string, destination: string, interfaceId: string) {
  return { ...routeAt(table, destination), NetworkInterfaceId: interfaceId };
}

function routeAt(table: string, destination: string) {
  const where = destination.startsWith('pl-')
    ? { DestinationPrefixListId: destination }
    : { DestinationCidrBlock: destination };
  return { RouteTableId: table, ...where };
}

function tableView({ RouteTableId = '', Tags = [], Routes = [] }: RouteTable): RouteTableView {
  const tags = Tags.map(({ Key = '', Value = '' }) => [Key, Value] as const);
  return { id: RouteTableId, tags: Object.fromEntries(tags), routes: Routes.map(routeView) };
}

function routeView(route: Route): RouteView {
  return {
    destination:
      route.DestinationPrefixListId ?? route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock ?? '',
    interface: route.NetworkInterfaceId,
    target: targetOf(route),
    state: route.State === 'blackhole' ? 'blackhole' : 'active',
  };
}

function targetOf(route: Route): string {
  const targets = [
    route.NetworkInterfaceId,
    route.GatewayId,
    route.NatGatewayId,
    route.TransitGatewayId,
    route.VpcPeeringConnectionId,
    route.EgressOnlyInternetGatewayId,
    route.CarrierGatewayId,
    route.LocalGatewayId,
    route.CoreNetworkArn,
    route.InstanceId,
  ];
  return targets.find((target) => target !== undefined && target !== '') ?? 'unknown';
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

async function allPages<T>(read: (token: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await read(token);
    items.push(...page.items);
    token = page.next === '' ? undefined : page.next;
    if (token === undefined) return items;
  }
  throw new VpcError('refused', `EC2 answers more than ${PAGES_MAX} pages.`);
}

async function ask<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (fault) {
    throw asVpcError(fault);
  }
}
