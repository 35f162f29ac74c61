/** What an agent on a node sees of its cluster: nodes, and all holdings. It keeps what it last heard. */
import { z } from 'zod';
import { containsAddress, networkOf, overlaps, type Prefix, parseAddress } from '../../protocol/address.ts';
import { Mirror } from '../controllers/mirror.ts';
import type { KubeClient } from '../kube/client.ts';
import { ObjectMeta } from '../kube/objects.ts';
import { type Holding, holdingOf, LEASES_PATH, LeaseObject, POOL_LABEL } from './holding.ts';
import type { Device } from './host-network.ts';

const NodeObject = z.looseObject({
  metadata: ObjectMeta,
  spec: z.looseObject({ podCIDRs: z.array(z.string()).default([]) }).default({ podCIDRs: [] }),
  status: z
    .looseObject({ addresses: z.array(z.looseObject({ type: z.string(), address: z.string() })).default([]) })
    .default({ addresses: [] }),
});
type NodeObject = z.infer<typeof NodeObject>;

export interface SightOptions {
  readonly client: KubeClient;
  readonly log: (line: string) => void;
  readonly onChange: () => void;
}

export class Sight {
  readonly #nodes: Mirror<NodeObject>;
  readonly #leases: Mirror<LeaseObject>;
  #holdings: readonly Holding[] | undefined;

  constructor({ client, log, onChange }: SightOptions) {
    const heard = () => {
      this.#holdings = undefined;
      onChange();
    };
    this.#nodes = new Mirror({ client, path: '/api/v1/nodes', schema: NodeObject, log });
    this.#leases = new Mirror({
      client,
      path: LEASES_PATH,
      schema: LeaseObject,
      labelSelector: POOL_LABEL,
      log,
      onChange: heard,
    });
  }

  start(): void {
    this.#nodes.start();
    this.#leases.start();
  }

  close(): void {
    this.#nodes.close();
    this.#leases.close();
  }

  get isWell(): boolean {
    return this.#leases.fault === undefined;
  }

  /** Why there is nothing new from the API server. */
  get fault(): string | undefined {
    return this.#leases.fault ?? this.#nodes.fault;
  }

  holdings(): readonly Holding[] | undefined {
    const items = this.#leases.items();
    if (items === undefined) return undefined;
    this.#holdings ??= items.flatMap((lease) => holdingOf(lease) ?? []);
    return this.#holdings;
  }

  /** IPv4 prefixes of the containers of a node. */
  podPrefixes(name: string): readonly string[] {
    const node = this.#nodes.items()?.find(({ metadata }) => metadata.name === name);
    return (node?.spec.podCIDRs ?? []).filter((prefix) => !prefix.includes(':'));
  }

  /** Internal addresses by node: of those that share a link with this host, and of those that don't. */
  neighbours(
    own: string,
    devices: readonly Device[],
  ): { near: Map<string, string>; far: Map<string, string> } {
    const near = new Map<string, string>();
    const far = new Map<string, string>();
    for (const { metadata, status } of this.#nodes.items() ?? []) {
      const address = status.addresses.find((one) => one.type === 'InternalIP' && !one.address.includes(':'));
      if (address === undefined || metadata.name === own) continue;
      (isOnLink(address.address, devices) ? near : far).set(metadata.name, address.address);
    }
    return { near, far };
  }
}

/** True if a network of one of our devices holds the address, so that it is reached without a router. */
export function isOnLink(text: string, devices: readonly Device[]): boolean {
  const address = parseAddress(text);
  return devices.some(({ addresses }) =>
    addresses.some((own) =>
      containsAddress(
        { base: networkOf(parseAddress(own.address), own.length), length: own.length },
        address,
      ),
    ),
  );
}

/** The first of these prefixes that shares addresses with a link of this host, where they would be asked for on the link. */
export function inLan(
  prefixes: readonly Prefix[],
  devices: readonly Device[],
): { readonly prefix: Prefix; readonly lan: Prefix; readonly device: string } | undefined {
  for (const { name: device, addresses } of devices)
    for (const { address, length } of addresses) {
      const lan = { base: networkOf(parseAddress(address), length), length };
      const prefix = length === 32 ? undefined : prefixes.find((one) => overlaps(one, lan));
      if (prefix !== undefined) return { prefix, lan, device };
    }
  return undefined;
}
