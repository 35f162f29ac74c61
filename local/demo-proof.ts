/**
 * The demo's proofs: three requests that only work if everything does, with what they really printed; and the facts
 * that the picture shows.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Edge } from '../protocol/edge.ts';
import type { Hub } from '../protocol/hub.ts';
import { check } from './command.ts';
import type { Client } from './demo-client.ts';
import { ROUTE_HOST, readSite } from './demo-estate.ts';
import type { Picture, PictureSite, Proof } from './demo-picture.ts';
import type { DemoStage } from './demo-stage.ts';
import { ECHO_HTTP_PORT, type RaisedSite, type RaisedStage, VPC_LAN } from './lab-topology.ts';

const TRY_SECONDS = 20;
const GATEWAY_PORT = 443;

export interface Estate {
  readonly client: Client;
  readonly hosts: RaisedStage;
  readonly stage: DemoStage;
  readonly edges: readonly Edge[];
  readonly hub: Hub;
}

/** The requests; each throws if it is not answered by the right host. */
export async function prove(estate: Estate): Promise<readonly Proof[]> {
  const [berlin, tokyo] = estate.hosts.sites;
  const asker = berlin?.lanHosts[0];
  const hub = estate.hosts.hubs[0];
  const { vpcHost } = estate.hosts;
  if (
    berlin === undefined ||
    asker === undefined ||
    tokyo === undefined ||
    hub === undefined ||
    vpcHost === undefined
  )
    throw new Error('the demo needs two sites, a hub and a VPC');
  const page = `http://web.${tokyo.name}.demo.isthmus.internal:${ECHO_HTTP_PORT}/`;
  const fetched = await request(
    `a LAN host in ${berlin.name} (${asker.address}) asks one in ${tokyo.name} (10.0.0.10), by name`,
    [...['curl', '-sS', page]],
    (command) => asker.host.check(command),
  );
  const fromVpc = await request(
    `a host in the VPC (${vpcHost.address}) asks it too`,
    ['curl', '-sS', page],
    (command) => vpcHost.host.check(command),
  );
  const certificate = join(estate.stage.state, 'gateway.pem');
  writeFileSync(certificate, estate.hub.status.certificate ?? '');
  const fromMachine = await request(
    "this machine asks through the gateway's HTTPS route",
    [
      ...['curl', '-sS', '--cacert', certificate],
      ...['--resolve', `${ROUTE_HOST}:${GATEWAY_PORT}:${hub.address}`, `https://${ROUTE_HOST}/`],
    ],
    (command) => check(command),
  );
  return [fetched, fromVpc, fromMachine].map((proof) => answeredBy(tokyo.name, proof));
}

async function request(
  title: string,
  command: readonly string[],
  run: (command: readonly string[]) => Promise<string>,
): Promise<Proof> {
  const retrying = [
    '--retry',
    '20',
    '--retry-delay',
    '0',
    '--retry-max-time',
    `${TRY_SECONDS}`,
    '--retry-all-errors',
  ];
  await run([...command.slice(0, 1), ...retrying, '-o', '/dev/null', ...command.slice(1)]);
  const beganMs = performance.now();
  const output = await run(command);
  return { title, command: command.join(' '), output, milliseconds: performance.now() - beganMs };
}

function answeredBy(name: string, proof: Proof): Proof {
  if (!proof.output.startsWith(`hello from ${name}`))
    throw new Error(`${proof.title}: the answer is not ${name}'s: ${proof.output}`);
  return proof;
}

/** The facts of the picture, as the API tells them. */
export async function sketch(estate: Estate, proofs: readonly Proof[]): Promise<Picture> {
  const { client, hosts, edges, hub } = estate;
  const [left, right] = await Promise.all(hosts.sites.map((site) => siteOf(client, site, edges)));
  const raised = hosts.hubs[0];
  if (left === undefined || right === undefined || raised === undefined)
    throw new Error('the demo needs two sites');
  const cloud = await readSite(client, 'cloud');
  return {
    controlPlane: estate.stage.controlPlaneUrl,
    left,
    right,
    hub: {
      name: hub.metadata.name,
      endpoint: hub.spec.endpoint,
      tunnel: hub.status.tunnelAddress,
      gateway: `${raised.address}:${GATEWAY_PORT}`,
      vpc: { name: 'cloud', lan: VPC_LAN, virtual: cloud.status.prefixes[0]?.virtual ?? '-' },
    },
    proofs,
  };
}

async function siteOf(client: Client, raised: RaisedSite, edges: readonly Edge[]): Promise<PictureSite> {
  const site = await readSite(client, raised.name);
  const edge = edges.find((candidate) => candidate.spec.site === raised.name);
  const age = edge?.status.links[0]?.handshakeAgeSeconds;
  return {
    name: raised.name,
    lan: raised.lan,
    virtual: site.status.prefixes[0]?.virtual ?? '-',
    edge: raised.edgeAddress,
    tunnel: edge?.status.tunnelAddress ?? '-',
    handshake: age === undefined ? '-' : `${age} s ago`,
    nat: raised.routerAddress,
  };
}
