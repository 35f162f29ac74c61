/**
 * The keys of an edge while one replaces the other. It decides when a next key is wanted, taken and in force, and what documents say of it: both keys stand in the
 * hubs' documents until the edge has told that all of its legs speak with the new one.
 */
import type { KeyOrder, RotationReport } from '../../protocol/rotation.ts';
import { FIRST_KEY_NUMBER, TWO_KEYS } from '../../protocol/rotation.ts';
import type { EdgeFacts, Estate } from './estate.ts';
import { sortedBy } from './order.ts';

export interface KeyState {
  readonly wireguardKey: string;
  readonly key?: { readonly number: number; readonly since: string } | undefined;
  readonly nextKey?:
    | { readonly publicKey: string; readonly number: number; readonly since: string }
    | undefined;
  readonly features?: readonly string[] | undefined;
}

/** Of an edge that was never asked for a new key: the first, since it enrolled. */
export function keyOf({ key }: Pick<KeyState, 'key'>, enrolledAt: string) {
  return key ?? { number: FIRST_KEY_NUMBER, since: enrolledAt };
}

export function isWanted(wanted: number | undefined, { key }: Pick<KeyState, 'key'>): boolean {
  return (wanted ?? FIRST_KEY_NUMBER) > (key?.number ?? FIRST_KEY_NUMBER);
}

export function hasTwoKeys({ features }: Pick<KeyState, 'features'>): boolean {
  return features?.includes(TWO_KEYS) ?? false;
}

/** What the edge's own document says of its keys; nothing to an agent that would not understand it, nor before anybody asked. */
export function keyOrder(edge: EdgeFacts): KeyOrder | undefined {
  const { keyNumber, publicKey: present, nextKey } = edge;
  if (keyNumber === undefined || !hasTwoKeys(edge)) return undefined;
  const rotate = isWanted(keyNumber, edge);
  return { present, ...(nextKey === undefined ? {} : { next: nextKey.publicKey }), rotate };
}

/** Next keys by edge id, as hubs may take them: a present key outranks any next one, and of two edges with one next key the older has it. */
export function takenNextKeys({ tenants, hubs }: Pick<Estate, 'tenants' | 'hubs'>): Map<string, string> {
  const edges = tenants.flatMap((tenant) => tenant.edges);
  const taken = new Set([...edges, ...hubs].map(({ publicKey }) => publicKey));
  const next = new Map<string, string>();
  for (const { id, nextKey } of sortedBy(edges, (edge) => `${edge.since} ${edge.id}`)) {
    if (nextKey === undefined || taken.has(nextKey.publicKey)) continue;
    taken.add(nextKey.publicKey);
    next.set(id, nextKey.publicKey);
  }
  return next;
}

export interface ToldKeys {
  readonly wireguardKey: string;
  readonly rotation?: RotationReport | undefined;
}

/** `rotated`: the next key is the present one from now on; `changed`: a key that nobody asked for, as after a loss of the host's disk. */
export type KeyChange = 'none' | 'offered' | 'rotated' | 'changed';

export interface KeyJudgement {
  readonly change: KeyChange;
  readonly keys: Pick<KeyState, 'wireguardKey' | 'key' | 'nextKey'>;
}

/** What a report makes of an edge's keys. It may only bring a next key while one is wanted, and for the number that is wanted then. */
export function judgeKeys(
  before: KeyState,
  told: ToldKeys,
  at: { readonly wanted: number | undefined; readonly now: string },
): KeyJudgement {
  const { wireguardKey, key, nextKey } = before;
  const same = { wireguardKey, key, nextKey };
  if (told.wireguardKey === nextKey?.publicKey) {
    const rotated = { number: nextKey.number, since: at.now };
    return {
      change: 'rotated',
      keys: { wireguardKey: told.wireguardKey, key: rotated, nextKey: undefined },
    };
  }
  if (told.wireguardKey !== wireguardKey) {
    const changed = { number: key?.number ?? FIRST_KEY_NUMBER, since: at.now };
    return {
      change: 'changed',
      keys: { wireguardKey: told.wireguardKey, key: changed, nextKey: undefined },
    };
  }
  const offered = told.rotation?.nextKey;
  if (offered === undefined || offered === nextKey?.publicKey || offered === wireguardKey)
    return { change: 'none', keys: same };
  if (!isWanted(at.wanted, before)) return { change: 'none', keys: same };
  const number = at.wanted ?? FIRST_KEY_NUMBER;
  return { change: 'offered', keys: { ...same, nextKey: { publicKey: offered, number, since: at.now } } };
}
