/** Requests a second at the gateway, from its counters at two moments. Values in, values out. */
import type { RoutesLeaf } from '../../protocol/reach-leaf.ts';
import type { RequestRate } from '../../protocol/report.ts';
import { groupName } from '../plan/gateway-names.ts';

/** Requests that each group had since HAProxy began to count, by its name. */
export type GroupCounts = ReadonlyMap<string, number>;

export interface Counted {
  readonly counts: GroupCounts;
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

const DECIMALS = 100;

/** Of the groups that are asked for; a reload begins to count anew. Undefined: there is no earlier moment to compare with. */
export function ratesBetween(
  routes: readonly RoutesLeaf[],
  before: Counted | undefined,
  now: Counted,
): RequestRate[] | undefined {
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1_000;
  if (before === undefined || seconds <= 0) return undefined;
  return countedPorts(routes).map(({ tenant, app, port }) => {
    const name = groupName({ tenant, app, port });
    const count = now.counts.get(name) ?? 0;
    const earlier = before.counts.get(name) ?? 0;
    const asked = count >= earlier ? count - earlier : count;
    return { tenant, app, port, perSecond: Math.round((asked / seconds) * DECIMALS) / DECIMALS };
  });
}

/** Ports of apps that scale by their requests, each once. */
export function countedPorts(routes: readonly RoutesLeaf[]): Omit<RequestRate, 'perSecond'>[] {
  const ports = routes.flatMap(({ tenant, apps = [] }) =>
    apps.flatMap(({ app, port, isCounted }) => (isCounted === true ? [{ tenant, app, port }] : [])),
  );
  return [...new Map(ports.map((port) => [groupName(port), port])).values()];
}
