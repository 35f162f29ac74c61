/**
 * Which services of a cluster become services of the site, and at which address: those that are labelled, at the first address that can be
 * reached from the edge. What can't be published is a sentence, not a fault. Values in, values out.
 */
import { z } from 'zod';
import { isAddressIn, parsePrefix } from '../../protocol/address.ts';
import type { FoundService } from '../../protocol/cluster-report.ts';
import { Name } from '../../protocol/metadata.ts';
import { RouteSpec } from '../../protocol/route.ts';
import { ObjectMeta } from '../kube/objects.ts';

/** On a Service that asks to be published. */
export const EXPOSE_LABEL = 'isthmus.dev/expose';
/** Its name at the site; the Service's own if absent. */
export const NAME_ANNOTATION = 'isthmus.dev/name';
/** Name or number of the port; needed if it has several. */
export const PORT_ANNOTATION = 'isthmus.dev/port';
/** `shop.example.com/path`: a public HTTPS path to it. */
export const ROUTE_ANNOTATION = 'isthmus.dev/route';

const SERVICES_MAX = 500;

const PortObject = z.looseObject({
  name: z.string().default(''),
  port: z.number(),
  protocol: z.string().default('TCP'),
  nodePort: z.number().optional(),
});
type PortObject = z.infer<typeof PortObject>;

export const ServiceObject = z.looseObject({
  metadata: ObjectMeta,
  spec: z.looseObject({
    type: z.string().default('ClusterIP'),
    clusterIP: z.string().default(''),
    externalIPs: z.array(z.string()).default([]),
    externalTrafficPolicy: z.string().default('Cluster'),
    ports: z.array(PortObject).default([]),
  }),
  status: z
    .looseObject({
      loadBalancer: z
        .looseObject({ ingress: z.array(z.looseObject({ ip: z.string().optional() })).default([]) })
        .default({ ingress: [] }),
    })
    .default({ loadBalancer: { ingress: [] } }),
});
export type ServiceObject = z.infer<typeof ServiceObject>;

