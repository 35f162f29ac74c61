/**
 * How isolation is proved by packets: two UDP ports between the same two addresses. What is sent to one is judged as any traffic of the sites is; the other is let
 * through between these addresses, isolated or not. Nothing else distinguishes the two, so if only the second is answered, it is the policy that refused the first.
 */
import { comparePrefixes, formatAddress, parsePrefix } from './address.ts';

/** Judged like traffic between the sites. */
export const JUDGED_PORT = 7863;
/** Let through between proof addresses of one tenant. */
export const CONTROL_PORT = 7864;

/** Narrower prefixes may be a host's own address. */
const LENGTH_MAX = 30;

/**
 * The address that an edge speaks from and is asked at: the first one of the widest virtual prefix that it carries, which stands for its site; without one the
 * edge's own in the tunnel, which is a member of its tenant as well. Only the two ports above are taken at it.
 */
export function proofAddress({
  tunnelAddress,
  virtual,
}: {
  readonly tunnelAddress: string;
  readonly virtual: readonly string[];
}): string {
  const [widest] = virtual
    .map(parsePrefix)
    .filter(({ length }) => length <= LENGTH_MAX)
    .sort((a, b) => a.length - b.length || comparePrefixes(a, b));
  return widest === undefined ? tunnelAddress : formatAddress(widest.base);
}
