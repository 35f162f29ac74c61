/**
 * Faults of the lab's internet, as nft rules on its bridge. The text is rendered from the whole set of faults
 * each time and loaded in one transaction, so that a fault that is over leaves nothing. Pure.
 */

/** What goes wrong on the way from one address to another; an absent end means everybody. One direction only. */
export interface Fault {
  readonly from?: string;
  readonly to?: string;
  /** drop: everything. loss: that many percent. blackHole: IPv4 packets longer than that. */
  readonly kind:
    | { readonly drop: true }
    | { readonly lossPercent: number }
    | { readonly blackHoleBytes: number };
}

function matchOf(kind: Fault['kind']): string {
  if ('lossPercent' in kind) return `numgen random mod 100 < ${kind.lossPercent} `;
  if ('blackHoleBytes' in kind) return `ip length > ${kind.blackHoleBytes} `;
  return '';
}

function ruleOf(fault: Fault): string {
  const from = fault.from === undefined ? '' : `ip saddr ${fault.from} `;
  const to = fault.to === undefined ? '' : `ip daddr ${fault.to} `;
  return `  ether type ip ${from}${to}${matchOf(fault.kind)}counter drop`;
}

/** The whole table. The first three lines replace what an earlier text left. */
export function renderFaults(faults: readonly Fault[]): string {
  return [
    'table bridge faults',
    'delete table bridge faults',
    'table bridge faults {',
    ' chain forward {',
    '  type filter hook forward priority 0; policy accept;',
    ...faults.map(ruleOf),
    ' }',
    ' chain input {',
    '  type filter hook input priority 0; policy accept;',
    ...faults.map(ruleOf),
    ' }',
    '}',
    '',
  ].join('\n');
}

/** How a data center's router translates. random: every flow from another port. off: it routes only. */
export type Nat = 'masquerade' | 'random' | 'off';

/** The router's rules: translate what leaves by `wan`, drop what was not asked for; optionally no UDP at all. */
export function renderRouter(nat: Nat, udp: 'open' | 'blocked' = 'open'): string {
  const random = nat === 'random' ? ' random,fully-random' : '';
  return [
    'flush ruleset',
    'table ip router {',
    ' chain postrouting {',
    '  type nat hook postrouting priority srcnat; policy accept;',
    ...(nat === 'off' ? [] : [`  oifname "wan" masquerade${random}`]),
    ' }',
    ' chain forward {',
    '  type filter hook forward priority 0; policy accept;',
    ...(udp === 'blocked' ? ['  meta l4proto udp drop'] : []),
    ...(nat === 'off' ? [] : ['  iifname "wan" ct state new drop']),
    ' }',
    ' chain input {',
    '  type filter hook input priority 0; policy accept;',
    ...(nat === 'off' ? [] : ['  iifname "wan" ct state new drop']),
    ' }',
    '}',
    '',
  ].join('\n');
}
