/**
 * The demo's estate, made the way a user makes one: by the HTTPS API and the installer, and nothing else.
 */
import { z } from 'zod';
import { type Edge, EdgeList } from '../protocol/edge.ts';
import { Hub } from '../protocol/hub.ts';
import { Site } from '../protocol/site.ts';
import { TokenCreated } from '../protocol/token.ts';
import type { Client } from './demo-client.ts';
import type { Host } from './lab-host.ts';
import { ECHO_HTTP_PORT, VPC_LAN } from './lab-topology.ts';

export const TENANT = '/v1/tenants/demo';
const READY_MS_MAX = 60_000;
const POLL_MS = 100;
const INSTALL_MS_MAX = 180_000;
/** What a host has by itself: none of the machine's development tools. */
const HOST_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const TOKEN_FILE = 'isthmus.token';

export const ROUTE_HOST = 'web.demo.example';

const Anything = z.unknown();

/** Tenant, sites, a hub, services and a route. */
export async function describeEstate(
  client: Client,
  names: { sites: readonly string[]; hubEndpoint: string },
) {
  await client.post('/v1/tenants', named('demo', { description: 'The demo' }), Anything);
  for (const site of names.sites)
    await client.post(
      `${TENANT}/sites`,
      named(site, { allotment: ['10.0.0.0/24'], prefixes: ['10.0.0.0/24'] }),
      Anything,
    );
  await client.post(
    `${TENANT}/sites`,
    named('cloud', { kind: 'vpc', allotment: [VPC_LAN], prefixes: [VPC_LAN] }),
    Anything,
  );
  await client.post(
    '/v1/hubs',
    named('hub1', { endpoint: names.hubEndpoint, vpc: { tenant: 'demo', site: 'cloud' } }),
    Anything,
  );
}

/** What others may reach: a service at each site, and a public route to the last one's. */
export async function nameServices(client: Client, sites: readonly string[]): Promise<void> {
  for (const site of sites)
    await client.post(
      `${TENANT}/sites/${site}/services`,
      named('web', { address: '10.0.0.10', port: ECHO_HTTP_PORT }),
      Anything,
    );
  await client.post(
    `${TENANT}/routes`,
    named('web', { host: ROUTE_HOST, service: { site: sites.at(-1), name: 'web' } }),
    Anything,
  );
}

function named(name: string, spec: unknown) {
  return { metadata: { name }, spec };
}

export function hubToken(client: Client): Promise<TokenCreated> {
  return client.post('/v1/hubs/hub1/tokens', { spec: {} }, TokenCreated);
}

export function edgeToken(client: Client, site: string): Promise<TokenCreated> {
  return client.post(`${TENANT}/tokens`, { spec: { site, approve: true } }, TokenCreated);
}

/** Writes the token to a file and runs the very line that the API gave, with these flags. */
export async function install(host: Host, token: TokenCreated, flags: readonly string[]): Promise<void> {
  await host.write(`/run/${TOKEN_FILE}`, `${token.secret}\n`);
  await host.check(['sh', '-c', `${token.install} ${flags.join(' ')}`], {
    cwd: '/run',
    env: { PATH: HOST_PATH },
    timeoutMs: INSTALL_MS_MAX,
  });
}

/** Polls until every edge has applied its newest document and a hub sees it. */
export async function awaitEdges(client: Client, count: number): Promise<readonly Edge[]> {
  return eventually(async () => {
    const edges = (await client.get(`${TENANT}/edges`, EdgeList)).items;
    return edges.length === count && edges.every(isReady)
      ? { done: edges }
      : { state: edges.map((edge) => `${edge.metadata.name}: ${describeEdge(edge)}`).join('; ') };
  });
}

function isReady(edge: Edge): boolean {
  const { document, applied, links } = edge.status;
  return (
    applied !== undefined && document?.generation === applied.generation && links.some((link) => link.up)
  );
}

function describeEdge({ status }: Edge): string {
  const link = status.links.some(({ up }) => up) ? 'tunnel up' : 'no tunnel';
  return `${link}, document ${status.document?.generation ?? '-'}, applied ${status.applied?.generation ?? '-'}`;
}

/** Polls until the hub has a certificate for its gateway. */
export async function awaitHub(client: Client): Promise<Hub> {
  return eventually(async () => {
    const hub = await client.get('/v1/hubs/hub1', Hub);
    const { certificate, applied } = hub.status;
    return certificate !== undefined && applied !== undefined
      ? { done: hub }
      : { state: `the hub has ${certificate === undefined ? 'no certificate' : 'applied no document'}` };
  });
}

async function eventually<T>(look: () => Promise<{ done: T } | { state: string }>): Promise<T> {
  const untilMs = performance.now() + READY_MS_MAX;
  let last = '';
  while (performance.now() < untilMs) {
    const seen = await look();
    if ('done' in seen) return seen.done;
    last = seen.state;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`After ${READY_MS_MAX / 1_000} s: ${last}`);
}

export function readSite(client: Client, site: string): Promise<Site> {
  return client.get(`${TENANT}/sites/${site}`, Site);
}
