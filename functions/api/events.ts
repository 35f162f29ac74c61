/** The audit log: read only, by page or as JSON lines. An entry is there once the item that it rode in was delivered. */
import { z } from 'zod';
import { type Event, EventAction, EventList } from '../../protocol/event.ts';
import { Timestamp } from '../../protocol/metadata.ts';
import type { Caller } from '../domain/authorize.ts';
import type { Page } from '../store/port.ts';
import { type Desk, findTenant } from './collection.ts';
import { type Call, NO_BODY, type Operation, operation } from './operation.ts';
import { askPage, PageQuery, readPage, showPage } from './page.ts';

/** A filter that little meets goes through so many pages of the log for one of its own. */
const ROUNDS_MAX = 20;
const TEXT_MAX = 300;

const Text = z.string().max(TEXT_MAX).optional();
const EventQuery = PageQuery.extend({
  actor: Text,
  kind: Text,
  name: Text,
  action: EventAction.optional(),
  result: z.enum(['done', 'refused']).optional(),
  since: Timestamp.optional().meta({ description: 'From this time on' }),
  until: Timestamp.optional().meta({ description: 'Before this time' }),
});
type EventQuery = z.infer<typeof EventQuery>;
type EventCall = Call<Caller, undefined, EventQuery>;

const IN_TENANT = '/v1/tenants/{tenant}/events';
const IN_DEPLOYMENT = '/v1/events';

export function eventOperations(desk: Desk): Operation[] {
  return [
    listEvents(desk, IN_TENANT, 'listEvents'),
    listEvents(desk, IN_DEPLOYMENT, 'listDeploymentEvents'),
    exportEvents(desk, IN_TENANT, 'exportEvents'),
    exportEvents(desk, IN_DEPLOYMENT, 'exportDeploymentEvents'),
  ];
}

function declared(desk: Desk, path: string) {
  return {
    method: 'get',
    tag: 'events',
    guard: desk.guards.user('read', 'event'),
    body: NO_BODY,
    query: EventQuery,
    problems: ['invalid', ...(path === IN_TENANT ? (['not_found'] as const) : [])],
  } as const;
}

function listEvents(desk: Desk, path: string, id: string): Operation {
  return operation({
    ...declared(desk, path),
    id,
    path,
    summary: 'List events, the newest first; a page that a filter left short may have a next one',
    answers: [{ status: 200, description: 'A page of the audit log', schema: EventList }],
    async handle(call) {
      const page = await readEvents(desk, call);
      return { status: 200, json: showPage(page, page.items, filterOf(call)) };
    },
  });
}

function exportEvents(desk: Desk, path: string, id: string): Operation {
  return operation({
    ...declared(desk, path),
    id,
    path: `${path}/export`,
    summary: 'Events as JSON lines, the newest first; the next part is at the address in Link',
    answers: [
      {
        status: 200,
        description: 'An event a line',
        schema: z.string(),
        mediaType: 'application/jsonl',
        headers: ['Link'],
      },
    ],
    async handle(call) {
      const page = await readEvents(desk, call);
      const { next } = showPage(page, [], filterOf(call));
      const { page: _, ...query } = call.query;
      const search = new URLSearchParams(
        Object.entries({ ...query, page: next }).map(([name, value]): [string, string] => [
          name,
          String(value),
        ]),
      );
      const headers = { 'content-type': 'application/jsonl' };
      return {
        status: 200,
        text: page.items.map((event) => `${JSON.stringify(event)}\n`).join(''),
        headers: next === undefined ? headers : { ...headers, link: `<${call.path}?${search}>; rel="next"` },
      };
    },
  });
}

/** A page token holds for the list with these very filters. */
function filterOf({ path, query }: EventCall): string {
  const { limit: _, page: __, ...filter } = query;
  return `${path}?${JSON.stringify(filter)}`;
}

async function readEvents({ store }: Desk, call: EventCall): Promise<Page<Event>> {
  const ofTenant = new RegExp(`^${IN_TENANT.replace('{tenant}', '[^/]+')}`).test(call.path);
  const tenant = ofTenant ? call.param('tenant') : '*';
  const owner = ofTenant ? await findTenant(store, tenant) : undefined;
  const { since, until, limit } = call.query;
  const found: Event[] = [];
  let { after } = readPage(call.query, filterOf(call));
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const wanted = { limit: limit - found.length, after, since, until };
    const page = await askPage(store.events(tenant, wanted));
    // What came before belongs to an earlier tenant of this name. Newest first, so nothing of ours comes after it.
    const own = page.items.filter(({ time }) => owner === undefined || time >= owner.createdAt);
    found.push(...own.filter((event) => isWanted(event, call.query)));
    if (page.next === undefined || own.length < page.items.length) return { items: found };
    after = page.next;
    if (found.length >= limit) break;
  }
  return after === undefined ? { items: found } : { items: found, next: after };
}

/** What was done is not said of entries of earlier versions, which told of nothing else. */
function isWanted(event: Event, { actor, kind, name, action, result }: EventQuery): boolean {
  return (
    [
      [actor, event.actor],
      [kind, event.kind],
      [name, event.name],
      [action, event.action],
    ].every(([wanted, is]) => wanted === undefined || wanted === is) &&
    (result === undefined || result === (event.result ?? 'done'))
  );
}
