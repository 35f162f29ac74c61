/**
 * Makes services and routes of what an edge found in a cluster, as `planFound` decides, by the same conditional writes as a person's change.
 * Only items that were found in this cluster are changed. What became of it is kept beside what the edge told.
 */
import type { FoundService, Published } from '../../protocol/cluster-report.ts';
import { type FoundInput, type FoundPlan, type FoundStep, planFound } from '../domain/found.ts';
import { toldOf } from '../reconcile/told.ts';
import type { Item, ItemKey, Store } from '../store/port.ts';
import { type Desk, findLive } from './collection.ts';
import { allLive } from './dependent.ts';
import { type Cause, newItem, nextItem, sameJson, withEvent } from './item.ts';
import { releaseHost } from './routes.ts';

/** Items written at one time. */
const PARALLEL_MAX = 16;
/** Faults that the cluster's condition names. */
const FAULTS_MAX = 5;
const FAULT_LENGTH_MAX = 300;

type FoundDesk = Pick<Desk, 'store' | 'deployment'>;

interface Held {
  readonly cluster: Item<'cluster'>;
  readonly services: readonly Item<'service'>[];
  readonly routes: readonly Item<'route'>[];
  readonly cause: Cause;
}

/** The same again writes nothing. A step that somebody else was quicker than is left to the next report. */
export async function takeFound(
  desk: FoundDesk,
  cluster: Item<'cluster'>,
  { services: found, cause }: { readonly services: readonly FoundService[]; readonly cause: Cause },
): Promise<void> {
  const { store } = desk;
  const { tenant } = cluster.key;
  const [site, services, routes] = await Promise.all([
    findLive(store, { kind: 'site', tenant, name: cluster.spec.site }),
    allLive(store, { kind: 'service', tenant }),
    allLive(store, { kind: 'route', tenant }),
  ]);
  const input: FoundInput = {
    cluster: cluster.key.name,
    site: {
      name: cluster.spec.site,
      prefixes: (site?.status.prefixes ?? []).map(({ real }) => real),
      pools: desk.deployment.pools,
    },
    found,
    services: services.map(heldOf),
    routes: routes.map(heldOf),
    foreignHosts: new Set(),
    clusterDomain: desk.deployment.browsers?.domain,
  };
  const plan = await claimHosts(store, tenant, input);
  const late = await perform(store, plan, { cluster, services, routes, cause });
  await keepOutcome(store, cluster, { value: publishedOf(plan, late), at: cause.now });
}

function heldOf<Spec>({ key, internal, spec }: HeldItem<Spec>) {
  return { name: key.name, cluster: internal.cluster, spec };
}

interface HeldItem<Spec> {
  readonly key: ItemKey;
  readonly internal: { readonly cluster?: string | undefined };
  readonly spec: Spec;
}

/** The plan, once its hosts are the tenant's own: those that turn out to be another's are planned without. */
async function claimHosts(store: Store, tenant: string, input: FoundInput): Promise<FoundPlan> {
  const plan = planFound(input);
  const hosts = new Set(
    plan.steps.flatMap((step) =>
      step.do === 'createRoute' || step.do === 'changeRoute' ? [step.spec.host] : [],
    ),
  );
  const foreignHosts = new Set<string>();
  await inBatches([...hosts], async (host) => {
    if ((await store.claimHost(host, tenant)) === 'taken') foreignHosts.add(host);
  });
  return foreignHosts.size === 0 ? plan : planFound({ ...input, foreignHosts });
}

/** The steps in their order, those of one kind side by side. Answers with those that somebody else was quicker than. */
async function perform(store: Store, { steps }: FoundPlan, held: Held): Promise<readonly FoundStep[]> {
  const late: FoundStep[] = [];
  for (const kind of new Set(steps.map((step) => step.do)))
    await inBatches(
      steps.filter((step) => step.do === kind),
      async (step) => {
        if (!(await carryOut(store, held, step))) late.push(step);
      },
    );
  return late;
}

/** True if it is done. */
async function carryOut(store: Store, held: Held, step: FoundStep): Promise<boolean> {
  switch (step.do) {
    case 'createService':
      return createService(store, held, step);
    case 'changeService':
      return change(store, held.services.find(named(step.name)), { spec: step.spec, held });
    case 'deleteService':
      return end(store, held.services.find(named(step.name)), held);
    case 'createRoute':
      return createRoute(store, held, step);
    case 'changeRoute':
      return changeRoute(store, held, step);
    case 'deleteRoute':
      return end(store, held.routes.find(named(step.name)), held);
  }
}

