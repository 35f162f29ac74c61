/**
 * Keeps the routes of every VPC in which hubs have slots, and is the arbiter of last resort of who owns them: hubs decide
 * in under a second, this every minute. What leads where is decided in `vpc/plan`, native prefixes by the compiler; this
 * reads what those need and writes what they say.
 */
import type { RouteOwner, RoutesReport, Slot } from '../../protocol/slot.ts';
import { ageSeconds } from '../../protocol/time.ts';
import { keepRoutes, type RoutesOrder, type RoutesOutcome } from '../../vpc/keep.ts';
import { keepPrefixList } from '../../vpc/keep-list.ts';
import type { Patience } from '../../vpc/patience.ts';
import { arbitrate, type HubLiveness } from '../../vpc/plan/owner.ts';
import type { Owners, PrefixLists, RouteTables } from '../../vpc/port.ts';
import { hubId } from '../domain/agent.ts';
import type { DeploymentFacts } from '../domain/estate.ts';
import { sortedBy } from '../domain/order.ts';
import type { Item, Store } from '../store/port.ts';
import { type Pause, pauseByTimer } from './pause.ts';
import type { Blobs, Clock } from './ports.ts';
import { listAll } from './present.ts';
import { type Natives, nativeReader, type ReadNatives } from './vpc-natives.ts';

/** A report that says the same again is written no more often. */
const REPORT_SECONDS = 600;
/** Times that the routes are kept again because ownership moved while they were. */
const ROUNDS_MAX = 3;
const LISTED_MAX = 200;
const REASON_LENGTH_MAX = 300;

export interface VpcDependencies {
  readonly store: Pick<Store, 'list' | 'liveness' | 'document'>;
  /** The leaves of documents: native prefixes are read from what the hubs were told. */
  readonly blobs: Pick<Blobs, 'get'>;
  readonly deployment: Pick<DeploymentFacts, 'pools'>;
  readonly routeTables: RouteTables;
  readonly prefixLists: PrefixLists;
  readonly owners: Owners;
  readonly clock: Clock;
  readonly pause?: Pause | undefined;
}

export interface VpcKeeper {
  /** One look at every VPC; a report each, but for those whose routes nobody can own yet. */
  keep(): Promise<RoutesReport[]>;
  /**
   * Removes our routes from the VPC and our entries from its prefix lists. Slots are those in the table and those handed
   * in, for hubs that are already gone from there. `keep` would put everything back while a hub stands in the table.
   */
  clear(vpc: string, slots?: readonly Pick<Slot, 'interface' | 'prefixList'>[]): Promise<Cleared>;
}

export type Cleared = Pick<RoutesReport, 'tables' | 'failures'>;
type Failure = RoutesReport['failures'][number];

/** A hub with its slot. */
interface SlotHub {
  readonly name: string;
  readonly enrolled: boolean;
  readonly slot: Slot;
}

interface Vpc {
  readonly id: string;
  readonly hubs: readonly SlotHub[];
}

export function createVpcKeeper(dependencies: VpcDependencies): VpcKeeper {
  const readNatives = nativeReader(dependencies);
  return {
    keep: async () => {
      const hubs = await listAll(dependencies.store, 'hub', '*');
      const vpcs = vpcsOf(hubs.filter((hub) => hub.deletedAt === undefined));
      // One VPC whose items fail leaves the others.
      const kept = await Promise.allSettled(vpcs.map((vpc) => keepVpc(dependencies, vpc, readNatives)));
      const failed = kept.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      return kept.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
    },
    clear: async (id, slots = []) => {
      const vpcs = vpcsOf(await listAll(dependencies.store, 'hub', '*'));
      const stored = vpcs.find((vpc) => vpc.id === id)?.hubs.map(({ slot }) => slot) ?? [];
      return clearVpc(dependencies, id, [...stored, ...slots]);
    },
  };
}

function vpcsOf(hubs: readonly Item<'hub'>[]): Vpc[] {
  const slotted = hubs.flatMap(({ key, spec, internal }) =>
    spec.slot ? [{ name: key.name, enrolled: internal.identityKey !== undefined, slot: spec.slot }] : [],
  );
  const ids = [...new Set(slotted.map(({ slot }) => slot.vpc))].sort();
  return ids.map((id) => ({
    id,
    hubs: sortedBy(
      slotted.filter(({ slot }) => slot.vpc === id),
      hubName,
    ),
  }));
}

function hubName({ name }: SlotHub): string {
  return name;
}

async function keepVpc(
  dependencies: VpcDependencies,
  vpc: Vpc,
  readNatives: ReadNatives,
): Promise<RoutesReport | undefined> {
  const natives = await readNatives(vpc.hubs.map(({ name }) => hubId(name)));
  let owner = await settleOwner(dependencies, vpc);
  for (let round = 1; ; round += 1) {
    const holder = vpc.hubs.find(({ name }) => name === owner?.hub);
    if (!owner || !holder) return undefined;
    const listFailures = await keepLists(dependencies, holder, natives);
    const outcome = await keepRoutes(handsOf(dependencies), orderFor(dependencies, vpc, { holder, natives }));
    // What was written may have undone a takeover that happened meanwhile.
    const after = outcome.moved > 0 ? await dependencies.owners.read(vpc.id) : owner;
    if (after?.epoch === owner.epoch || round === ROUNDS_MAX)
      return report(dependencies, owner, {
        ...outcome,
        failures: [...listFailures, ...outcome.failures],
      });
    owner = after;
  }
}

