/**
 * Rules for the proof by packets (`protocol/proof.ts`): what is let through as the control, and a count, a pair of addresses, of what was refused beside it. The
 * judged port has no verdict of its own: it gets that of all traffic between the two addresses.
 */
import { CONTROL_PORT, JUDGED_PORT } from '../../protocol/proof.ts';
import type { ProofRules } from './firewall.ts';
import { addressSet, type Block, rule } from './firewall-text.ts';

/** Of refused packets between proof addresses, by source and destination: at an edge, and at a hub one for each tenant, so that none fills another's. */
export const REFUSED_SET = 'refused_probes';

const PAIRS_MAX = 4_096;
/** Where sockets that ask are bound; an answer to the control goes there. */
const ASKING_PORT_MIN = 1_024;
const BOTH = `udp dport { ${JUDGED_PORT}, ${CONTROL_PORT} }`;

/** Counts begin at zero again when the firewall is loaded anew, and ten minutes after the last packet. */
export function refusedSet(name: string = REFUSED_SET): Block {
  return {
    header: `set ${name}`,
    lines: ['type ipv4_addr . ipv4_addr', `size ${PAIRS_MAX}`, 'flags dynamic,timeout', 'timeout 10m'],
  };
}

/** Of all tenants: who is of which one is asked beside it. */
export function proofSet(addresses: readonly string[]): Block {
  return addressSet('proof', [...new Set(addresses)].sort());
}

/** Within an isolated tenant's chain, before what refuses; without state, hence the answers too. */
export function hubProofLines(member: string, set: string): string[] {
  const between = 'ip saddr @proof ip daddr @proof';
  return [
    rule(`${between} ${member} udp dport ${CONTROL_PORT} accept`, 'the control of a proof'),
    rule(
      `${between} ${member} udp sport ${CONTROL_PORT} udp dport >= ${ASKING_PORT_MIN} accept`,
      'the answer to the control of a proof',
    ),
    rule(
      `${between} ${member} udp dport ${JUDGED_PORT} update @${set} { ip saddr . ip daddr counter } counter name policy_denied drop`,
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

/** Sockets on the tunnel's address are reached by the tunnel only: who stands in the LAN can't answer for another site. */
export function proofGuard({ tunnelAddress }: ProofRules): string {
  return rule(
    `iifname != "lo" iifname != "ist*" ip daddr ${tunnelAddress} counter name spoofed drop`,
    "the tunnel's address is reached by the tunnel only",
  );
}

/** Before what lets established connections through: each packet is judged, by the chain that judges what is for the site. */
export function proofInput({ address, tunnelAddress }: ProofRules): string[] {
  const here = `ct original ip daddr ${address} udp dport`;
  const control = rule(`${here} ${CONTROL_PORT} ip saddr @pools accept`, 'the control of a proof');
  if (address !== tunnelAddress)
    return [control, rule(`${here} ${JUDGED_PORT} jump site`, 'a proof is judged like what is for the site')];
  // No site stands behind it, so its chain says nothing of it.
  return [
    control,
    rule(`${here} ${JUDGED_PORT} jump inbound`, 'a proof is judged like what comes in'),
    refused(here),
  ];
}

/** In the site's chain, just before what refuses the rest. */
export function proofCount({ address, tunnelAddress }: ProofRules): string[] {
  return address === tunnelAddress ? [] : [refused(`ct original ip daddr ${address} udp dport`)];
}

function refused(here: string): string {
  return rule(
    `${here} ${JUDGED_PORT} update @${REFUSED_SET} { ct original ip saddr . ct original ip daddr counter } counter name policy_denied drop`,
    'no policy allows this, and the proof is counted',
  );
}
