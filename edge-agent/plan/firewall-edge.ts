/** The firewall of an edge, as text: its site's translation and policy, and what the edge itself answers in the tunnel. */
import { CLUSTER_PORT } from '../../protocol/cluster.ts';
import { NUDGE_PORT, PROBE_PORT } from '../../protocol/document.ts';
import type { EdgeRules } from './firewall.ts';
import { proofGuard, proofInput, refusedSet } from './firewall-proof.ts';
import { clampLines, inboundChains, siteChain, siteSets, translation } from './firewall-site.ts';
import { addressSet, anyOf, type Block, rule, table } from './firewall-text.ts';

export const EDGE_COUNTERS = ['spoofed', 'not_ours', 'policy_denied', 'input_denied'] as const;

export function edgeText(rules: EdgeRules): string {
  return table({
    counters: EDGE_COUNTERS,
    blocks: [
      ...siteSets(rules.site, rules.pools),
      addressSet('hubs', [...rules.hubAddresses].sort()),
      ...(rules.proof === undefined ? [] : [refusedSet()]),
      ...translation(rules.site, rules.proof),
      ...inboundChains(rules.site),
      siteChain(rules.site, 'edge', rules.proof),
      forwardChain(rules),
      inputChain(rules),
    ],
  });
}

function forwardChain({ clamps }: EdgeRules): Block {
  return {
    header: 'chain forward',
    lines: [
      'type filter hook forward priority filter - 5; policy accept;',
      rule(
        'iifname "ist*" oifname "ist*" counter name not_ours drop',
        "an edge is nobody's way to another site",
      ),
      ...clampLines(clamps),
      rule('iifname "ist*" jump site', 'from the tunnel'),
      rule('oifname "ist*" jump site', 'into the tunnel'),
    ],
  };
}

function inputChain({ hasClusters, proof }: EdgeRules): Block {
  return {
    header: 'chain input',
    lines: [
      'type filter hook input priority filter - 5; policy accept;',
      rule(
        'iifname != "lo" iifname != "ist*" ip saddr @hubs counter name spoofed drop',
        'hubs are heard by the tunnel only',
      ),
      ...(proof === undefined ? [] : [proofGuard(proof)]),
      rule('iifname != "ist*" accept', 'not ours to judge'),
      rule('ip saddr != @remote counter name spoofed drop', 'no site has this source address'),
      ...(proof === undefined ? [] : proofInput(proof)),
      rule('ct state established,related accept', 'answers to this host'),
      rule(
        `ip saddr @hubs udp dport ${anyOf([PROBE_PORT, NUDGE_PORT])} accept`,
        'probes and nudges come from hubs',
      ),
      ...(hasClusters
        ? [rule(`ip saddr @hubs tcp dport ${CLUSTER_PORT} accept`, 'hubs pass clients of clusters through')]
        : []),
      rule('meta l4proto icmp accept', 'ping and path MTU'),
      rule('counter name input_denied drop', 'the edge serves nothing else in the tunnel'),
    ],
  };
}
