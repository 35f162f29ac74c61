/** The firewall's text: whole results for small rules, and what must hold for large ones. */
import { describe, expect, test } from 'vitest';
import {
  closedFirewall,
  type EdgeRules,
  edgeFirewall,
  type HubRules,
  hubFirewall,
} from '../../../edge-agent/plan/firewall.ts';
import { CONTROL_PORT, JUDGED_PORT } from '../../../protocol/proof.ts';

const EDGE: EdgeRules = {
  role: 'edge',
  pools: ['100.64.0.0/10'],
  hubAddresses: ['100.64.0.1'],
  hasClusters: false,
  clamps: [{ device: 'ist00000001', mss: 1380 }],
  site: {
    mappings: [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }],
    native: ['10.9.0.0/24'],
    lan: 'masquerade',
    inbound: 'listed',
    flows: [
      {
        from: ['100.66.0.0/24', '100.66.0.7/32'],
        to: ['100.65.0.10/32'],
        ports: [
          { protocol: 'tcp', port: 443 },
          { protocol: 'tcp', port: 80 },
          { protocol: 'udp', port: 53 },
        ],
      },
      { from: ['100.66.1.0/24'], to: ['100.65.0.0/24'], ports: [] },
      { from: [], to: ['100.65.0.0/24'], ports: [] },
    ],
    guarded: [],
    callers: [],
  },
};

const HUB: HubRules = {
  role: 'hub',
  links: [],
  ports: [51_820],
  pools: ['100.64.0.0/10'],
  tunnelAddress: '100.64.0.1',
  clamps: [{ device: 'ist00000001', mss: 1380 }],
  tenants: [
    {
      tenant: 'acme',
      isolation: 'open',
      members: ['100.64.0.2/32', '100.65.0.0/24'],
      pairs: [],
      native: [{ from: '10.0.0.0/24', to: '10.9.0.0/24' }],
      proof: ['100.65.0.0'],
    },
    {
      tenant: 'big-co',
      isolation: 'isolated',
      members: ['100.65.1.0/24', '100.65.2.0/24'],
      pairs: [{ from: '100.65.1.0/24', to: '100.65.2.0/24' }],
      native: [],
      proof: ['100.65.1.0', '100.65.2.0'],
    },
  ],
};

const PROVING = 'ip saddr @proof ip daddr @proof ip daddr @members_big_co';

/** Lines of one block without their comments. */
function blockOf(text: string, header: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const start = lines.indexOf(`${header} {`);
  const rest = lines.slice(start + 1);
  return rest.slice(0, rest.indexOf('}')).map((line) => line.replace(/ comment ".*"$/, ''));
}

