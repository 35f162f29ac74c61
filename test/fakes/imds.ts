/**
 * An instance's metadata service (IMDSv2) on loopback: nothing without a token, the subnets of the interfaces that are
 * attached, and the role's credentials, as the SDK's default chain reads them.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RoleCredentials {
  readonly role: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
}

export interface FakeImds {
  readonly endpoint: string;
  /** CIDR by MAC. */
  readonly subnets: Map<string, string>;
  /** Paths that were asked for without a token that this service gave. */
  readonly refused: string[];
  close(): Promise<void>;
}

export async function startImds(instance: string, credentials?: RoleCredentials): Promise<FakeImds> {
  const subnets = new Map<string, string>();
  const refused: string[] = [];
  const tokens = new Set<string>();
  const entries = () => entriesOf(instance, subnets, credentials);
  const server = createServer((request, response) => serve({ request, response, tokens, refused, entries }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server has an address of this shape once it listens.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    subnets,
    refused,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly tokens: Set<string>;
  readonly refused: string[];
  readonly entries: () => Record<string, string>;
}

function serve({ request, response, tokens, refused, entries }: Exchange): void {
  const path = request.url ?? '';
  const isTokenCall = request.method === 'PUT' && path === '/latest/api/token';
  if (isTokenCall && request.headers['x-aws-ec2-metadata-token-ttl-seconds'] !== undefined) {
    const token = randomBytes(16).toString('hex');
    tokens.add(token);
    response.writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': '300' }).end(token);
    return;
  }
  if (!tokens.has(String(request.headers['x-aws-ec2-metadata-token']))) {
    refused.push(path);
    response.writeHead(401).end();
    return;
  }
  const text = entries()[path.replace('/latest/meta-data/', '')];
  response.writeHead(text === undefined ? 404 : 200).end(text ?? '');
}

function entriesOf(
  instance: string,
  subnets: ReadonlyMap<string, string>,
  credentials: RoleCredentials | undefined,
): Record<string, string> {
  const macs = [...subnets].map(([mac, subnet]) => [
    `network/interfaces/macs/${mac}/subnet-ipv4-cidr-block`,
    subnet,
  ]);
  return { 'instance-id': instance, ...Object.fromEntries(macs), ...roleEntries(credentials) };
}

function roleEntries(credentials: RoleCredentials | undefined): Record<string, string> {
  if (credentials === undefined) return {};
  const { role, accessKeyId, secretAccessKey, token } = credentials;
  const document = {
    Code: 'Success',
    Type: 'AWS-HMAC',
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: token,
    Expiration: '2099-01-01T00:00:00Z',
    LastUpdated: '2026-01-01T00:00:00Z',
  };
  return {
    'iam/security-credentials/': role,
    [`iam/security-credentials/${role}`]: JSON.stringify(document),
  };
}
