/** The releases of an app that are remembered. Going back to one is a change of the app like any other, and a new release. */
import type { App, AppTemplate } from '../../protocol/app.ts';
import { type AppRelease, AppReleaseList } from '../../protocol/release.ts';
import { remembered } from '../domain/release-history.ts';
import { releaseInForce } from '../domain/rollout.ts';
import { ordersOf } from '../domain/rollout-stage.ts';
import type { AppKept, Item } from '../store/port.ts';
import { assignedOf, templateOf } from './app-stages.ts';
import { type Creatable, type Desk, findItem } from './collection.ts';
import { NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';

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
  ];
}

/** The status with the release that `newest` takes the place of. */
export function withPast(before: Item<'app'>, newest: AppTemplate, now: string): AppKept {
  const { status, spec } = before;
  const leaving = { release: status.release, template: templateOf(spec), until: now };
  return { ...status, past: remembered(status.past ?? [], leaving, { good: status.good, newest }) };
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
