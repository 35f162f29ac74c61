/** The emulated account as its owner sees it: the VPC's route tables in moto, the signing keys in MiniStack's KMS. */
import {
  CreateRouteTableCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
} from '@aws-sdk/client-ec2';
import { GetPublicKeyCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { rootOf } from '../../functions/aws/facts.ts';
import type { SigningRoot } from '../../protocol/signing-root.ts';
import { type Ministack, REGION } from '../fixtures/ministack/start.ts';
import { idOf } from '../fixtures/moto/ground.ts';
import { type AwsStand, CREDENTIALS, POOL } from './aws-stand.ts';

type Account = Pick<AwsStand, 'admin' | 'ground'>;

/** Target of the pool's route by table; a table without one has undefined. */
export async function routesIn({ admin, ground }: Account): Promise<Map<string, string | undefined>> {
  const query = { Filters: [{ Name: 'vpc-id', Values: [ground.vpc] }] };
  const { RouteTables = [] } = await admin.send(new DescribeRouteTablesCommand(query));
  return new Map(
    RouteTables.map(({ RouteTableId, Routes = [] }) => {
      const route = Routes.find(({ DestinationCidrBlock }) => DestinationCidrBlock === POOL);
      return [idOf(RouteTableId), route?.NetworkInterfaceId ?? route?.GatewayId];
    }),
  );
}

/** Every table of the VPC with its route to this interface, but for the foreign one. */
export async function allTo(account: AwsStand, target: string): Promise<Map<string, string>> {
  const { foreign } = account;
  const tables = [...(await routesIn(account)).keys()];
  return new Map(tables.map((table) => [table, table === foreign.table ? foreign.target : target]));
}

/** Somebody takes the pool's route out of these tables. */
export async function dropRoutes({ admin }: Account, tables: readonly string[]): Promise<void> {
  for (const RouteTableId of tables)
    await admin.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock: POOL }));
}

export async function newTable({ admin, ground }: Account): Promise<string> {
  const { RouteTable } = await admin.send(new CreateRouteTableCommand({ VpcId: ground.vpc }));
  return idOf(RouteTable?.RouteTableId);
}

/** Somebody deletes a table just before a route is written to it. */
export function deleteBeforeWrite({ admin, proxy }: AwsStand, table: string): void {
  proxy.before = async (asked) => {
    if (asked.get('Action') !== 'CreateRoute' || asked.get('RouteTableId') !== table) return;
    proxy.before = async () => undefined;
    await admin.send(new DeleteRouteTableCommand({ RouteTableId: table }));
  };
}

/** What KMS says of the one key that can sign: the root that every agent has to pin. */
export async function signingRootsOf({ url }: Ministack): Promise<SigningRoot[]> {
  const client = new KMSClient({ endpoint: url, region: REGION, credentials: CREDENTIALS });
  const { Keys = [] } = await client.send(new ListKeysCommand({}));
  const answers = await Promise.allSettled(
    Keys.map(({ KeyId }) => client.send(new GetPublicKeyCommand({ KeyId }))),
  );
  client.destroy();
  return answers.flatMap((answer) =>
    answer.status === 'fulfilled' && answer.value.KeySpec === 'ECC_NIST_P256'
      ? [rootOf(Buffer.from(answer.value.PublicKey ?? []).toString('base64'))]
      : [],
  );
}