type StepOf<Name extends FoundStep['do']> = Extract<FoundStep, { readonly do: Name }>;

async function createService(
  store: Store,
  { cluster, cause }: Held,
  { name, spec, source }: StepOf<'createService'>,
): Promise<boolean> {
  const key: ItemKey<'service'> = { kind: 'service', tenant: cluster.key.tenant, name };
  const content = { key, spec, status: {}, internal: { cluster: cluster.key.name } };
  const detail = `Published service ${name} at ${spec.address}:${spec.port}: ${source} of cluster ${cluster.key.name}.`;
  return (await store.create(newItem(content, cause, { action: 'create', detail }))) === 'written';
}

/** A host that was claimed for nothing is given back. */
async function createRoute(
  store: Store,
  { cluster, cause }: Held,
  { name, spec, source }: StepOf<'createRoute'>,
): Promise<boolean> {
  const key: ItemKey<'route'> = { kind: 'route', tenant: cluster.key.tenant, name };
  const content = { key, spec, status: { conditions: [] }, internal: { cluster: cluster.key.name } };
  const detail = `Published route ${name} at ${spec.host}${spec.path}: ${source} of cluster ${cluster.key.name}.`;
  const written = await store.create(newItem(content, cause, { action: 'create', detail }));
  if (written === 'exists') await releaseHost(store, { key, spec });
  return written === 'written';
}

/** Whichever of the two hosts is used by no route any more is given back. */
async function changeRoute(store: Store, held: Held, step: StepOf<'changeRoute'>): Promise<boolean> {
  const before = held.routes.find(named(step.name));
  const isWritten = await change(store, before, { spec: step.spec, held });
  if (before !== undefined && before.spec.host !== step.spec.host)
    await releaseHost(store, isWritten ? before : { key: before.key, spec: step.spec });
  return isWritten;
}

async function change<K extends 'service' | 'route'>(
  store: Store,
  before: Item<K> | undefined,
  { spec, held: { cause } }: { readonly spec: Item<K>['spec']; readonly held: Held },
): Promise<boolean> {
  if (before === undefined) return false;
  const { kind, name } = before.key;
  const detail = `Changed ${kind} ${name} as its cluster publishes it now.`;
  const next = withEvent(nextItem(before, { spec }, cause), cause, { action: 'update', detail });
  return (await store.replace(next)) === 'written';
}

async function end<K extends 'service' | 'route'>(
  store: Store,
  before: Item<K> | undefined,
  { cluster, cause }: Held,
): Promise<boolean> {
  if (before === undefined) return false;
  const { kind, name } = before.key;
  const detail = `Deleted ${kind} ${name}, which cluster ${cluster.key.name} publishes no longer.`;
  const next = { ...nextItem(before, {}, cause), deletedAt: cause.now };
  return (await store.replace(withEvent(next, cause, { action: 'delete', detail }))) === 'written';
}

function named(name: string): (item: Item) => boolean {
  return ({ key }) => key.name === name;
}

function publishedOf({ services, routes, faults }: FoundPlan, late: readonly FoundStep[]): Published {
  const waiting = late.map((step): string => `${step.name}: somebody else changed it at the same moment.`);
  const sentences = [...faults.map(({ source, detail }) => `${source}: ${detail}`), ...waiting];
  return {
    services: services - late.filter((step) => step.do === 'createService').length,
    routes: routes - late.filter((step) => step.do === 'createRoute').length,
    faults: sentences.slice(0, FAULTS_MAX).map((text) => text.slice(0, FAULT_LENGTH_MAX)),
    faultCount: sentences.length,
  };
}

const NOTHING: Published = { services: 0, routes: 0, faults: [], faultCount: 0 };

/** Written when it differs, so that its time is since when it is so. */
async function keepOutcome(
  store: Store,
  cluster: Item<'cluster'>,
  outcome: { readonly at: string; readonly value: Published },
): Promise<void> {
  const { published } = await toldOf(store, cluster, ['published']);
  if (!sameJson(published?.value ?? NOTHING, outcome.value))
    await store.writeTold(cluster.key, 'published', outcome);
}

async function inBatches<T>(values: readonly T[], run: (value: T) => Promise<void>): Promise<void> {
  for (let begin = 0; begin < values.length; begin += PARALLEL_MAX)
    await Promise.all(values.slice(begin, begin + PARALLEL_MAX).map(run));
}
