/** CPU that an engine's containers of an app have used, of those that are ready: running, and healthy where they have a check. It changes nothing. */
import { z } from 'zod';
import { type EngineClient, filtersOf } from '../engine/client.ts';
import { undefinedOn } from '../engine/errors.ts';
import type { CpuReading } from '../usage/meter.ts';

const MS_MAX = 5_000;
const NANOSECONDS_PER_MS = 1_000_000;

const Listed = z.array(z.looseObject({ Id: z.string() }));
/** Of an engine that does not wait for a second reading. */
const Stats = z.looseObject({
  read: z.string(),
  cpu_stats: z.looseObject({ cpu_usage: z.looseObject({ total_usage: z.number() }) }),
});

export async function readUsage(client: EngineClient, labels: readonly string[]): Promise<CpuReading[]> {
  const filters = filtersOf({ label: labels, status: ['running'], health: ['none', 'healthy'] });
  const call = { method: 'GET', path: '/containers/json', query: { filters }, timeoutMs: MS_MAX } as const;
  const listed = await client.json(Listed, call);
  const readings = await Promise.all(listed.map(({ Id }) => readOne(client, Id)));
  return readings.flat();
}

/** Nothing of one that has gone meanwhile; such a one may also answer without a time. */
async function readOne(client: EngineClient, id: string): Promise<CpuReading[]> {
  const query = { stream: 'false', 'one-shot': 'true' };
  const call = { method: 'GET', path: `/containers/${id}/stats`, query, timeoutMs: MS_MAX } as const;
  const stats = await undefinedOn(client.json(Stats, call), ['engine.not_found', 'engine.conflict']);
  const atMs = Date.parse(stats?.read ?? '');
  if (stats === undefined || !(atMs > 0)) return [];
  const usedMs = stats.cpu_stats.cpu_usage.total_usage / NANOSECONDS_PER_MS;
  return [{ kind: 'counter', container: id, usedMs, atMs }];
}
