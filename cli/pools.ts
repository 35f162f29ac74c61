/** `isthmus pools [NAME]`: addresses kept for apps, who has them, and how old that word is. */
import { Pool } from '../protocol/pool.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { conditionsText } from './conditions.ts';
import { ageSince, tableOf } from './table.ts';

export async function readPools(api: Api): Promise<Pool[]> {
  return api.list(at('/v1/tenants/{tenant}/pools', { tenant: await api.tenant() }), Pool);
}

export async function readPool(api: Api, name: string): Promise<Pool> {
  return api.get(at('/v1/tenants/{tenant}/pools/{pool}', { tenant: await api.tenant(), pool: name }), Pool);
}

export function poolsText(pools: readonly Pool[]): string {
  if (pools.length === 0)
    return 'There are no pools. Write a manifest with kind: pool, then: isthmus apply -f FILE';
  const rows = pools.map(({ metadata, spec, status }) => [
    metadata.name,
    [...new Set(spec.ranges.map(({ cluster }) => cluster))].join(','),
    String(status.size),
    String(status.free),
    status.conditions.find(({ status: said }) => said !== 'True')?.reason ?? 'good',
  ]);
  return tableOf(['NAME', 'CLUSTERS', 'SIZE', 'FREE', 'STATE'], rows);
}

export function poolText({ metadata, spec, status }: Pool, nowMs: number): string {
  const seen = new Map(status.told.map(({ cluster, observedAt }) => [cluster, observedAt]));
  const ranges = spec.ranges.map(({ cluster, prefix }) => {
    const at = seen.get(cluster);
    return [cluster, prefix, at === undefined ? 'never' : `${ageSince(at, nowMs)} ago`];
  });
  const reserved = status.reservations.map((one) => [
    one.address,
    one.cluster,
    one.state,
    one.app,
    one.holder,
    one.node || '-',
  ]);
  return [
    `pool  ${metadata.name}: ${status.free} of ${status.size} addresses are free`,
    '',
    tableOf(['CLUSTER', 'RANGE', 'TOLD'], ranges),
    '',
    conditionsText(status.conditions, nowMs),
    ...(reserved.length === 0
      ? []
      : ['', tableOf(['ADDRESS', 'CLUSTER', 'STATE', 'APP', 'HOLDER', 'NODE'], reserved)]),
  ].join('\n');
}
