/**
 * Copies the audit log to where nobody changes it: one object an entry, under a name that follows from the entry, so that an entry that comes twice is there once. It is
 * asked by the table's stream, and by a person or a schedule for a span of time: what the stream lost is made good by that.
 */
import type { Event } from '../../protocol/event.ts';
import { eventAt } from '../store/keys.ts';
import type { Store } from '../store/port.ts';
import { listAll } from './present.ts';
import type { BatchAnswer } from './stream.ts';

/** Entries that are copied at once. */
const TOGETHER = 10;
const PAGE_ITEMS = 100;
/** Entries of one span: more is for several calls. */
const ENTRIES_MAX = 100_000;

export interface AuditDependencies {
  readonly store: Pick<Store, 'events' | 'list'>;
  /** Puts the text under this name unless there is one already. */
  readonly put: (name: string, text: string) => Promise<void>;
  readonly onFailure: (failure: { readonly what: string; readonly error: unknown }) => void;
}

/** Whose record failed; the empty number fails the whole batch. */
interface Failed {
  readonly number: string;
}

export function createAuditExport({ store, put, onFailure }: AuditDependencies) {
  const copy = (event: Event) => put(nameOf(event), `${JSON.stringify(event)}\n`);
  const copyRecord = async (record: unknown): Promise<Failed[]> => {
    const { number, pk, sk } = read(record);
    try {
      const at = eventAt({ pk, sk });
      if (at === undefined) throw new Error('The record is of no entry.');
      const { items } = await store.events(at.tenant, { limit: 1, prefix: sk });
      // An entry is never deleted; one that is not there has not been read back yet, and is tried again.
      const [event] = items;
      if (event === undefined) throw new Error('The entry is not there.');
      await copy(event);
      return [];
    } catch (error) {
      onFailure({ what: `copying the entry ${pk} ${sk}`, error });
      return [{ number }];
    }
  };
  return {
    async records(records: readonly unknown[]): Promise<BatchAnswer> {
      const failed: Failed[] = [];
      for (let first = 0; first < records.length; first += TOGETHER)
        failed.push(...(await Promise.all(records.slice(first, first + TOGETHER).map(copyRecord))).flat());
      return { batchItemFailures: failed.map(({ number }) => ({ itemIdentifier: number })) };
    },

    /** Copies again all of the deployment and of every tenant that there is; answers how many entries there were. */
    async span(since: string, until: string): Promise<{ readonly entries: number }> {
      const tenants = await listAll(store, 'tenant', '*');
      let entries = 0;
      for (const tenant of ['*', ...tenants.map(({ key }) => key.name)]) {
        let after: string | undefined;
        do {
          const page = await store.events(tenant, { limit: PAGE_ITEMS, since, until, after });
          for (const event of page.items) await copy(event);
          entries += page.items.length;
          after = page.next;
          if (entries > ENTRIES_MAX)
            throw new Error(`More than ${ENTRIES_MAX} entries: ask for a shorter span.`);
        } while (after !== undefined);
      }
      return { entries };
    },
  };
}

/** By tenant and day, as tools that read such buckets want it. No tenant's name has a dot. */
export function nameOf({ tenant, time, id }: Pick<Event, 'tenant' | 'time' | 'id'>): string {
  const at = new Date(time).toISOString();
  const day = at.slice(0, 10).replaceAll('-', '/');
  return `${tenant === '*' ? 'deployment.' : tenant}/${day}/${at}-${encodeURIComponent(id)}.json`;
}

function read(record: unknown): { readonly number: string; readonly pk: string; readonly sk: string } {
  const { dynamodb } = Object(record);
  const { SequenceNumber, Keys } = Object(dynamodb);
  const textOf = (value: unknown): string => {
    const { S } = Object(value);
    return typeof S === 'string' ? S : '';
  };
  const { pk, sk } = Object(Keys);
  return { number: typeof SequenceNumber === 'string' ? SequenceNumber : '', pk: textOf(pk), sk: textOf(sk) };
}
