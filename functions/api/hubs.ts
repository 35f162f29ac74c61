/** Hubs: the deployment's own agents. A hub has its tunnel address from its creation on, its keys from enrolment. */
import {
  type Hub,
  HubCreation,
  HubList,
  HubReplacement,
  Hub as HubSchema,
  type HubSpec,
} from '../../protocol/hub.ts';
import { hubId } from '../domain/agent.ts';
import { type Ownership, routesInPlace } from '../domain/ownership.ts';
import { hubConditions } from '../domain/status.ts';
import type { Allocator } from '../reconcile/allocate.ts';
import type { Item, Store } from '../store/port.ts';
import { type Creatable, type Desk, findLive, IN_DEPLOYMENT } from './collection.ts';
import { refuseField } from './faults.ts';
import { type Cause, metadataOf } from './item.ts';
import type { Operation } from './operation.ts';
import { Rejection } from './problems.ts';
import { isEnrolled, readProgress } from './progress.ts';
import { crudOperations } from './resource.ts';
import { revokeTokens } from './revoke.ts';
import { readOwnerships, requireOwnSlot } from './slots.ts';

export function hubOperations(desk: Desk): Operation[] {
  const revoke = (name: string, cause: Cause) =>
    revokeTokens(desk.store, { tenant: '*', revokes: (token) => token.spec.hub === name }, cause);
  const kind: Creatable<'hub', Hub> = {
    kind: 'hub',
    path: '/v1/hubs',
    schemas: { one: HubSchema, list: HubList, creation: HubCreation, replacement: HubReplacement },
    problems: ['pool_exhausted', 'busy'],
    place: () => IN_DEPLOYMENT,
    begin: (evidence) => evidence,
    async prepare({ key, spec, before, cause }) {
      await requireVpc(desk.store, spec);
      await requireOwnSlot(desk.store, key.name, spec);
      if (spec.slot !== undefined && before?.spec.slot === undefined) await revoke(key.name, cause);
      const agent = hubId(key.name);
      const tunnelAddress = await addressOf(desk.allocator, agent);
      const status = before?.status ?? { agent, tunnelAddress };
      const ofSlot = spec.slot === undefined ? {} : { wireguardKey: spec.slot.publicKey };
      return { spec, status: { ...status, ...ofSlot } };
    },
    release: ({ key }, cause) => revoke(key.name, cause),
    show: (items) => showHubs(desk, items),
  };
  return crudOperations(desk, kind);
}

/** A hub translates for the VPC that it stands in, and for no data center: that is an edge's. */
async function requireVpc(store: Store, { vpc }: HubSpec): Promise<void> {
  if (vpc === undefined) return;
  const site = await findLive(store, { kind: 'site', tenant: vpc.tenant, name: vpc.site });
  if (site === undefined)
    refuseField('/spec/vpc/site', `There is no site ${vpc.site} in ${vpc.tenant}: create it first.`);
  if (site.spec.kind !== 'vpc')
    refuseField('/spec/vpc/site', `The site ${vpc.site} is of the kind ${site.spec.kind}, not vpc.`);
}

/** The tunnel address of an agent; asked again, the same. */
export async function addressOf(allocator: Allocator, agent: string): Promise<string> {
  const address = await allocator.agentAddress(agent);
  if (typeof address !== 'string') throw new Rejection(address);
  return address;
}

export async function showHubs(desk: Desk, items: readonly Item<'hub'>[]): Promise<Hub[]> {
  const ownerships = await readOwnerships(desk, items);
  return Promise.all(items.map((item) => showHub(desk, item, ownerships)));
}

async function showHub(
  { store, clock }: Desk,
  item: Item<'hub'>,
  ownerships: ReadonlyMap<string, Ownership>,
): Promise<Hub> {
  const { slot } = item.spec;
  const [progress, own] = await Promise.all([
    readProgress(store, item.status.agent),
    store.liveness(item.status.agent),
  ]);
  const { updatedAt } = item;
  const now = clock.now();
  const evidence = { ...progress.evidence, enrolled: isEnrolled(item), updatedAt, own, now };
  const ownership = slot && (ownerships.get(slot.vpc) ?? {});
  const conditions = [
    ...hubConditions({ ...evidence, hasSlot: slot !== undefined }),
    ...(ownership === undefined ? [] : [routesInPlace(ownership, { now, updatedAt })]),
  ];
  return {
    metadata: metadataOf(item),
    spec: item.spec,
    status: {
      ...item.status,
      ...progress.shown,
      ...(ownership?.owner === undefined ? {} : { owner: ownership.owner }),
      conditions,
    },
  };
}
