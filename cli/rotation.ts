/** `isthmus rotate EDGE`: asks for a new WireGuard key of an edge, and says it is done when the API says that every leg of the edge has it. */
import { Edge } from '../protocol/edge.ts';
import { FIRST_KEY_NUMBER } from '../protocol/rotation.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { Fault } from './fault.ts';
import type { World } from './world.ts';

const POLL_MS = 500;
const WAIT_MS_MAX = 120_000;
const ROTATED = 'KeyRotated';

/** Answers what can be printed. A rotation that is under way is waited for, and no other one begun; what it waits for is told once and whenever it changes. */
export async function rotate(api: Api, world: World, name: string): Promise<string> {
  const path = at('/v1/tenants/{tenant}/edges/{edge}', { tenant: await api.tenant(), edge: name });
  const before = await api.get(path, Edge);
  const has = numberOf(before);
  const wanted = Math.max(before.spec.keyNumber ?? FIRST_KEY_NUMBER, has + 1);
  if (wanted === before.spec.keyNumber) world.say(`A rotation to key ${wanted} is under way already.`);
  else
    await api.put(path, Edge, {
      body: { spec: { ...before.spec, keyNumber: wanted } },
      generation: before.metadata.generation,
    });
  const deadline = world.nowMs() + WAIT_MS_MAX;
  let told = '';
  for (;;) {
    const now = await api.get(path, Edge);
    if (numberOf(now) >= wanted) return `${name} has key ${numberOf(now)}: ${now.status.wireguardKey}`;
    const message = now.status.conditions.find(({ type }) => type === ROTATED)?.message ?? '';
    if (world.nowMs() >= deadline)
      throw new Fault('unreachable', `${name} does not have key ${wanted} yet, and goes on. ${message}`);
    if (message !== told) world.say(message);
    told = message;
    await world.wait(POLL_MS);
  }
}

function numberOf({ status }: Edge): number {
  return status.key?.number ?? FIRST_KEY_NUMBER;
}
