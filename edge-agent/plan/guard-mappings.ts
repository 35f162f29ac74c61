/** The guard's part on translation: every virtual prefix is a pool's, every real one may be exposed, and no two overlap. */
import { contains, overlaps, type Prefix, parseAddress, parsePrefix } from '../../protocol/address.ts';
import type { Document, SelfLeaf } from '../../protocol/document.ts';
import type { Finding } from '../../protocol/report.ts';
import { EXPOSED_LENGTH_MIN, RESERVED } from '../../protocol/reserved.ts';
import type { Mapping } from '../../protocol/site.ts';
import { fault } from './fault.ts';
import { leafOf } from './leaves.ts';

interface Sides {
  readonly text: string;
  readonly real: Prefix;
  readonly virtual: Prefix;
}

export function guardMappings(document: Document, self: SelfLeaf): Finding[] {
  const network = leafOf(document, 'network');
  const sides = network?.prefixes.map(sidesOf) ?? [];
  const pools = self.pools.map(parsePrefix);
  const native = network?.native.flatMap(({ prefixes }) => prefixes) ?? [];
  return [
    ...sides.flatMap((side) => guardSide(side, pools)),
    ...sides.flatMap((side) => guardNative(side, native)),
    ...guardTunnelAddress(sides, self),
    ...guardDisjoint(sides),
  ];
}

function sidesOf({ real, virtual }: Mapping): Sides {
  return { text: `${real} as ${virtual}`, real: parsePrefix(real), virtual: parsePrefix(virtual) };
}

function guardSide({ text, real, virtual }: Sides, pools: readonly Prefix[]): Finding[] {
  if (real.length !== virtual.length)
    return [fault('mapping_length', `${text} are prefixes of different length.`, text)];
  if (real.length < EXPOSED_LENGTH_MIN)
    return [fault('mapping_wide', `${text} is wider than /${EXPOSED_LENGTH_MIN}.`, text)];
  if (RESERVED.some(({ prefix }) => overlaps(prefix, real)))
    return [fault('mapping_reserved', `${text} would expose addresses that belong to no network.`, text)];
  if (!pools.some((pool) => contains(pool, virtual)))
    return [fault('mapping_virtual', `${text} is not inside a pool.`, text)];
  if (pools.some((pool) => overlaps(pool, real)))
    return [fault('mapping_real', `${text} would expose virtual addresses as real ones.`, text)];
  return [];
}

/** What is here cannot be reached there. */
function guardNative({ text, real }: Sides, native: readonly string[]): Finding[] {
  return native
    .filter((prefix) => overlaps(parsePrefix(prefix), real))
    .map((prefix) =>
      fault('own_prefix', `The native prefix ${prefix} is this site's own (${text}).`, prefix),
    );
}

function guardTunnelAddress(sides: readonly Sides[], { tunnelAddress }: SelfLeaf): Finding[] {
  const own = { base: parseAddress(tunnelAddress), length: 32 };
  return sides
    .filter(({ virtual }) => contains(virtual, own))
    .map(({ text }) => fault('tunnel_address', `${text} holds the tunnel address ${tunnelAddress}.`, text));
}

function guardDisjoint(sides: readonly Sides[]): Finding[] {
  return sides.flatMap((one, index) =>
    sides
      .slice(index + 1)
      .filter((other) => overlaps(one.real, other.real) || overlaps(one.virtual, other.virtual))
      .map((other) => fault('mapping_overlap', `${one.text} overlaps ${other.text}.`, one.text)),
  );
}