/** The owner after arbitration; whoever wrote it. */
async function settleOwner(
  { owners, store, clock }: VpcDependencies,
  vpc: Vpc,
): Promise<RouteOwner | undefined> {
  const now = clock.now();
  const [owner, ...hubs] = await Promise.all([
    owners.read(vpc.id),
    ...vpc.hubs.map(async ({ name, enrolled }): Promise<HubLiveness> => {
      const last = await store.liveness(hubId(name));
      return { name, enrolled, ageSeconds: last && ageSeconds(last.at, now) };
    }),
  ]);
  const verdict = arbitrate(owner, hubs);
  if (verdict.do === 'keep') return owner;
  const { hub, epoch, reason } = verdict;
  const claimed = { vpc: vpc.id, hub, epoch, since: now, reason: reason.slice(0, REASON_LENGTH_MAX) };
  return (await owners.claim(claimed)) === 'claimed' ? claimed : owners.read(vpc.id);
}

/** The list is filled before a route leads there. */
async function keepLists(
  dependencies: VpcDependencies,
  { slot }: SlotHub,
  natives: Natives,
): Promise<Failure[]> {
  if (natives.kind === 'unknown') return [failure(slot.vpc, 'native prefixes', natives.reason)];
  const { prefixList } = slot;
  if (prefixList === undefined)
    return natives.prefixes.map((prefix) => failure(slot.vpc, prefix, 'The slot has no prefix list.'));
  const hands = { ...handsOf(dependencies), lists: dependencies.prefixLists };
  const kept = await keepPrefixList(hands, prefixList, natives.prefixes);
  return kept.kind === 'kept' ? [] : [failure(slot.vpc, prefixList, kept.reason)];
}

interface Wanted {
  readonly holder: SlotHub;
  readonly natives: Natives;
}

function orderFor({ deployment }: VpcDependencies, vpc: Vpc, { holder, natives }: Wanted): RoutesOrder {
  const { slot } = holder;
  const isKnown = natives.kind === 'known';
  const lists = isKnown && natives.prefixes.length > 0 && slot.prefixList ? [slot.prefixList] : [];
  return {
    vpc: vpc.id,
    target: slot.interface,
    interfaces: vpc.hubs.map((hub) => hub.slot.interface),
    destinations: [...deployment.pools, ...lists],
    // While native prefixes are unknown, the route to their list stays as it is.
    former: isKnown ? vpc.hubs.flatMap((hub) => hub.slot.prefixList ?? []) : [],
  };
}

function handsOf({
  routeTables,
  clock,
  pause,
}: VpcDependencies): Patience & { readonly tables: RouteTables } {
  return {
    tables: routeTables,
    pause: pause ?? pauseByTimer,
    chance: () => Number.parseInt(clock.randomHex(4), 16) / 2 ** 32,
  };
}

async function report(
  { owners, clock }: VpcDependencies,
  { vpc, epoch }: RouteOwner,
  { tables, moved, conflicts, failures }: Omit<RoutesOutcome, 'ours'>,
): Promise<RoutesReport> {
  const fresh: RoutesReport = {
    at: clock.now(),
    epoch,
    tables,
    moved,
    conflicts: conflicts.slice(0, LISTED_MAX),
    failures: failures.slice(0, LISTED_MAX),
  };
  const last = await owners.report(vpc);
  const isOld = last === undefined || ageSeconds(last.at, fresh.at) >= REPORT_SECONDS;
  if (isOld || textOf(last) !== textOf(fresh)) await owners.writeReport(vpc, fresh);
  return fresh;
}

/** What a report says, but for when. */
function textOf({ epoch, tables, moved, conflicts, failures }: RoutesReport): string {
  const pairs = [...conflicts, ...failures].map((entry) => Object.entries(entry).sort());
  return JSON.stringify([epoch, tables, moved, conflicts.length, pairs]);
}

/** Routes first: a list that a table refers to can't be deleted afterwards. */
async function clearVpc(
  dependencies: VpcDependencies,
  vpc: string,
  slots: readonly Pick<Slot, 'interface' | 'prefixList'>[],
): Promise<Cleared> {
  if (slots.length === 0) return { tables: 0, failures: [] };
  const hands = handsOf(dependencies);
  const lists = [...new Set(slots.flatMap(({ prefixList }) => prefixList ?? []))];
  const outcome = await keepRoutes(hands, {
    vpc,
    target: undefined,
    interfaces: slots.map((slot) => slot.interface),
    destinations: [],
    former: [...dependencies.deployment.pools, ...lists],
  });
  const failures = [...outcome.failures];
  for (const list of lists) {
    const emptied = await keepPrefixList({ ...hands, lists: dependencies.prefixLists }, list, []);
    if (emptied.kind === 'failed') failures.push(failure(vpc, list, emptied.reason));
  }
  return { tables: outcome.tables, failures };
}

function failure(table: string, destination: string, reason: string): Failure {
  return { table, destination, reason: reason.slice(0, REASON_LENGTH_MAX) };
}
