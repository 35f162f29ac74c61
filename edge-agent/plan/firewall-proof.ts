/**
 * Rules for the proof by packets (`protocol/proof.ts`): what is let through as the control, and a count, a pair of addresses, of what was refused beside it. The
 * judged port has no verdict of its own: it gets that of all traffic between the two addresses.
 */
import { CONTROL_PORT, JUDGED_PORT } from '../../protocol/proof.ts';
import type { ProofRules } from './firewall.ts';
import { addressSet, type Block, rule } from './firewall-text.ts';

/** Of refused packets between proof addresses, by source and destination. */
export const REFUSED_SET = 'refused_probes';

const PAIRS_MAX = 65_536;
const BOTH = `udp dport { ${JUDGED_PORT}, ${CONTROL_PORT} }`;

/** Counts begin at zero again when the firewall is loaded anew, and ten minutes after the last packet. */
export function refusedSet(): Block {
  return {
    header: `set ${REFUSED_SET}`,
    lines: ['type ipv4_addr . ipv4_addr', `size ${PAIRS_MAX}`, 'flags dynamic,timeout', 'timeout 10m'],
  };
}

/** Of all tenants: who is of which one is asked beside it. */
export function proofSet(addresses: readonly string[]): Block {
  return addressSet('proof', [...new Set(addresses)].sort());
}

/** Within an isolated tenant's chain, before what refuses; without state, hence the answers too. */
export function hubProofLines(member: string): string[] {
  const between = 'ip saddr @proof ip daddr @proof';
  return [
    rule(`${between} ${member} udp dport ${CONTROL_PORT} accept`, 'the control of a proof'),
    rule(`${between} ${member} udp sport ${CONTROL_PORT} accept`, 'the answer to the control of a proof'),
    rule(
      `${between} ${member} udp dport ${JUDGED_PORT} update @${REFUSED_SET} { ip saddr . ip daddr counter } counter name policy_denied drop`,
      'the tenant is isolated, and the proof is counted',
    ),
  ];
}

/** The site's address leads to this host, and this host speaks from it. */
export function proofInward({ address, tunnelAddress }: ProofRules): string[] {
  if (address === tunnelAddress) return [];
  return [
    rule(`iifname "ist*" ip daddr ${address} ${BOTH} dnat to ${tunnelAddress}`, 'proofs are answered here'),
  ];
}

export function proofOutward({ address, tunnelAddress }: ProofRules): string[] {
  if (address === tunnelAddress) return [];
  return [
    rule(`oifname "ist*" ip saddr ${tunnelAddress} ${BOTH} snat to ${address}`, 'proofs are of this site'),
  ];
}

/** Before what lets established connections through: each packet is judged, as of any flow into the site. */
export function proofInput({ address }: ProofRules): string[] {
  const here = `ct original ip daddr ${address} udp dport`;
  return [
    rule(`${here} ${CONTROL_PORT} ip saddr @pools accept`, 'the control of a proof'),
    rule(`${here} ${JUDGED_PORT} jump inbound`, 'a proof is judged like what is for the site'),
    rule(
      `${here} ${JUDGED_PORT} update @${REFUSED_SET} { ct original ip saddr . ct original ip daddr counter } counter name policy_denied drop`,
      'no policy allows this, and the proof is counted',
    ),
  ];
}
