/** What the pages of hubs ask of the API, and what they have it change: always the version that a person saw. */
import type { ApiClient, Schemas } from '../client/client.ts';
import { allOf, dataOf } from './answer.ts';
import { pollOf } from './asked.tsx';
import { done, seen } from './site-calls.ts';

const LIMIT = 500;
const EVENTS_SHOWN = 20;

export const HUB_KEY = ['hubs'];
export const hubTokenKey = (hub: string) => [...HUB_KEY, hub, 'tokens'];

function queryOf(page: string | undefined) {
  return { limit: LIMIT, ...(page !== undefined && { page }) };
}

export function hubsPoll(api: ApiClient) {
  return pollOf(HUB_KEY, () =>
    allOf((page) => dataOf(api.GET('/v1/hubs', { params: { query: queryOf(page) } }))),
  );
}

export function hubPoll(api: ApiClient, hub: string) {
  return pollOf([...HUB_KEY, hub], () => dataOf(api.GET('/v1/hubs/{hub}', { params: { path: { hub } } })));
}

/** What happened to the hub, the newest first. */
export function hubEventsPoll(api: ApiClient, hub: string) {
  return pollOf([...HUB_KEY, hub, 'events'], () =>
    dataOf(api.GET('/v1/events', { params: { query: { kind: 'hub', name: hub, limit: EVENTS_SHOWN } } })),
  );
}

export function createHub(api: ApiClient, body: Schemas['HubCreation']) {
  return dataOf(api.POST('/v1/hubs', { body }));
}

export function changeHub(api: ApiClient, { metadata }: Schemas['Hub'], spec: Schemas['HubSpec']) {
  const params = { path: { hub: metadata.name }, header: seen(metadata) };
  return dataOf(api.PUT('/v1/hubs/{hub}', { params, body: { spec } }));
}

export function deleteHub(api: ApiClient, { metadata }: Schemas['Hub']) {
  const params = { path: { hub: metadata.name }, header: seen(metadata) };
  return done(api.DELETE('/v1/hubs/{hub}', { params }));
}

export function hubTokensPoll(api: ApiClient, hub: string) {
  return pollOf(hubTokenKey(hub), () =>
    allOf((page) =>
      dataOf(api.GET('/v1/hubs/{hub}/tokens', { params: { path: { hub }, query: queryOf(page) } })),
    ),
  );
}

export function createHubToken(api: ApiClient, hub: string, minutes: number) {
  return dataOf(
    api.POST('/v1/hubs/{hub}/tokens', { params: { path: { hub } }, body: { spec: { minutes } } }),
  );
}

export function deleteHubToken(api: ApiClient, hub: string, { metadata }: Schemas['Token']) {
  const params = { path: { hub, token: metadata.name }, header: seen(metadata) };
  return done(api.DELETE('/v1/hubs/{hub}/tokens/{token}', { params }));
}
