/**
 * The Container Network Interface as far as an address plugin speaks it, versions 0.3.0 to 1.1.0: what a call says, what is answered. Values in, values out.
 */
import { z } from 'zod';
import { formatAddress, networkOf, readAddress, readPrefix, sizeOf } from '../../protocol/address.ts';
import { parseJson } from '../../protocol/json.ts';

export const CNI_VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** Codes of the specification, and above 99 our own. */
export const CNI_CODE = {
  version: 1,
  environment: 4,
  content: 6,
  tryAgain: 11,
  unsupported: 100,
  noPool: 101,
  exhausted: 102,
  notHeld: 103,
} as const;

/** An answer that the runtime shows to people: what is wrong, and what to do. */
export class CniFault extends Error {
  override readonly name = 'CniFault';
  readonly code: number;

  constructor(kind: keyof typeof CNI_CODE, message: string) {
    super(message);
    this.code = CNI_CODE[kind];
  }
}

/** Runtimes show `msg` alone, among other text: our name tells it apart. */
export function faultBody({ code, message }: CniFault, cniVersion = '1.0.0'): string {
  return JSON.stringify({ cniVersion, code, msg: `isthmus-ipam: ${message}`, details: '' });
}

const NetworkConfiguration = z.looseObject({
  cniVersion: z.string().default('0.3.1'),
  name: z.string(),
  type: z.string(),
  bridge: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,15}$/)
    .default('cni0'),
  isGateway: z.boolean().default(false),
  isDefaultGateway: z.boolean().default(false),
  ipam: z.looseObject({
    type: z.string(),
    delegate: z.string().optional(),
    subnet: z.string().optional(),
    gateway: z.string().optional(),
    ranges: z
      .array(z.array(z.looseObject({ subnet: z.string(), gateway: z.string().optional() })))
      .default([]),
  }),
});
export type NetworkConfiguration = z.infer<typeof NetworkConfiguration>;

export interface CniCall {
  readonly command: string;
  readonly container: string;
  readonly interface: string;
  /** Undefined: the caller is no Kubernetes. */
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string } | undefined;
  readonly network: NetworkConfiguration;
}

/** Headers as the shim sends them; the body is what the runtime gave it. Throws CniFault. */
export function readCall(headers: Readonly<Record<string, string>>, body: string): CniCall {
  const parsed = NetworkConfiguration.safeParse(parseJson(body));
  if (!parsed.success)
    throw new CniFault(
      'content',
      `The network configuration can't be read: ${z.prettifyError(parsed.error)}`,
    );
  const network = parsed.data;
  if (!CNI_VERSIONS.some((version) => version === network.cniVersion))
    throw new CniFault(
      'version',
      `CNI ${network.cniVersion} is not spoken here: use one of ${CNI_VERSIONS.join(', ')} in the conflist.`,
    );
  const { command = '', container = '', interface: device = '' } = headers;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(container))
    throw new CniFault('environment', 'CNI_CONTAINERID is missing or no name.');
  return { command, container, interface: device, pod: podOf(headers['arguments'] ?? ''), network };
}

/** `K8S_POD_NAMESPACE=a;K8S_POD_NAME=b;...` */
function podOf(text: string): CniCall['pod'] {
  const values = new Map(text.split(';').map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']));
  const namespace = values.get('K8S_POD_NAMESPACE') ?? '';
  const name = values.get('K8S_POD_NAME') ?? '';
  const uid = values.get('K8S_POD_UID') ?? '';
  return namespace === '' || name === '' ? undefined : { namespace, name, uid };
}

/** The link that containers of this node are on. */
export interface ContainerLink {
  readonly device: string;
  /** The bridge's own address. */
  readonly gateway: number;
  readonly length: number;
}

/** As the bridge plugin would make it for an address of the cluster's own. Throws CniFault where addresses of a pool can't be had. */
export function linkOf({
  type,
  bridge,
  isGateway,
  isDefaultGateway,
  ipam,
}: NetworkConfiguration): ContainerLink {
  const unsupported = (why: string) =>
    new CniFault('unsupported', `Addresses of a pool can't be had in this network: ${why}`);
  if (type !== 'bridge')
    throw unsupported(`its plugin is ${type}, and only bridge, with routes between nodes, is known to work.`);
  if (!isGateway && !isDefaultGateway)
    throw unsupported(`its bridge ${bridge} is not the gateway (isGateway).`);
  const range = ipam.ranges[0]?.[0] ?? { subnet: ipam.subnet ?? '', gateway: ipam.gateway };
  const subnet = readPrefix(range.subnet);
  if (typeof subnet === 'string')
    throw unsupported('its own ipam names no IPv4 subnet, so the address of the bridge is not known.');
  const gateway = range.gateway === undefined ? subnet.base + 1 : readAddress(range.gateway);
  if (typeof gateway === 'string' || subnet.length > 30)
    throw unsupported(`${range.subnet} leaves no gateway.`);
  return { device: bridge, gateway, length: subnet.length };
}

/**
 * What a container sends to. It must be in the network of its address, and is therefore the first address of that, which nobody has and the
 * node answers for. Linux takes such an address as any other since 5.14.
 */
export function nextHopOf(address: number, { length }: Pick<ContainerLink, 'length'>): number {
  return networkOf(address, length);
}

/**
 * The answer to ADD. The bridge plugin compares the gateway with the bridge's own address, so both must be as those of its own addresses; the way out is
 * said by the routes alone: everything by the next hop, neighbours of the pool as well, which may be on any node.
 */
export function resultOf(address: number, link: ContainerLink, cniVersion: string): string {
  const gw = formatAddress(nextHopOf(address, link));
  const half = sizeOf(link.length + 1);
  const base = networkOf(address, link.length);
  const halves = [base, base + half].map((start) => `${formatAddress(start)}/${link.length + 1}`);
  const ip = { address: `${formatAddress(address)}/${link.length}`, gateway: formatAddress(link.gateway) };
  const isOld = cniVersion.startsWith('0.');
  return JSON.stringify({
    cniVersion,
    ips: [isOld ? { version: '4', ...ip } : ip],
    routes: ['0.0.0.0/0', ...halves].map((dst) => ({ dst, gw })),
    dns: {},
  });
}
