/**
 * From hints and from a schedule to documents: one round at a time in a process, what comes in meanwhile waits
 * together for the next. Two processes may do the same at once; every write is conditional.
 */
import { affectedAgents } from '../domain/affected.ts';
import type { Change, ItemKey, Kind } from '../store/port.ts';
import { createAllocator } from './allocate.ts';
import { type CompileDependencies, compileAgents } from './compile.ts';
import { deliverKey, logEvents } from './deliver.ts';
import { readEstate } from './estate.ts';
import { placeApps } from './placement.ts';
import { allAgents, deliverAll, freeOrphans, tenantNames } from './sweep.ts';

const PLACEMENT_KINDS: ReadonlySet<Kind> = new Set(['app', 'cluster', 'site', 'tenant', 'pool']);

export type ReconcileDependencies = CompileDependencies;

export interface Reconciler {
  /** Resolves when the change is compiled and delivered; changes that come together share a round. */
  onChange(change: Change): Promise<void>;
  /** Everything from scratch. Rejects at the end if a step failed; the others were done all the same. */
  sweep(): Promise<void>;
}

export function createReconciler(dependencies: ReconcileDependencies): Reconciler {
  let waiting = new Map<string, ItemKey>();
  let next: Promise<void> | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const takeRound = (): Promise<void> => {
    const keys = [...waiting.values()];
    waiting = new Map();
    next = undefined;
    return reconcileKeys(dependencies, keys);
  };
  const afterRunning = (round: () => Promise<void>): Promise<void> => {
    const result = running.then(round);
    running = result.catch(() => undefined);
    return result;
  };
  return {
    onChange({ key }) {
      waiting.set(`${key.kind} ${key.tenant} ${key.name}`, key);
      next ??= afterRunning(takeRound);
      return next;
    },
    sweep: () => afterRunning(() => sweepAll(dependencies)),
  };
}

/** The log first, whatever becomes of the compile; deleted items end last, when no document names them any more. */
async function reconcileKeys(dependencies: ReconcileDependencies, keys: readonly ItemKey[]): Promise<void> {
  const { store } = dependencies;
  for (const key of keys) {
    const item = await store.get(key);
    if (item) await logEvents(store, item);
  }
  for (const tenant of tenantsToPlace(keys)) await placeApps(dependencies, tenant);
  await compileAgents(dependencies, await agentsFor(dependencies, keys));
  for (const key of keys) await deliverKey(withAllocator(dependencies), key);
}

/** Tenants in which something changed that placement goes by. */
function tenantsToPlace(keys: readonly ItemKey[]): ReadonlySet<string> {
  const concerned = keys.filter(({ kind }) => PLACEMENT_KINDS.has(kind));
  return new Set(concerned.map(({ kind, tenant, name }) => (kind === 'tenant' ? name : tenant)));
}

async function agentsFor(
  { store, deployment }: ReconcileDependencies,
  keys: readonly ItemKey[],
): Promise<string[]> {
  if (keys.every(({ kind }) => kind === 'token')) return [];
  const tenants = keys.map(({ kind, tenant, name }) => (kind === 'tenant' ? name : tenant));
  const isWide = keys.some(({ kind, tenant }) => kind === 'hub' || (kind === 'key' && tenant === '*'));
  const estate = await readEstate(store, deployment, isWide ? undefined : new Set(tenants));
  return [...new Set(keys.flatMap((key) => affectedAgents(key, estate)))];
}

/** Time alone changes placements: silence becomes loss, and what burst returns. */
async function placeAll(dependencies: ReconcileDependencies): Promise<void> {
  for (const tenant of await tenantNames(dependencies.store)) await placeApps(dependencies, tenant);
}

async function sweepAll(dependencies: ReconcileDependencies): Promise<void> {
  const steps = [
    () => placeAll(dependencies),
    async () => {
      await compileAgents(dependencies, await allAgents(dependencies.store));
    },
    () => deliverAll(withAllocator(dependencies)),
    () => freeOrphans(withAllocator(dependencies)),
  ];
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((failure: unknown) => failures.push(failure));
  if (failures.length > 0) throw new AggregateError(failures, 'the sweep did not do everything');
}

function withAllocator(dependencies: ReconcileDependencies) {
  const { store, clock, pause, deployment } = dependencies;
  const parts = { store, clock, pause, pools: deployment.pools };
  return { ...parts, allocator: createAllocator(parts) };
}
