/**
 * What an agent refuses whoever signed it: a document that would turn the host's own traffic into the tunnel, or give
 * one address two owners. A refused document is not applied at all. Codes are stable.
 */
import { contains, overlaps, type Prefix, parseAddress, parsePrefix } from '../../protocol/address.ts';
import type { Document, SelfLeaf } from '../../protocol/document.ts';
import type { Finding } from '../../protocol/report.ts';
import { fault } from './fault.ts';
import { guardHub } from './guard-hub.ts';
import { guardMappings } from './guard-mappings.ts';
import { leafOf, leavesOf } from './leaves.ts';
import type { HostFacts } from './state.ts';

/** No pool and no native prefix is wider. */
const LENGTH_MIN = 8;

/** Most findings of one document: they are read by people, and reported. */
const FINDINGS_MAX = 32;

/** Empty: the document may be applied. */
export function guard(document: Document, facts: HostFacts): Finding[] {
  const self = leafOf(document, 'self');
  if (!self) return [fault('incomplete', 'The document does not say whose it is.', 'self')];
  const identity = guardIdentity(self, facts);
  if (identity.length > 0) return identity;
  const found = [
    ...guardRouted(routedOf(document, self), facts),
    ...guardEndpoints(document, routedOf(document, self)),
    ...guardAddresses(document, self),
    ...guardMappings(document, self),
    ...(self.role === 'hub' ? guardHub(document, self) : []),
  ];
  return found.slice(0, FINDINGS_MAX);
}

function guardIdentity(self: SelfLeaf, { agent, role }: HostFacts): Finding[] {
  if (self.agent !== agent)
    return [fault('wrong_agent', `The document is of ${self.agent}, and this is ${agent}.`, self.agent)];
  if (self.role !== role)
    return [
      fault('wrong_role', `The document is of a ${self.role}, and this agent is a ${role}.`, self.role),
    ];
  return [];
}

/** A prefix that would be routed into the tunnel, and what the document calls it. */
interface Routed {
  readonly text: string;
  readonly prefix: Prefix;
  readonly noun: 'pool' | 'native prefix';
}

function routedOf(document: Document, self: SelfLeaf): Routed[] {
  const sites = leafOf(document, 'network')?.native.flatMap(({ prefixes }) => prefixes) ?? [];
  const peers = leavesOf(document, 'peer').flatMap(({ native }) => native);
  const native = [...new Set([...sites, ...peers])];
  return [
    ...self.pools.map((text) => ({ text, prefix: parsePrefix(text), noun: 'pool' as const })),
    ...native.map((text) => ({ text, prefix: parsePrefix(text), noun: 'native prefix' as const })),
  ];
}

function guardRouted(routed: readonly Routed[], facts: HostFacts): Finding[] {
  const lan = facts.lanDevices.flatMap(({ name, prefixes }) =>
    prefixes.map((text) => ({ prefix: parsePrefix(text), words: `${text}, which is on the link ${name}` })),
  );
  const foreign = facts.foreignRoutes.map((text) => ({
    prefix: parsePrefix(text),
    words: `the route ${text} of this host`,
  }));
  return routed.flatMap((one) => [
    ...guardWidth(one),
    ...clash(one, lan, 'own_lan'),
    ...clash(one, foreign, 'foreign_route'),
    ...clash(one, hosts(facts.controlPlaneAddresses, 'the control plane'), 'control_plane'),
    ...clash(one, hosts(facts.resolvers, 'the name server'), 'resolver'),
  ]);
}

function guardWidth({ text, prefix, noun }: Routed): Finding[] {
  if (prefix.length === 0) return [fault('default_route', `The ${noun} ${text} is the default route.`, text)];
  if (prefix.length >= LENGTH_MIN) return [];
  return [fault('too_wide', `The ${noun} ${text} is wider than /${LENGTH_MIN}.`, text)];
}

interface Other {
  readonly prefix: Prefix;
  readonly words: string;
}

function clash({ text, prefix, noun }: Routed, others: readonly Other[], code: string): Finding[] {
  return others
    .filter((other) => overlaps(other.prefix, prefix))
    .map(({ words }) => fault(code, `The ${noun} ${text} would take ${words} into the tunnel.`, text));
}

function hosts(addresses: readonly string[], noun: string): Other[] {
  return addresses.map((address) => ({ prefix: host(address), words: `${noun} ${address}` }));
}

function host(address: string): Prefix {
  return { base: parseAddress(address), length: 32 };
}

/** The tunnel itself must not go through the tunnel. */
function guardEndpoints(document: Document, routed: readonly Routed[]): Finding[] {
  const hubs = [...(leafOf(document, 'hubs')?.hubs ?? []), ...(leafOf(document, 'twins')?.hubs ?? [])];
  const endpoints = hubs.map(({ name, endpoint }) => {
    const address = endpoint.split(':')[0] ?? '';
    return { prefix: host(address), words: `the way to hub ${name} at ${address}` };
  });
  return routed.flatMap((one) => clash(one, endpoints, 'hub_endpoint'));
}

/** Tunnel addresses lie in the pools, or nothing would be routed to them. */
function guardAddresses(document: Document, self: SelfLeaf): Finding[] {
  const pools = self.pools.map(parsePrefix);
  const hubs = [...(leafOf(document, 'hubs')?.hubs ?? []), ...(leafOf(document, 'twins')?.hubs ?? [])];
  const addresses = [self, ...hubs].map(({ tunnelAddress }) => tunnelAddress);
  return addresses
    .filter((address) => !pools.some((pool) => contains(pool, host(address))))
    .map((address) => fault('tunnel_address', `The tunnel address ${address} is in no pool.`, address));
}
