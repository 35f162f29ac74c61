/** What the firewall has refused between proof addresses (`plan/firewall-proof.ts`), read at most ten times a second however many ask. */
import { z } from 'zod';
import type { Run } from '../apply/command.ts';
import { REFUSED_SET } from '../plan/firewall-proof.ts';

const FRESH_MS = 100;

const Listing = z.object({
  nftables: z.array(
    z.object({
      set: z
        .object({
          elem: z
            .array(
              z.object({
                elem: z.object({
                  val: z.object({ concat: z.tuple([z.string(), z.string()]) }),
                  counter: z.object({ packets: z.int() }),
                }),
              }),
            )
            .optional(),
        })
        .optional(),
    }),
  ),
});

/** Packets by source and destination, as `FROM TO`. */
export type Refused = ReadonlyMap<string, number>;

/** Of `nft -j list set`. */
export function parseRefused(json: string): Refused {
  const { nftables } = Listing.parse(JSON.parse(json));
  const elements = nftables.flatMap(({ set }) => set?.elem ?? []);
  return new Map(elements.map(({ elem }) => [elem.val.concat.join(' '), elem.counter.packets]));
}

/** Undefined: the firewall could not be read, or has no such set. */
export function readRefused(
  run: Run,
  now: () => number,
): (from: string, to: string) => Promise<number | undefined> {
  let reading: { readonly atMs: number; readonly refused: Promise<Refused | undefined> } | undefined;
  return async (from, to) => {
    if (reading === undefined || now() - reading.atMs > FRESH_MS)
      reading = { atMs: now(), refused: listRefused(run) };
    const refused = await reading.refused;
    return refused && (refused.get(`${from} ${to}`) ?? 0);
  };
}

async function listRefused(run: Run): Promise<Refused | undefined> {
  const result = await run('nft', ['-j', 'list', 'set', 'ip', 'isthmus', REFUSED_SET]);
  return result.kind === 'exited' && result.code === 0 ? parseRefused(result.stdout) : undefined;
}