describe('an edge', () => {
  const { text } = edgeFirewall(EDGE);

  test('replaces its table in one transaction', () => {
    expect(text.split('\n').slice(0, 3)).toEqual([
      'add table ip isthmus',
      'delete table ip isthmus',
      'table ip isthmus {',
    ]);
  });

  test('translates its prefixes in both directions, and hides the far side from a LAN without routes', () => {
    expect(blockOf(text, 'chain translate_in')).toEqual([
      'type nat hook prerouting priority dstnat - 5; policy accept;',
      'iifname "ist*" dnat ip prefix to ip daddr map { 100.65.0.0/24 : 10.0.0.0/24 }',
    ]);
    expect(blockOf(text, 'chain translate_out')).toEqual([
      'type nat hook postrouting priority srcnat - 5; policy accept;',
      'oifname "ist*" ip daddr @pools snat ip prefix to ip saddr map { 10.0.0.0/24 : 100.65.0.0/24 }',
      'oifname != "ist*" ct original ip daddr @own_virtual masquerade',
      'oifname != "ist*" ip saddr @native ip daddr @own_real masquerade',
    ]);
  });

  test('answers proofs at the address that stands for its site, speaks from there, and judges them like what is for the site', () => {
    const proving = edgeFirewall({
      ...EDGE,
      proof: { address: '100.65.0.0', tunnelAddress: '100.64.0.9' },
    }).text;
    const ports = `udp dport { ${JUDGED_PORT}, ${CONTROL_PORT} }`;
    expect(blockOf(proving, 'chain translate_in')[1]).toBe(
      `iifname "ist*" ip daddr 100.65.0.0 ${ports} dnat to 100.64.0.9`,
    );
    expect(blockOf(proving, 'chain translate_out')[1]).toBe(
      `oifname "ist*" ip saddr 100.64.0.9 ${ports} snat to 100.65.0.0`,
    );
    const input = blockOf(proving, 'chain input');
    const judged = `ct original ip daddr 100.65.0.0 udp dport ${JUDGED_PORT}`;
    const at = input.indexOf(`${judged} jump site`);
    expect(input.indexOf('ip saddr != @remote counter name spoofed drop')).toBeLessThan(at);
    expect(input.indexOf('ct state established,related accept')).toBeGreaterThan(at);
    expect(input[1]).toBe('iifname != "lo" iifname != "ist*" ip saddr @hubs counter name spoofed drop');
    expect(input[2]).toBe('iifname != "lo" iifname != "ist*" ip daddr 100.64.0.9 counter name spoofed drop');
    expect(blockOf(proving, 'chain site').slice(-2)).toEqual([
      `${judged} update @refused_probes { ct original ip saddr . ct original ip daddr counter } counter name policy_denied drop`,
      'counter name policy_denied drop',
    ]);
    expect(text).not.toContain(String(JUDGED_PORT));
  });

  test('that stands for no site answers at its own address', () => {
    const own = { address: '100.64.0.9', tunnelAddress: '100.64.0.9' };
    const bare = edgeFirewall({ ...EDGE, proof: own }).text;
    expect(blockOf(bare, 'chain translate_in')).toEqual(blockOf(text, 'chain translate_in'));
    expect(bare).toContain(`ct original ip daddr 100.64.0.9 udp dport ${JUDGED_PORT} jump inbound`);
  });

  test('lets in the listed flows only, by their original addresses', () => {
    const ends = 'ct original ip saddr { 100.66.0.0/24 } ct original ip daddr { 100.65.0.10/32 }';
    expect(blockOf(text, 'chain inbound')).toEqual([
      `meta l4proto tcp ${ends} ct original proto-dst { 80, 443 } accept`,
      `meta l4proto udp ${ends} ct original proto-dst { 53 } accept`,
      'ct original ip saddr { 100.66.1.0/24 } ct original ip daddr { 100.65.0.0/24 } accept',
    ]);
  });

  test('asks at what is guarded for a caller first, and lets what is confined begin nothing', () => {
    const locked = edgeFirewall({
      ...EDGE,
      site: {
        ...EDGE.site,
        inbound: 'tenant',
        guarded: [{ to: ['100.65.0.7/32'], ports: [] }],
        callers: [{ from: ['100.66.0.9/32'], to: ['100.65.0.7/32'], ports: [{ protocol: 'tcp', port: 80 }] }],
        confined: { from: ['10.0.0.7/32'], to: ['100.70.0.0/24'] },
      },
    }).text;
    expect(blockOf(locked, 'chain inbound')).toEqual([
      'ct original ip daddr { 100.65.0.7/32 } jump callers',
      'accept',
    ]);
    expect(blockOf(locked, 'chain callers')).toEqual([
      'meta l4proto tcp ct original ip saddr { 100.66.0.9/32 } ct original ip daddr { 100.65.0.7/32 } ct original proto-dst { 80 } return',
      'counter name policy_denied drop',
    ]);
    const site = blockOf(locked, 'chain site');
    const confined =
      'ct original ip saddr { 10.0.0.7/32 } ct original ip daddr { 100.70.0.0/24 } counter name policy_denied drop';
    expect(site.indexOf(confined)).toBeGreaterThan(0);
    expect(site.indexOf(confined)).toBeLessThan(
      site.findIndex((line) => line.startsWith('ct original ip saddr @own_real')),
    );
  });

  test('gives every rule its reason', () => {
    const rules = text
      .split('\n')
      .filter((line) => / (accept|drop|return|masquerade|jump \w+|size set \d+)( |$)/.test(line));
    expect(rules.filter((line) => !/comment "[^"]{4,120}"$/.test(line))).toEqual([]);
    expect(rules.length).toBeGreaterThan(10);
  });

  test('is open to hubs, and to nobody else in the tunnel, at the port of clusters while it has one', () => {
    const rule = 'ip saddr @hubs tcp dport 7863 accept comment "hubs pass clients of clusters through"';
    const linesOf = (hasClusters: boolean) =>
      edgeFirewall({ ...EDGE, hasClusters })
        .text.split('\n')
        .map((line) => line.trim());
    const [without, having] = [linesOf(false), linesOf(true)];
    expect(without.filter((line) => line.includes('7863'))).toEqual([]);
    expect(having.filter((line) => !without.includes(line))).toEqual([rule]);
    expect(having.indexOf(rule)).toBeLessThan(
      having.findIndex((line) => line.includes('the edge serves nothing else in the tunnel')),
    );
  });

  test('has no translation rules without mappings: nft refuses an empty map', () => {
    const bare = edgeFirewall({ ...EDGE, site: { ...EDGE.site, mappings: [], lan: 'routed' } });
    expect(blockOf(bare.text, 'chain translate_in')).toEqual([
      'type nat hook prerouting priority dstnat - 5; policy accept;',
    ]);
    expect(blockOf(bare.text, 'chain translate_out')).toEqual([
      'type nat hook postrouting priority srcnat - 5; policy accept;',
    ]);
  });

  test('has another translation only if addresses are translated differently', () => {
    const before = edgeFirewall(EDGE);
    const policy = edgeFirewall({ ...EDGE, site: { ...EDGE.site, inbound: 'tenant' } });
    const moved = edgeFirewall({
      ...EDGE,
      site: { ...EDGE.site, mappings: [{ real: '10.0.1.0/24', virtual: '100.65.0.0/24' }] },
    });
    expect([policy.hash === before.hash, policy.translation === before.translation]).toEqual([false, true]);
    expect([moved.hash === before.hash, moved.translation === before.translation]).toEqual([false, false]);
  });
});

describe('a hub', () => {
  const { text } = hubFirewall(HUB);

  test('knows the tenant of every source', () => {
    expect(blockOf(text, 'map tenant_of')).toEqual([
      'type ipv4_addr : verdict',
      'flags interval',
      'elements = {',
      '10.0.0.0/24 : goto tenant_acme,',
      '10.9.0.0/24 : goto tenant_acme,',
      '100.64.0.2/32 : goto tenant_acme,',
      '100.65.0.0/24 : goto tenant_acme,',
      '100.65.1.0/24 : goto tenant_big_co,',
      '100.65.2.0/24 : goto tenant_big_co,',
    ]);
  });

  test('joins all members of an open tenant, and only the pairs of an isolated one, either way', () => {
    expect(blockOf(text, 'chain tenant_acme')).toEqual([
      'ip saddr . ip daddr @pairs_acme accept',
      'ip saddr @members_acme ip daddr @members_acme accept',
      'counter name tenant_denied drop',
    ]);
    expect(blockOf(text, 'chain tenant_big_co')).toEqual([
      'ip saddr . ip daddr @pairs_big_co accept',
      `${PROVING} udp dport ${CONTROL_PORT} accept`,
      `${PROVING} udp sport ${CONTROL_PORT} udp dport >= 1024 accept`,
      `${PROVING} udp dport ${JUDGED_PORT} update @refused_probes_big_co { ip saddr . ip daddr counter } counter name policy_denied drop`,
      'ip daddr @members_big_co counter name policy_denied drop',
      'counter name tenant_denied drop',
    ]);
    expect(blockOf(text, 'set pairs_big_co').slice(3)).toEqual([
      '100.65.1.0-100.65.1.255 . 100.65.2.0-100.65.2.255,',
      '100.65.2.0-100.65.2.255 . 100.65.1.0-100.65.1.255,',
    ]);
  });

  test("keeps no state of what passes between tunnels, nor of the tunnels' own datagrams", () => {
    expect(blockOf(text, 'chain to_wire')).toEqual([
      'type filter hook output priority raw; policy accept;',
      'oifname != "ist*" udp sport { 51820 } notrack accept',
    ]);
    expect(blockOf(text, 'chain from_tunnel')).toEqual([
      'type filter hook prerouting priority raw; policy accept;',
      'iifname != "ist*" fib daddr type local udp dport { 51820 } notrack accept',
      'iifname != "ist*" accept',
      'ip daddr 100.64.0.1 accept',
      'ip daddr != @tracked notrack',
      'ip saddr vmap @tenant_of',
      'counter name not_ours drop',
    ]);
  });

  test('lets half of a native connection pass, but neither a beginning nor a scan; an edge, which sees both halves, none', () => {
    const half = blockOf(hubFirewall({ ...HUB, site: EDGE.site }).text, 'chain site').slice(-3);
    expect(half).toEqual([
      'iifname "ist*" ip saddr @native ip daddr @own_real ct state invalid tcp flags & (syn | ack) != syn tcp flags & (ack | rst) != 0 accept',
      'oifname "ist*" counter name not_ours drop',
      'counter name policy_denied drop',
    ]);
    expect(edgeFirewall(EDGE).text).not.toContain('ct state invalid');
  });

  test('has the same text whatever the order of its parts', () => {
    const reversed = HUB.tenants.map((tenant) => ({ ...tenant, members: [...tenant.members].reverse() }));
    expect(hubFirewall({ ...HUB, tenants: reversed }).text).toBe(text);
  });
});

test('without a document nothing passes from or to a tunnel', () => {
  const { text } = closedFirewall();
  expect(['input', 'forward', 'output'].map((hook) => blockOf(text, `chain ${hook}`).slice(1))).toEqual([
    ['iifname "ist*" counter name not_ours drop'],
    ['iifname "ist*" counter name not_ours drop', 'oifname "ist*" counter name not_ours drop'],
    ['oifname "ist*" counter name not_ours drop'],
  ]);
});
