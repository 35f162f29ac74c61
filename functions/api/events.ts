/** The audit log: read only. An entry is there once the item that it rode in was delivered. */
import { EventList } from '../../protocol/event.ts';
import { type Desk, findLive } from './collection.ts';
import { NO_BODY, type Operation, operation } from './operation.ts';
import { askPage, PageQuery, readPage, showPage } from './page.ts';
import { refuse } from './problems.ts';

export function eventOperations(desk: Desk): Operation[] {
  return [
    listEvents(desk, '/v1/tenants/{tenant}/events', 'listEvents'),
    listEvents(desk, '/v1/events', 'listDeploymentEvents'),
  ];
}

function listEvents({ store, guards }: Desk, path: string, id: string): Operation {
  const ofTenant = path.includes('{tenant}');
  return operation({
    id,
    method: 'get',
    path,
    tag: 'events',
    summary: 'List events, the newest first',
    guard: guards.user('read', 'event'),
    body: NO_BODY,
    query: PageQuery,
    answers: [{ status: 200, description: 'A page of the audit log', schema: EventList }],
    problems: ['invalid', ...(ofTenant ? ['not_found' as const] : [])],
    async handle(call) {
      const tenant = ofTenant ? call.param('tenant') : '*';
      const owner = ofTenant
        ? await findLive(store, { kind: 'tenant', tenant: '*', name: tenant })
        : undefined;
      if (ofTenant && owner === undefined) refuse('not_found', `There is no tenant named ${tenant}.`);
      const page = await askPage(store.events(tenant, readPage(call.query, call.path)));
      // What came before belongs to an earlier tenant of this name. Newest first, so nothing of ours comes after it.
      const own = page.items.filter(({ time }) => owner === undefined || time >= owner.createdAt);
      const rest = own.length === page.items.length ? page.next : undefined;
      return { status: 200, json: showPage({ items: own, next: rest }, own, call.path) };
    },
  });
}
