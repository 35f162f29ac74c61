/** Asks the edge of a cluster to rehearse the recovery of its etcd now. What becomes of it stands among the drills that the edge tells of. */
import { type DrillWish, DrillWish as DrillWishSchema } from '../../protocol/backup.ts';
import type { Cluster } from '../../protocol/cluster.ts';
import { millisecondsOf } from '../../protocol/time.ts';
import { toldOf } from '../reconcile/told.ts';
import type { Item } from '../store/port.ts';
import { changeItem } from './change.ts';
import { type Collection, type Desk, findItem } from './collection.ts';
import { nextItem, withEvent } from './item.ts';
import { NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';
import { refuse } from './problems.ts';
import { causeOf } from './resource.ts';

/** A drill takes the edge minutes: who asks again within this is answered with the one that is under way. */
const ASKED_MS = 60_000;

export function drillOperation(desk: Desk, kind: Collection<'cluster', Cluster>): Operation {
  return operation({
    id: 'drillCluster',
    method: 'post',
    path: `${kind.path}/{cluster}/drill`,
    tag: 'clusters',
    summary: "Ask for a rehearsal of the recovery of the cluster's etcd now, at most one a minute",
    guard: desk.guards.user('write', 'cluster'),
    body: NO_BODY,
    query: NO_QUERY,
    answers: [
      {
        status: 202,
        description: 'Asked for; the drill that is held for it has the same `asked`',
        schema: DrillWishSchema,
      },
    ],
    problems: ['not_found', 'no_backup', 'busy'],
    async handle(call) {
      const { key } = await findItem(desk.store, kind, call.param);
      const item = await changeItem<'cluster'>(desk.store, key, async (now) => {
        await requireBackup(desk, now);
        if (isUnderWay(now.internal.drill, call.now)) return now;
        const cause = causeOf(call);
        const internal = { ...now.internal, drill: { asked: call.now } };
        const detail = `Asked for a drill of the etcd of cluster ${key.name}.`;
        return withEvent(nextItem(now, { internal }, cause), cause, { action: 'update', detail });
      });
      const wish = item?.internal.drill;
      return wish === undefined
        ? refuse('not_found', `There is no cluster ${key.name}.`)
        : { status: 202, json: wish };
    },
  });
}

function isUnderWay(wish: DrillWish | undefined, now: string): boolean {
  return wish !== undefined && millisecondsOf(now) - millisecondsOf(wish.asked) < ASKED_MS;
}

async function requireBackup({ store }: Desk, cluster: Item<'cluster'>): Promise<void> {
  const { name } = cluster.key;
  if (cluster.spec.backup === undefined)
    refuse('no_backup', `The spec of cluster ${name} has no backup. Say where snapshots go, then ask again.`);
  if (cluster.status.knows?.includes('drills') !== true)
    refuse(
      'no_backup',
      `The edge of cluster ${name} is of a version that holds no drill on request. Run the installer's line on it again.`,
    );
  const { facts } = await toldOf(store, cluster, ['facts']);
  if (facts?.value.etcd === undefined)
    refuse(
      'no_backup',
      `The edge of cluster ${name} has told of no etcd. Give it access: edge-agent cluster add kubernetes ${name} ... --etcd-endpoint URL.`,
    );
}
