/**
 * What keeps addresses as they are on their way from a node: a table of our own, whose chain comes before the network plugin's masquerade and gives the
 * packet its own source as a translation, which ends the matter for the whole connection. Values in, text out.
 */
import { contains, parsePrefix } from '../../protocol/address.ts';

export const TABLE_NAME = 'isthmus-node';
/** Before `srcnat`, where plugins and the service proxy masquerade. */
const PRIORITY = 90;
/** The service proxy's mark on what it must masquerade itself: a container that reaches itself by a service. */
const PROXY_MARK = '0x4000';

export interface NodeRules {
  readonly pools: readonly string[];
  /** Prefixes of this site and of those that it is joined to. */
  readonly joined: readonly string[];
  /** Of this node's containers; those that the site exposes are known where it is joined to. */
  readonly pods: readonly string[];
}

/** For `nft -f`, in one transaction, the same whether the table is there or not. */
export function firewallText({ pools, joined, pods }: NodeRules): string {
  const exposed = pods.filter((pod) => joined.some((one) => contains(parsePrefix(one), parsePrefix(pod))));
  const lines = [
    `table ip ${TABLE_NAME} {`,
    '}',
    `delete table ip ${TABLE_NAME}`,
    `table ip ${TABLE_NAME} {`,
    ...addressSet('pools', pools),
    ...addressSet('joined', [...pools, ...joined]),
    ...addressSet('pods', pods),
    ...addressSet('known', [...pools, ...exposed]),
    'chain postrouting {',
    `type nat hook postrouting priority ${PRIORITY}; policy accept;`,
    `meta mark & ${PROXY_MARK} == 0 ip saddr @known ip daddr @joined snat to ip saddr`,
    `meta mark & ${PROXY_MARK} == 0 ip saddr @pods ip daddr @pools snat to ip saddr`,
    '}',
    // A neighbour that were told of a shorter way would keep it when the address has moved to another node.
    'chain output {',
    'type filter hook output priority 0; policy accept;',
    ...pools.map(redirects),
    '}',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function addressSet(name: string, prefixes: readonly string[]): string[] {
  const elements = [...new Set(prefixes)].sort();
  return [
    `set ${name} {`,
    'type ipv4_addr',
    'flags interval',
    'auto-merge',
    ...(elements.length === 0 ? [] : [`elements = { ${elements.join(', ')} }`]),
    '}',
  ];
}

/** The packet that a redirect speaks of begins 8 bytes into it, its destination 16 further on. */
function redirects(prefix: string): string {
  const { base, length } = parsePrefix(prefix);
  const value = Math.floor(base / 2 ** (32 - length));
  return `icmp type redirect @th,192,${length} ${value} drop`;
}
