/**
 * The firewall of a hub, as text. What passes between tunnels is judged without state, by source and destination as they
 * stand on the wire, when it comes in: so any packet of a running connection may arrive at either hub of a group.
 * Only what a VPC behind the hub takes part in is tracked, because it is translated.
 */
import { PROBE_PORT } from '../../protocol/document.ts';
import type { HubRules, TenantRules } from './firewall.ts';
import { hubProofLines, proofSet, REFUSED_SET, refusedSet } from './firewall-proof.ts';
import { clampLines, inboundChains, siteChain, siteSets, translation } from './firewall-site.ts';
import { addressSet, type Block, elementLines, rule, table } from './firewall-text.ts';
import { collapse, disjointPairs, formatInterval } from './intervals.ts';

export const HUB_COUNTERS = [
  'spoofed',
  'not_ours',
  'tenant_denied',
  'policy_denied',
  'input_denied',
  'no_way',
] as const;

const DNS_PORT = 53;

export function hubText(rules: HubRules): string {
  const { site } = rules;
  return table({
    counters: HUB_COUNTERS,
    blocks: [
      addressSet('tracked', trackedOf(site)),
      proofSet(rules.tenants.flatMap(({ proof }) => proof)),
      ...(site
        ? [
            ...siteSets(site, rules.pools),
            ...translation(site),
            ...inboundChains(site),
            siteChain(site, 'hub'),
          ]
        : []),
      ...rules.tenants.flatMap(tenantBlocks),
      tenantMap(rules.tenants),
      fromTunnel(rules),
      ...toWire(rules.ports),
      toTunnel(rules.tunnelAddress),
      forwardChain(rules),
      inputChain(rules.tunnelAddress),
    ],
  });
}

/** Destinations whose packets have a state here: the VPC, by virtual addresses, and by real ones where a native route leads there. */
function trackedOf(site: HubRules['site']): string[] {
  const mappings = site?.mappings ?? [];
  const real = (site?.native ?? []).length > 0 ? mappings.map((mapping) => mapping.real) : [];
  return collapse([...mappings.map(({ virtual }) => virtual), ...real]);
}

/** What goes on to the hub that owns the VPC's routes is translated and tracked there. */
function byOwner({ links, site }: HubRules): string[] {
  if (links.length === 0 || site === undefined) return [];
  return [
    rule(
      `ip daddr @own_virtual fib daddr oifname ${anyOfDevices(links)} notrack`,
      'another hub owns the routes of the VPC',
    ),
  ];
}

function anyOfDevices(devices: readonly string[]): string {
  return `{ ${devices.map((device) => `"${device}"`).join(', ')} }`;
}

/** Prefixes that belong to a tenant as a source. */
export function sourcesOf({ members, native }: TenantRules): string[] {
  return collapse([...members, ...native.flatMap(({ from, to }) => [from, to])]);
}

/** Names of nftables objects have no hyphen at every version; tenants' names have no underscore, so none collide. */
function objectName(tenant: string): string {
  return tenant.replaceAll('-', '_');
}

/** What was refused of a tenant's proofs at a hub. */
export function refusedSetOf(tenant: string): string {
  return `${REFUSED_SET}_${objectName(tenant)}`;
}

function tenantBlocks(rules: TenantRules): Block[] {
  const name = objectName(rules.tenant);
  return [
    addressSet(`members_${name}`, collapse(rules.members)),
    ...(rules.isolation === 'isolated' ? [refusedSet(refusedSetOf(rules.tenant))] : []),
    pairSet(`pairs_${name}`, [...rules.pairs, ...rules.native]),
    { header: `chain tenant_${name}`, lines: tenantLines(rules) },
  ];
}

function tenantLines({ tenant, isolation }: TenantRules): string[] {
  const name = objectName(tenant);
  const member = `ip daddr @members_${name}`;
  return [
    rule(`ip saddr . ip daddr @pairs_${name} accept`, 'a policy or a native route joins the two'),
    ...(isolation === 'open'
      ? [rule(`ip saddr @members_${name} ${member} accept`, 'sites of one tenant reach each other')]
      : [
          ...hubProofLines(member, refusedSetOf(tenant)),
          rule(`${member} counter name policy_denied drop`, 'the tenant is isolated'),
        ]),
    rule('counter name tenant_denied drop', 'nothing flows between tenants'),
  ];
}

