/** What the firewall has refused between proof addresses (`plan/firewall-proof.ts`), read at most ten times a second however many ask. */
import { z } from 'zod';
import type { Run } from '../apply/command.ts';

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
): (set: string, from: string, to: string) => Promise<number | undefined> {
  const readings = new Map<
    string,
    { readonly atMs: number; readonly refused: Promise<Refused | undefined> }
  >();
  return async (set, from, to) => {
    const known = readings.get(set);
    const reading =
      known === undefined || now() - known.atMs > FRESH_MS
        ? { atMs: now(), refused: listRefused(run, set) }
        : known;
    readings.set(set, reading);
    const refused = await reading.refused;
    return refused && (refused.get(`${from} ${to}`) ?? 0);
  };
}

async function listRefused(run: Run, set: string): Promise<Refused | undefined> {
  const result = await run('nft', ['-j', 'list', 'set', 'ip', 'isthmus', set]);
  if (result.kind !== 'exited' || result.code !== 0) return undefined;
  try {
    return parseRefused(result.stdout);
  } catch {
    return undefined;
  }
}
