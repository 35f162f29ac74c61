/** The audit log: append-only, newest first. An event under the same time and id is the same event. */
import { EntityFormatter } from 'dynamodb-toolbox/entity/actions/format';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import type { Event } from '../../protocol/event.ts';
import type { IsthmusTable } from './entities.ts';
import { eventEntity } from './entities.ts';
import { eventKey, isTenant, partitionOf, timeText } from './keys.ts';
import { plain } from './pack.ts';
import { readPage } from './pages.ts';
import type { EventRequest, Page, Store } from './port.ts';
import { queryPartition } from './query.ts';
import { writeIf } from './write.ts';

/** Before and after every time. */
const FIRST = ' ';
const LAST = '~';

type Events = ReturnType<typeof eventEntity>;

export function eventStore(table: IsthmusTable): Pick<Store, 'writeEvent' | 'events'> {
  const events = eventEntity(table);
  return {
    writeEvent: (event) => append(events, event),
    events: (tenant, page) => list(events, tenant, page),
  };
}

async function append(events: Events, event: Event): Promise<void> {
  const command = events
    .build(PutItemCommand)
    .item({ ...eventKey(event), event: plain(event) })
    .options({ condition: { attr: 'pk', exists: false } });
  // It is there already: an outbox was delivered twice, which changes nothing.
  await writeIf({ send: () => command.send(), landed: async () => true });
}

async function list(events: Events, tenant: string, page: EventRequest): Promise<Page<Event>> {
  if (!isTenant(tenant)) return { items: [] };
  const partition = partitionOf('event', tenant);
  const formatter = events.build(EntityFormatter);
  return readPage(page, async (after, limit) => {
    const wanted = { partition, prefix: page.prefix, bounds: boundsOf(page), after, limit, reverse: true };
    const answer = await queryPartition(events.table, wanted);
    const found = answer.rows.map((row) => formatter.format(row));
    // Written by `append` above, under this key.
    return { rows: found.map((row) => ({ sk: row.sk, value: row.event as Event })), more: answer.more };
  });
}

/** Sort keys begin with the time: at `since` each is longer than the bound and comes after it, and so it does at `until`. */
function boundsOf({ since, until }: EventRequest): [string, string] | undefined {
  if (since === undefined && until === undefined) return undefined;
  return [since === undefined ? FIRST : timeText(since), until === undefined ? LAST : timeText(until)];
}
