/** What the real client makes of EC2's answers that the emulator does not give: several pages, black holes, tags. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEc2, type Ec2 } from '../../vpc/ec2.ts';

const LIST = 'pl-0123456789abcdef0';
const TABLES: Record<string, string> = {
  '': `<routeTableSet><item><routeTableId>rtb-1</routeTableId>
    <tagSet><item><key>isthmus:routes</key><value>off</value></item></tagSet>
    <routeSet>
      <item><destinationCidrBlock>10.99.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state></item>
      <item><destinationCidrBlock>100.64.0.0/10</destinationCidrBlock><instanceId>i-1</instanceId>
        <networkInterfaceId>eni-1</networkInterfaceId><state>active</state></item>
    </routeSet></item></routeTableSet><nextToken>second</nextToken>`,
  second: `<routeTableSet><item><routeTableId>rtb-2</routeTableId><routeSet>
      <item><destinationPrefixListId>${LIST}</destinationPrefixListId>
        <networkInterfaceId>eni-2</networkInterfaceId><state>blackhole</state></item>
      <item><destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock>
        <egressOnlyInternetGatewayId>eigw-1</egressOnlyInternetGatewayId><state>active</state></item>
    </routeSet></item></routeTableSet>`,
};
const ENTRIES: Record<string, string> = {
  '': '<entrySet><item><cidr>10.1.0.0/24</cidr></item></entrySet><nextToken>second</nextToken>',
  second: '<entrySet><item><cidr>10.2.0.0/24</cidr></item></entrySet>',
};

const asked: URLSearchParams[] = [];
let server: Server;
let ec2: Ec2;

function answerTo(query: URLSearchParams): string {
  const page = query.get('NextToken') ?? '';
  const action = query.get('Action') ?? '';
  const answers: Record<string, string | undefined> = {
    DescribeRouteTables: TABLES[page],
    GetManagedPrefixListEntries: ENTRIES[page],
    DescribeManagedPrefixLists: `<prefixListSet><item><prefixListId>${LIST}</prefixListId>
      <version>7</version><maxEntries>20</maxEntries></item></prefixListSet>`,
  };
  return `<?xml version="1.0"?><${action}Response>${answers[action] ?? ''}</${action}Response>`;
}

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    incoming.on('end', () => {
      const query = new URLSearchParams(body);
      asked.push(query);
      outgoing.writeHead(200, { 'content-type': 'text/xml' }).end(answerTo(query));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port on loopback');
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  ec2 = await createEc2({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'eu-central-1',
    credentials,
  });
});

afterAll(() => {
  ec2.close();
  server.closeAllConnections();
  server.close();
});

describe('the client', () => {
  test('reads all pages of route tables, with tags, black holes and every kind of target', async () => {
    expect(await ec2.routeTables.describe('vpc-1')).toEqual([
      {
        id: 'rtb-1',
        tags: { 'isthmus:routes': 'off' },
        routes: [
          { destination: '10.99.0.0/16', interface: undefined, target: 'local', state: 'active' },
          { destination: '100.64.0.0/10', interface: 'eni-1', target: 'eni-1', state: 'active' },
        ],
      },
      {
        id: 'rtb-2',
        tags: {},
        routes: [
          { destination: LIST, interface: 'eni-2', target: 'eni-2', state: 'blackhole' },
          { destination: '::/0', interface: undefined, target: 'eigw-1', state: 'active' },
        ],
      },
    ]);
    expect(asked.at(-1)?.get('Filter.1.Value.1')).toBe('vpc-1');
  });

  test('reads all pages of one version of a prefix list', async () => {
    const entries = ['10.1.0.0/24', '10.2.0.0/24'];
    expect(await ec2.prefixLists.read(LIST)).toEqual({ id: LIST, version: 7, maxEntries: 20, entries });
    const pages = asked.filter((query) => query.get('Action') === 'GetManagedPrefixListEntries');
    expect(pages.map((query) => query.get('TargetVersion'))).toEqual(['7', '7']);
  });
});
