/**
 * Keeps the parts of a cluster's report, each by itself: one that the table does not take leaves the others be, so that a cluster with too
 * many of one thing is not silent in everything.
 */
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import type { Refusal } from '../../protocol/problem.ts';
import { type Item, type Store, StoreError } from '../store/port.ts';

export type Parts = Omit<ClusterReport, 'events'>;
type Told = Exclude<keyof ClusterReport, 'events'>;

/** What to do about a part that is too large, as the end of a sentence. */
const ADVICE: Readonly<Record<Told, string>> = {
  facts: 'let the cluster have fewer nodes, or nodes with fewer labels',
  apps: 'let fewer apps, or fewer containers of them, run in this cluster',
  services: 'label fewer Services to be published',
  reservations: 'give the apps of this cluster smaller pools',
  usage: 'let fewer apps scale by CPU in this cluster',
  requests: 'it is the edge that tells too much: install its newest version',
};

/** Writes every part that can be written; the refusal names those that are too large. */
export async function keepParts(
  store: Pick<Store, 'writeTold'>,
  { key }: Item<'cluster'>,
  { parts, at }: { readonly parts: Parts; readonly at: string },
): Promise<Refusal | undefined> {
  const { facts, apps, services, reservations, requests, usage } = parts;
  const tooLarge: Told[] = [];
  const keep = async (part: Told, write: () => Promise<void>) => {
    if (!(await fits(write))) tooLarge.push(part);
  };
  if (facts !== undefined) await keep('facts', () => store.writeTold(key, 'facts', { at, value: facts }));
  if (apps !== undefined) await keep('apps', () => store.writeTold(key, 'apps', { at, value: apps }));
  if (services !== undefined)
    await keep('services', () => store.writeTold(key, 'services', { at, value: services }));
  if (reservations !== undefined)
    await keep('reservations', () => store.writeTold(key, 'reservations', { at, value: reservations }));
  if (requests !== undefined)
    await keep('requests', () => store.writeTold(key, 'requests', { at, value: requests }));
  if (usage !== undefined) await keep('usage', () => store.writeTold(key, 'usage', { at, value: usage }));
  return tooLarge.length === 0 ? undefined : refusalOf(tooLarge);
}

async function fits(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (failure) {
    if (failure instanceof StoreError && failure.code === 'store.too_large') return false;
    throw failure;
  }
}

function refusalOf(parts: readonly Told[]): Refusal {
  const errors = parts.map((part) => ({
    pointer: `/${part}`,
    detail: `This part is larger than the table takes; ${ADVICE[part]}.`,
  }));
  const named = parts.map((part) => `${part} (${ADVICE[part]})`).join('; ');
  return {
    code: 'too_large',
    detail: `The rest of the report was kept. Larger than the table takes: ${named}.`,
    errors,
  };
}
