/**
 * Makes the managed prefix list hold the wanted native prefixes. A list that was just changed takes no other change for a
 * moment, and says so as `stale`: wait, read it again, go on with what is left.
 */
import { type Patience, patiently, settled, waitMs } from './patience.ts';
import { planPrefixList } from './plan/prefix-list.ts';
import { type PrefixLists, VpcError } from './port.ts';

/** Looks at the list; each large change takes several. */
const ROUNDS_MAX = 60;
const STALE_MAX = 12;

export interface ListHands extends Patience {
  readonly lists: PrefixLists;
}

export type ListOutcome =
  | { readonly kind: 'kept'; readonly changes: number }
  | { readonly kind: 'failed'; readonly reason: string };

export async function keepPrefixList(
  hands: ListHands,
  id: string,
  prefixes: readonly string[],
): Promise<ListOutcome> {
  let changes = 0;
  let stale = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const done = await settled(() => changeOnce(hands, id, prefixes));
    if (done === 'kept') return { kind: 'kept', changes };
    if (done === 'changed') changes += 1;
    stale = done instanceof VpcError ? stale + 1 : 0;
    if (done instanceof VpcError) {
      if (done.code !== 'stale' || stale === STALE_MAX) return { kind: 'failed', reason: done.message };
      await hands.pause(waitMs(stale, hands.chance()));
    }
  }
  return { kind: 'failed', reason: `${id} did not become what it should be in ${ROUNDS_MAX} looks.` };
}

async function changeOnce(
  hands: ListHands,
  id: string,
  prefixes: readonly string[],
): Promise<'kept' | 'changed'> {
  const list = await patiently(hands, () => hands.lists.read(id));
  const plan = planPrefixList(list, prefixes);
  if (plan.do === 'refuse') throw new VpcError('refused', plan.reason);
  const [change] = plan.changes;
  if (change === undefined) return 'kept';
  await patiently(hands, () => hands.lists.modify(id, { version: list.version, ...change }));
  return 'changed';
}
