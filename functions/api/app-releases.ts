/** The releases of an app that are remembered. Going back to one is a change of the app like any other, and a new release. */
import type { App, AppTemplate } from '../../protocol/app.ts';
import { type AppRelease, AppReleaseList } from '../../protocol/release.ts';
import { remembered } from '../domain/release-history.ts';
import { releaseInForce } from '../domain/rollout.ts';
import { ordersOf } from '../domain/rollout-stage.ts';
import type { AppKept, Item } from '../store/port.ts';
import { assignedOf, templateOf } from './app-stages.ts';
import { changeItem } from './change.ts';
import { type Creatable, type Desk, findItem } from './collection.ts';
import { requireMatch } from './etag.ts';
import { nextItem, withEvent } from './item.ts';
import { NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';
import { CHANGE_PROBLEMS, causeOf, MATCH_DOCS } from './resource.ts';

export function releaseOperations(desk: Desk, kind: Creatable<'app', App>): Operation[] {
  return [
    operation({
      id: 'listReleases',
      tag: 'apps',
      summary: 'List the releases of an app that are remembered, the newest first',
      method: 'get',
      path: '/v1/tenants/{tenant}/apps/{app}/releases',
      guard: desk.guards.user('read', 'app'),
      body: NO_BODY,
      query: NO_QUERY,
      answers: [{ status: 200, description: 'The releases', schema: AppReleaseList }],
      problems: ['not_found'],
      handle: async (call) => ({
        status: 200,
        json: { items: releasesOf(await findItem(desk.store, kind, call.param)) },
      }),
    }),
    forgetOperation(desk, kind),
  ];
}

/** The next status, with the release that `newest` takes the place of; the item also holds what runs meanwhile. */
export function withPast(
  before: Item<'app'>,
  next: AppKept,
  { newest, now }: { readonly newest: AppTemplate; readonly now: string },
): AppKept {
  const { status, spec } = before;
  const leaving = { release: status.release, template: templateOf(spec), until: now };
  const beside = [newest, next.good?.template, next.stage?.template].filter((one) => one !== undefined);
  return { ...next, past: remembered(status.past ?? [], leaving, beside) };
}

export function withoutPast({ status, ...item }: Item<'app'>): Item<'app'> {
  const { past: _past, ...rest } = status;
  return { ...item, status: rest };
}

/** What a failed release goes back to, and what runs, stays. */
function forgetOperation(desk: Desk, kind: Creatable<'app', App>): Operation {
  return operation({
    id: 'deleteReleases',
    tag: 'apps',
    summary:
      "Forget the earlier releases of an app, on the app's own version, but for one that it may still go back to by itself",
    method: 'delete',
    path: '/v1/tenants/{tenant}/apps/{app}/releases',
    guard: desk.guards.user('write', 'app'),
    body: NO_BODY,
    query: NO_QUERY,
    headers: MATCH_DOCS,
    answers: [{ status: 204, description: 'Forgotten' }],
    problems: CHANGE_PROBLEMS,
    async handle(call) {
      const { key } = await findItem(desk.store, kind, call.param);
      await changeItem(desk.store, key, async (item) => {
        requireMatch(call.header('if-match'), item.generation);
        const { past = [] } = item.status;
        if (past.length === 0) return item;
        const cause = causeOf(call);
        const next = nextItem(item, { status: withoutPast(item).status }, cause);
        const detail = `Forgot ${past.length} earlier releases of app ${key.name}.`;
        return withEvent(next, cause, { action: 'update', detail });
      });
      return { status: 204 };
    },
  });
}

function releasesOf(item: Item<'app'>): AppRelease[] {
  const { spec, status } = item;
  const { release, good, past = [] } = status;
  const newest = templateOf(spec);
  const running = (ordersOf(status, assignedOf(item))?.stable ?? releaseInForce(status, newest)).release;
  const earlier = new Map<number, Omit<AppRelease, 'state' | 'isRunning'>>();
  if (good !== undefined) earlier.set(good.release, good);
  for (const one of past) earlier.set(one.release, one);
  earlier.delete(release);
  const sorted = [...earlier.values()].sort((a, b) => b.release - a.release);
  return [
    {
      release,
      state: status.failed?.release === release ? 'failed' : 'newest',
      isRunning: running === release,
      template: newest,
    },
    ...sorted.map((one) => ({
      release: one.release,
      state: 'past' as const,
      isRunning: running === one.release,
      ...(one.until === undefined ? {} : { until: one.until }),
      template: one.template,
    })),
  ];
}
