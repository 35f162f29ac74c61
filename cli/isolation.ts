/** `isthmus isolate TENANT [--off]`: sets the isolation, and says it is done when the API says that every edge and hub holds it, and edges have proved it by packets. */
import { Tenant } from '../protocol/tenant.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { Fault } from './fault.ts';
import type { World } from './world.ts';

const POLL_MS = 500;
const WAIT_MS_MAX = 60_000;
const ISOLATED = 'Isolated';

export interface Isolation {
  readonly tenant: string;
  readonly isolation: 'isolated' | 'open';
}

/** Answers what can be printed; throws, with those that do not hold it, if one refuses it or they are too slow. */
export async function isolate(api: Api, world: World, { tenant, isolation }: Isolation): Promise<string> {
  const path = at('/v1/tenants/{tenant}', { tenant });
  const before = await api.get(path, Tenant);
  if (before.spec.isolation !== isolation)
    await api.put(path, Tenant, {
      body: { spec: { ...before.spec, isolation } },
      generation: before.metadata.generation,
    });
  if (isolation === 'open') return `${tenant} is open.`;
  const deadline = world.nowMs() + WAIT_MS_MAX;
  for (;;) {
    const now = await api.get(path, Tenant);
    const held = now.status.conditions.find(({ type }) => type === ISOLATED);
    if (held?.status === 'True') return `${tenant} is isolated. ${held.message}`;
    const text = `${tenant} is set to isolated, but that is not seen to hold everywhere.\n${lateText(now)}`;
    if (held?.status === 'False') throw new Fault('failed', text);
    if (world.nowMs() >= deadline) throw new Fault('unreachable', text);
    await world.wait(POLL_MS);
  }
}

/** A line for each that does not hold it, with its reason. */
function lateText({ status: { conditions } }: Tenant): string {
  return conditions
    .filter(({ type, status }) => type.startsWith(`${ISOLATED}/`) && status !== 'True')
    .map(({ type, message }) => `  ${type.slice(ISOLATED.length + 1).replace('/', ' ')}: ${message}`)
    .join('\n');
}