/** A node that can take traffic: it is ready, and nobody says that it is lost. */
export interface NodePlace {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface Surroundings {
  /** Prefixes that the site exposes; addresses outside of them lead nowhere. */
  readonly exposed: readonly string[];
  readonly nodes: readonly NodePlace[];
  /** A range of services that is exposed and does not answer the edge. */
  readonly unreached?: string | undefined;
}

export interface Choice {
  readonly found: readonly FoundService[];
  /** A sentence for each Service that asks and can't be had, `NAMESPACE/NAME: …`. */
  readonly refused: readonly string[];
}

/** The older of two that want one name has it. */
export function chooseServices(services: readonly ServiceObject[], around: Surroundings): Choice {
  const found = new Map<string, FoundService>();
  const refused: string[] = [];
  for (const service of [...services].sort(byAge)) {
    const outcome = chooseService(service, around);
    const holder = typeof outcome === 'string' ? undefined : found.get(outcome.name);
    if (typeof outcome === 'string') refused.push(`${sourceOf(service)}: ${outcome}`);
    else if (holder !== undefined)
      refused.push(`${sourceOf(service)}: ${holder.source} has the name ${outcome.name} already.`);
    else if (found.size >= SERVICES_MAX)
      refused.push(`${sourceOf(service)}: ${SERVICES_MAX} services are published, which is the most.`);
    else found.set(outcome.name, outcome);
  }
  return { found: [...found.values()].sort((a, b) => compare(a.name, b.name)), refused };
}

/** The service, or why not. */
function chooseService(service: ServiceObject, around: Surroundings): FoundService | string {
  const annotations = service.metadata.annotations ?? {};
  const name = annotations[NAME_ANNOTATION] ?? service.metadata.name;
  if (!Name.safeParse(name).success)
    return `${JSON.stringify(name.slice(0, 64))} is no name at a site; give one by ${NAME_ANNOTATION}.`;
  const port = choosePort(service, annotations[PORT_ANNOTATION]);
  if (typeof port === 'string') return port;
  const route =
    annotations[ROUTE_ANNOTATION] === undefined ? undefined : readRoute(annotations[ROUTE_ANNOTATION]);
  if (typeof route === 'string') return route;
  const place = choosePlace(service, port, around);
  if (typeof place === 'string') return place;
  const protocol = port.protocol === 'UDP' ? 'udp' : 'tcp';
  return { name, source: sourceOf(service), ...place, protocol, ...(route === undefined ? {} : { route }) };
}

function choosePort({ spec: { ports } }: ServiceObject, wanted: string | undefined): PortObject | string {
  const fitting =
    wanted === undefined
      ? ports
      : ports.filter(({ name, port }) => name === wanted || String(port) === wanted);
  const [port, ...others] = fitting;
  if (port === undefined)
    return wanted === undefined ? 'it has no port.' : `it has no port ${wanted.slice(0, 64)}.`;
  if (others.length > 0) return `it has several ports; say which by ${PORT_ANNOTATION}.`;
  return port.protocol === 'TCP' || port.protocol === 'UDP' ? port : `${port.protocol} can't be published.`;
}

function readRoute(text: string): FoundService['route'] | string {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const route = RouteSpec.shape.host.safeParse(host);
  const path = RouteSpec.shape.path.safeParse(slash < 0 ? '/' : text.slice(slash));
  if (!route.success || !path.success)
    return `${ROUTE_ANNOTATION} is no host and path such as shop.example.com/path.`;
  return { host: route.data, path: path.data };
}

type PlaceOf = Pick<FoundService, 'address' | 'port'>;

/** Addresses of its own come first, in the order of how little they depend on one node. */
function choosePlace(
  service: ServiceObject,
  port: PortObject,
  { exposed, nodes, unreached }: Surroundings,
): PlaceOf | string {
  const { spec, status } = service;
  const balanced = status.loadBalancer.ingress.flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
  const isDead = (one: string) => unreached !== undefined && isInside(one, [unreached]);
  const inside = [...balanced, ...spec.externalIPs, spec.clusterIP].filter((one) => isInside(one, exposed));
  const address = inside.find((one) => !isDead(one));
  if (address !== undefined) return { address, port: port.port };
  if (inside.length > 0 && port.nodePort === undefined)
    return `its address ${inside[0]} does not answer this edge, which has no route to ${unreached}, and it has no node port.`;
  if (port.nodePort === undefined)
    return 'none of its addresses is in a prefix that the site exposes, and it has no node port: expose the range of services, or make it a NodePort.';
  if (spec.externalTrafficPolicy === 'Local')
    return 'its node port answers only where its pods are (externalTrafficPolicy: Local); give it an address or the policy Cluster.';
  const node = chooseNode(sourceOf(service), nodes, exposed);
  return node === undefined
    ? 'no ready node has an address in a prefix that the site exposes.'
    : { address: node, port: port.nodePort };
}

/** The same node while it is there, another for another service: the highest of the hashes of both. */
function chooseNode(
  source: string,
  nodes: readonly NodePlace[],
  exposed: readonly string[],
): string | undefined {
  const places = nodes.flatMap(({ name, addresses }) => {
    const address = addresses.find((one) => isInside(one, exposed));
    return address === undefined ? [] : [{ name, address, rank: hashOf(`${source} ${name}`) }];
  });
  return places.sort((a, b) => b.rank - a.rank || compare(a.name, b.name))[0]?.address;
}

function isInside(text: string, exposed: readonly string[]): boolean {
  return isAddressIn(text, exposed.map(parsePrefix));
}

function sourceOf({ metadata }: ServiceObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function byAge(a: ServiceObject, b: ServiceObject): number {
  return (
    compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compare(sourceOf(a), sourceOf(b))
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** FNV-1a with a last stir, without which names that differ in their last letter would rank alike. */
function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
