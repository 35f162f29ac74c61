/** The guard's part on hubs: every address has one owner, or two edges (or two tenants) would pass for each other. */
import { comparePrefixes, contains, overlaps, type Prefix, parsePrefix } from '../../protocol/address.ts';
import type { Document, PeerLeaf, SelfLeaf } from '../../protocol/document.ts';
import type { Finding } from '../../protocol/report.ts';
import { tenantRules } from './desired-hub.ts';
import { fault } from './fault.ts';
import { sourcesOf } from './firewall-hub.ts';
import { leafOf, leavesOf } from './leaves.ts';

export function guardHub(document: Document, self: SelfLeaf): Finding[] {
  const peers = leavesOf(document, 'peer');
  return [
    ...guardKeys(document, peers),
    ...overlapping(allowedOf(document, peers, self), 'overlapping_peers'),
    ...overlapping(sourcesOfTenants(document), 'overlapping_tenants'),
    ...guardVirtual(peers, self),
  ];
}

/** One key, one peer: WireGuard would make a single peer of two. */
function guardKeys(document: Document, peers: readonly PeerLeaf[]): Finding[] {
  const twins = leafOf(document, 'twins')?.hubs ?? [];
  const owners = [
    ...peers.flatMap(({ agent, publicKey, nextKey }) =>
      [publicKey, ...(nextKey === undefined ? [] : [nextKey])].map((key) => ({ agent, publicKey: key })),
    ),
    ...twins.map(({ name, publicKey }) => ({ agent: `hub.${name}`, publicKey })),
  ];
  const seen = new Map<string, string>();
  return owners.flatMap(({ agent, publicKey }) => {
    const other = seen.get(publicKey);
    seen.set(publicKey, agent);
    return other === undefined ? [] : [fault('duplicate_key', `${other} and ${agent} have one key.`, agent)];
  });
}

interface Owned {
  readonly prefix: Prefix;
  readonly text: string;
  readonly owner: string;
}

function allowedOf(document: Document, peers: readonly PeerLeaf[], self: SelfLeaf): Owned[] {
  const twins = leafOf(document, 'twins')?.hubs ?? [];
  return [
    { text: `${self.tunnelAddress}/32`, owner: self.agent },
    ...twins.map(({ name, tunnelAddress }) => ({ text: `${tunnelAddress}/32`, owner: `hub.${name}` })),
    ...(leafOf(document, 'network')?.prefixes.map(({ virtual }) => ({ text: virtual, owner: self.agent })) ??
      []),
    ...peers.flatMap(({ agent, tunnelAddress, virtual, native }) =>
      [`${tunnelAddress}/32`, ...virtual, ...native].map((text) => ({ text, owner: agent })),
    ),
  ].map((one) => ({ ...one, prefix: parsePrefix(one.text) }));
}

function sourcesOfTenants(document: Document): Owned[] {
  return tenantRules(document).flatMap((rules) =>
    sourcesOf(rules).map((text) => ({ text, prefix: parsePrefix(text), owner: `tenant ${rules.tenant}` })),
  );
}

/** Sorted, a prefix that overlaps any other overlaps its neighbour: prefixes nest or are disjoint. */
function overlapping(owned: readonly Owned[], code: string): Finding[] {
  const sorted = [...owned].sort((a, b) => comparePrefixes(a.prefix, b.prefix));
  return sorted.slice(1).flatMap((one, index) => {
    const before = sorted[index];
    if (!before || !overlaps(before.prefix, one.prefix)) return [];
    const words = `${before.text} of ${before.owner} overlaps ${one.text} of ${one.owner}.`;
    return [fault(code, words, one.text)];
  });
}

function guardVirtual(peers: readonly PeerLeaf[], { pools }: SelfLeaf): Finding[] {
  const wide = pools.map(parsePrefix);
  const isOutside = (text: string) => !wide.some((pool) => contains(pool, parsePrefix(text)));
  return peers.flatMap(({ agent, tunnelAddress, virtual }) =>
    [`${tunnelAddress}/32`, ...virtual]
      .filter(isOutside)
      .map((text) => fault('mapping_virtual', `${text} of ${agent} is not inside a pool.`, text)),
  );
}
