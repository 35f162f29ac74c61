/**
 * The firewall as a value: what is allowed, the text that says so to nftables, and fingerprints to compare it by.
 * The value is kept beside its text so that tests can ask it what it permits.
 */
import type { Flow, PolicyLeaf } from '../../protocol/document.ts';
import type { Mapping } from '../../protocol/site.ts';
import { fingerprint } from './fingerprint.ts';
import { edgeText } from './firewall-edge.ts';
import { hubText } from './firewall-hub.ts';
import { table } from './firewall-text.ts';

/** TCP segments that enter or leave by this device are clamped to `mss` bytes. */
export interface Clamp {
  readonly device: string;
  readonly mss: number;
}

/** What a site exposes, and to whom: the rules of an edge, and of a hub that stands in a VPC. */
export interface SiteRules {
  readonly mappings: readonly Mapping[];
  /** Real prefixes of other sites that are reached without translation. */
  readonly native: readonly string[];
  readonly lan: 'routed' | 'masquerade';
  readonly inbound: 'tenant' | 'listed';
  readonly flows: readonly Flow[];
  /** What takes one of `callers` as well. */
  readonly guarded: NonNullable<PolicyLeaf['guarded']>;
  readonly callers: readonly Flow[];
  /** What must not begin inside. */
  readonly confined?: PolicyLeaf['confined'];
}

export interface EdgeRules {
  readonly role: 'edge';
  readonly pools: readonly string[];
  readonly hubAddresses: readonly string[];
  /** The hubs may lead clients of clusters to this host. */
  readonly hasClusters: boolean;
  readonly clamps: readonly Clamp[];
  readonly site: SiteRules;
  /** Where this edge is asked whether an isolation holds; absent in documents of earlier versions. */
  readonly proof?: ProofRules | undefined;
}

/** `address` stands for the site, `tunnelAddress` is the host's own; they may be the same. */
export interface ProofRules {
  readonly address: string;
  readonly tunnelAddress: string;
}

export interface Pair {
  readonly from: string;
  readonly to: string;
}

export interface TenantRules {
  readonly tenant: string;
  readonly isolation: 'open' | 'isolated';
  /** Tunnel addresses and virtual prefixes. */
  readonly members: readonly string[];
  /** Either way. */
  readonly pairs: readonly Pair[];
  /** Either way, real addresses. */
  readonly native: readonly Pair[];
  /** Addresses by which its edges prove that an isolation holds. */
  readonly proof: readonly string[];
}

export interface HubRules {
  readonly role: 'hub';
  readonly pools: readonly string[];
  readonly tunnelAddress: string;
  readonly clamps: readonly Clamp[];
  readonly tenants: readonly TenantRules[];
  /** Devices of the links to other hubs, sorted. */
  readonly links: readonly string[];
  /** UDP ports that WireGuard listens on, sorted. */
  readonly ports: readonly number[];
  readonly site?: SiteRules;
}

/** `closed`: an agent without a document. Nothing passes from or to a tunnel. */
export type FirewallRules = EdgeRules | HubRules | { readonly role: 'closed' };

export interface Firewall {
  readonly rules: FirewallRules;
  /** A complete file for `nft -f`: one transaction. */
  readonly text: string;
  readonly hash: string;
  readonly translation: string;
  /** Prefixes whose tracked connections depend on the translation. */
  readonly translated: readonly string[];
}

export function edgeFirewall(rules: EdgeRules): Firewall {
  return firewall(rules, edgeText(rules), rules.site);
}

export function hubFirewall(rules: HubRules): Firewall {
  return firewall(rules, hubText(rules), rules.site);
}

export function closedFirewall(): Firewall {
  return firewall({ role: 'closed' }, CLOSED, undefined);
}

function firewall(rules: FirewallRules, text: string, site: SiteRules | undefined): Firewall {
  const mappings = site?.mappings ?? [];
  const translation = fingerprint(JSON.stringify([mappings, site?.lan ?? 'routed']));
  const translated = rules.role === 'closed' ? [] : [...rules.pools, ...(site?.native ?? [])].sort();
  return { rules, text, hash: fingerprint(text), translation, translated };
}

const CLOSED = table({
  counters: ['not_ours'],
  blocks: ['input', 'forward', 'output'].map((hook) => ({
    header: `chain ${hook}`,
    lines: [
      `type filter hook ${hook} priority filter - 5; policy accept;`,
      ...(hook === 'output'
        ? []
        : ['iifname "ist*" counter name not_ours drop comment "no document is applied"']),
      ...(hook === 'input'
        ? []
        : ['oifname "ist*" counter name not_ours drop comment "no document is applied"']),
    ],
  })),
});
