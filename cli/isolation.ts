/** `isthmus isolate TENANT [--off]`: sets the isolation, and says it is done when every agent has applied a document that has it. */
import { Edge } from '../protocol/edge.ts';
import { Tenant } from '../protocol/tenant.ts';
import type { Api } from './api.ts';
import { Fault } from './fault.ts';
import type { World } from './world.ts';

const POLL_MS = 500;
const WAIT_MS_MAX = 60_000;

export interface Isolation {
  readonly tenant: string;
  readonly isolation: 'isolated' | 'open';
}

/** Answers what can be printed; throws, with those that it waits for, if they are too slow. */
export async function isolate(api: Api, world: World, { tenant, isolation }: Isolation): Promise<string> {
  const path = `/v1/tenants/${encodeURIComponent(tenant)}`;
  const edgesBefore = await api.list(`${path}/edges`, Edge);
  const before = await api.get(path, Tenant);
  const isChange = before.spec.isolation !== isolation;
  if (isChange)
    await api.put(path, Tenant, {
      body: { spec: { ...before.spec, isolation } },
      generation: before.metadata.generation,
    });
  const older = new Map(
    isChange
      ? edgesBefore.map(({ metadata, status }) => [metadata.name, status.document?.generation ?? 0])
      : [],
  );
  const deadline = world.nowMs() + WAIT_MS_MAX;
  for (;;) {
    const edges = (await api.list(`${path}/edges`, Edge)).filter(
      ({ spec }) => spec.approved && !spec.quarantined,
    );
    const late = edges.filter((edge) => !hasApplied(edge, older.get(edge.metadata.name) ?? 0));
    if (late.length === 0) return appliedText({ tenant, isolation }, edges.length);
    if (world.nowMs() >= deadline)
      throw new Fault(
        'unreachable',
        `${tenant} is set to ${isolation}, but not all edges have told that they applied it: ${late.map(({ metadata }) => metadata.name).join(', ')}.`,
      );
    await world.wait(POLL_MS);
  }
}

/** A document newer than the one before the change, as far as the control plane has compiled one. */
function hasApplied({ status: { document, applied } }: Edge, olderGeneration: number): boolean {
  if (document === undefined || applied === undefined || document.generation <= olderGeneration) return false;
  return (
    applied.epoch > document.epoch ||
    (applied.epoch === document.epoch && applied.generation >= document.generation)
  );
}

/** Here a proof by packets will be asked for; until then nothing more is claimed than what agents say. */
function appliedText({ tenant, isolation }: Isolation, edges: number): string {
  return `${tenant} is ${isolation}: ${edges} edges have applied it. Not proved by packets.`;
}