function pairSet(name: string, pairs: TenantRules['pairs']): Block {
  const either = pairs.flatMap(({ from, to }) => [
    { from, to },
    { from: to, to: from },
  ]);
  const elements = disjointPairs(either).map(
    ({ from, to }) => `${formatInterval(from)} . ${formatInterval(to)}`,
  );
  return {
    header: `set ${name}`,
    lines: ['type ipv4_addr . ipv4_addr', 'flags interval', ...elementLines(elements)],
  };
}

function tenantMap(tenants: readonly TenantRules[]): Block {
  const elements = tenants.flatMap((rules) =>
    sourcesOf(rules).map((prefix) => `${prefix} : goto tenant_${objectName(rules.tenant)}`),
  );
  return {
    header: 'map tenant_of',
    lines: ['type ipv4_addr : verdict', 'flags interval', ...elementLines(elements)],
  };
}

/**
 * The tunnels' own datagrams are not tracked: a hub must accept them from anywhere, and the look-up of each would cost a
 * twentieth of what the hub carries.
 */
function untracked(match: string, ports: readonly number[]): string[] {
  if (ports.length === 0) return [];
  return [rule(`${match} { ${ports.join(', ')} } notrack accept`, "the tunnels' own datagrams")];
}

function toWire(ports: readonly number[]): Block[] {
  if (ports.length === 0) return [];
  const hook = 'type filter hook output priority raw; policy accept;';
  return [{ header: 'chain to_wire', lines: [hook, ...untracked('oifname != "ist*" udp sport', ports)] }];
}

function fromTunnel(rules: HubRules): Block {
  const { tunnelAddress, ports } = rules;
  return {
    header: 'chain from_tunnel',
    lines: [
      'type filter hook prerouting priority raw; policy accept;',
      ...untracked('iifname != "ist*" fib daddr type local udp dport', ports),
      rule('iifname != "ist*" accept', 'not ours to judge'),
      rule(`ip daddr ${tunnelAddress} accept`, 'for the hub itself: see input'),
      rule('ip daddr != @tracked notrack', 'no state between tunnels'),
      ...byOwner(rules),
      rule('ip saddr vmap @tenant_of', 'what the tenant of the source allows'),
      rule('counter name not_ours drop', 'the source belongs to no tenant'),
    ],
  };
}

function toTunnel(tunnelAddress: string): Block {
  return {
    header: 'chain to_tunnel',
    lines: [
      'type filter hook postrouting priority srcnat + 50; policy accept;',
      rule('oifname != "ist*" accept', 'not ours to judge'),
      rule('ct state untracked accept', 'between tunnels: judged when it came in'),
      rule(`ip saddr ${tunnelAddress} accept`, 'the hub itself'),
      rule('ip saddr vmap @tenant_of', 'what the tenant of the VPC allows'),
      rule('counter name not_ours drop', 'the source belongs to no tenant'),
    ],
  };
}

/** Two hubs that have both lost an edge would else send its packets to and fro. */
function noReturn(links: readonly string[]): string[] {
  if (links.length === 0) return [];
  const devices = anyOfDevices(links);
  return [
    rule(
      `iifname ${devices} oifname ${devices} counter name no_way drop`,
      'what came from a hub does not go to a hub',
    ),
  ];
}

function forwardChain({ clamps, links, site }: HubRules): Block {
  return {
    header: 'chain forward',
    lines: [
      'type filter hook forward priority filter - 5; policy accept;',
      rule('iifname != "ist*" oifname != "ist*" accept', 'not ours to judge'),
      ...noReturn(links),
      rule('iifname "ist*" oifname "ist*" accept', 'between tunnels: judged when it came in'),
      ...clampLines(clamps),
      ...(site ? [rule('jump site', 'between the tunnel and the VPC')] : []),
      rule('counter name not_ours drop', 'no network stands behind this hub'),
    ],
  };
}

function inputChain(tunnelAddress: string): Block {
  return {
    header: 'chain input',
    lines: [
      'type filter hook input priority filter - 5; policy accept;',
      rule(
        `iifname != "lo" iifname != "ist*" ip daddr ${tunnelAddress} counter name spoofed drop`,
        "the tunnel's address is reached by the tunnel only",
      ),
      rule('iifname != "ist*" accept', 'not ours to judge'),
      rule('ct state established,related accept', 'answers to this hub'),
      rule(`udp dport { ${DNS_PORT}, ${PROBE_PORT} } accept`, 'names and probes'),
      rule(`tcp dport ${DNS_PORT} accept`, 'names'),
      rule('meta l4proto icmp accept', 'ping and path MTU'),
      rule('counter name input_denied drop', 'the hub serves nothing else in the tunnel'),
    ],
  };
}
