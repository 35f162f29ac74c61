/**
 * A hub serves all tenants, and native prefixes are the tenants' own wish: one that would take the hub's own traffic into
 * the tunnel is left out, so that no tenant can keep the hub from applying what the others wait for. On an edge the
 * whole document is refused: there it is the tenant's own.
 */
import { overlaps, parsePrefix } from '../../protocol/address.ts';
import type { Document, Leaf } from '../../protocol/document.ts';
import type { Finding } from '../../protocol/report.ts';
import { leafOf, leavesOf } from './leaves.ts';
import type { HostFacts } from './state.ts';

/** Most that one report tells. */
const FINDINGS_MAX = 16;

export interface Cleared {
  readonly document: Document;
  readonly findings: readonly Finding[];
}

/** The document without native prefixes that clash with this hub's surroundings. */
export function withoutClashingNative(document: Document, facts: HostFacts): Cleared {
  const taken = surroundings(document, facts).map(parsePrefix);
  const isClash = (text: string) => taken.some((prefix) => overlaps(prefix, parsePrefix(text)));
  const clashing = new Set(nativeOf(document).filter(isClash));
  if (clashing.size === 0) return { document, findings: [] };
  const leaves = Object.entries(document.leaves).map(
    ([name, leaf]) => [name, without(leaf, clashing)] as const,
  );
  return {
    document: { ...document, leaves: Object.fromEntries(leaves) },
    findings: [...clashing].sort().slice(0, FINDINGS_MAX).map(dropped),
  };
}

/** What must stay reachable outside the tunnel: links, routes, name servers, the control plane, the hubs. */
function surroundings(document: Document, facts: HostFacts): string[] {
  const twins = leafOf(document, 'twins')?.hubs ?? [];
  const hosts = [
    ...facts.controlPlaneAddresses,
    ...facts.resolvers,
    ...twins.map(({ endpoint }) => endpoint.split(':')[0] ?? ''),
  ];
  return [
    ...facts.lanDevices.flatMap(({ prefixes }) => prefixes),
    ...facts.foreignRoutes,
    ...hosts.map((address) => `${address}/32`),
  ];
}

function nativeOf(document: Document): string[] {
  const sites = leafOf(document, 'network')?.native.flatMap(({ prefixes }) => prefixes) ?? [];
  return [...sites, ...leavesOf(document, 'peer').flatMap(({ native }) => native)];
}

function without(leaf: Leaf, clashing: ReadonlySet<string>): Leaf {
  const keep = (prefix: string) => !clashing.has(prefix);
  if (leaf.kind === 'peer') return { ...leaf, native: leaf.native.filter(keep) };
  if (leaf.kind !== 'network') return leaf;
  const native = leaf.native.map((site) => ({ ...site, prefixes: site.prefixes.filter(keep) }));
  return { ...leaf, native };
}

function dropped(prefix: string): Finding {
  return {
    code: 'guard.native_dropped',
    level: 'warning',
    message: `The native prefix ${prefix} would take this hub's own traffic into the tunnel; it is left out, everything else is applied.`,
    fix: `Look for the site that exposes ${prefix} and asks for native routing, and correct or remove it.`,
  };
}
