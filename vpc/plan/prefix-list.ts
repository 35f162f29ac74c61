/**
 * What to change in the managed prefix list of native prefixes, which is ours alone. A list takes few changes a call and
 * has a fixed size, so a large change is several calls; in none of them does a prefix go that is still wanted.
 */
import type { PrefixListView } from '../port.ts';

/** Entries that one ModifyManagedPrefixList call takes, added and removed together. */
export const ENTRIES_PER_CALL_MAX = 100;

export interface ListChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export type ListPlan =
  | { readonly do: 'change'; readonly changes: readonly ListChange[] }
  | { readonly do: 'refuse'; readonly reason: string };

/** The changes in order; none if the list is as it should be. */
export function planPrefixList(list: PrefixListView, prefixes: readonly string[]): ListPlan {
  const wanted = new Set(prefixes);
  if (wanted.size > list.maxEntries) return { do: 'refuse', reason: tooSmall(list, wanted.size) };
  const there = new Set(list.entries);
  const add = [...wanted].filter((prefix) => !there.has(prefix)).sort();
  const remove = [...there].filter((prefix) => !wanted.has(prefix)).sort();
  return { do: 'change', changes: chunked({ add, remove }, list.maxEntries - there.size) };
}

/** Adds as much as there is room for, and makes room with the rest of the call. */
function chunked({ add, remove }: ListChange, room: number): ListChange[] {
  const changes: ListChange[] = [];
  let free = room;
  let added = 0;
  let removed = 0;
  while (added < add.length || removed < remove.length) {
    const adding = add.slice(added, added + Math.max(0, Math.min(free, ENTRIES_PER_CALL_MAX)));
    const removing = remove.slice(removed, removed + ENTRIES_PER_CALL_MAX - adding.length);
    changes.push({ add: adding, remove: removing });
    added += adding.length;
    removed += removing.length;
    free += removing.length - adding.length;
  }
  return changes;
}

function tooSmall(list: PrefixListView, count: number): string {
  return `${count} native prefixes do not fit into ${list.id}, which takes ${list.maxEntries}: raise its maximum number of entries.`;
}
