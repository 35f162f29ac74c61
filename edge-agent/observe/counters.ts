/** The firewall's named counters. They begin at zero again whenever the firewall is loaded anew. */
import { z } from 'zod';
import type { Run } from '../apply/command.ts';

const Listing = z.object({
  nftables: z.array(
    z.object({ counter: z.object({ name: z.string(), packets: z.int(), bytes: z.int() }).optional() }),
  ),
});

/** Packets by counter's name; empty if there is no table. */
export async function observeCounters(run: Run): Promise<Record<string, number>> {
  const result = await run('nft', ['-j', 'list', 'counters', 'table', 'ip', 'isthmus']);
  return result.kind === 'exited' && result.code === 0 ? parseCounters(result.stdout) : {};
}

/** Of `nft -j list counters`. */
export function parseCounters(json: string): Record<string, number> {
  const { nftables } = Listing.parse(JSON.parse(json));
  return Object.fromEntries(
    nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])),
  );
}
