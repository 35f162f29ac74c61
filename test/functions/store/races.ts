/** Ways to use a store hard: many at once, and page by page. */
import { expect } from 'vitest';
import type { Page, PageRequest, Store } from '../../../functions/store/port.ts';

/** The store of a suite, once it is open. */
export type Given = () => Store;

const RACERS = 50;

/** The racers' outcomes; racer n is at index n. */
export function race<T>(run: (racer: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => run(racer)));
}

export function winners(outcomes: readonly string[]): number[] {
  return outcomes.flatMap((outcome, racer) => (['written', 'claimed'].includes(outcome) ? [racer] : []));
}

export async function inBatches<T>(values: readonly T[], run: (value: T) => Promise<unknown>): Promise<void> {
  for (let begin = 0; begin < values.length; begin += RACERS)
    await Promise.all(values.slice(begin, begin + RACERS).map(run));
}

export function pageAfter(limit: number, next: string | undefined): PageRequest {
  return next === undefined ? { limit } : { limit, after: next };
}

/** All items of all pages, each page but the last being full. */
export async function walk<T>(list: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const seen: T[] = [];
  let page = await list({ limit });
  while (page.next !== undefined) {
    expect(page.items).toHaveLength(limit);
    seen.push(...page.items);
    page = await list({ limit, after: page.next });
  }
  return [...seen, ...page.items];
}
