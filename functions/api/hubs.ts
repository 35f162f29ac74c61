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
import { hubConditions } from '../domain/status.ts';
import type { Allocator } from '../reconcile/allocate.ts';
import type { Item, Store } from '../store/port.ts';
import { type Creatable, type Desk, findLive, IN_DEPLOYMENT } from './collection.ts';
import { refuseField } from './faults.ts';
import { metadataOf } from './item.ts';
import type { Operation } from './operation.ts';
import { Rejection } from './problems.ts';
import { readProgress } from './progress.ts';
import { crudOperations } from './resource.ts';
import { revokeTokens } from './revoke.ts';

export function hubOperations(desk: Desk): Operation[] {
  const kind: Creatable<'hub', Hub> = {
    kind: 'hub',
    path: '/v1/hubs',
    schemas: { one: HubSchema, list: HubList, creation: HubCreation, replacement: HubReplacement },
    problems: ['pool_exhausted', 'busy'],
    place: () => IN_DEPLOYMENT,
    begin: (evidence) => evidence,
    async prepare({ key, spec, before }) {
      await requireVpc(desk.store, spec);
      const agent = hubId(key.name);
      const tunnelAddress = await addressOf(desk.allocator, agent);
      return { spec, status: before?.status ?? { agent, tunnelAddress } };
    },
    release: ({ key }, cause) =>
      revokeTokens(desk.store, { tenant: '*', revokes: (token) => token.spec.hub === key.name }, cause),
    show: (items) => Promise.all(items.map((item) => showHub(desk, item))),
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

async function showHub({ store, clock }: Desk, item: Item<'hub'>): Promise<Hub> {
  const [progress, own] = await Promise.all([
    readProgress(store, item.status.agent),
    store.liveness(item.status.agent),
  ]);
  const enrolled = item.status.wireguardKey !== undefined;
  const evidence = { ...progress.evidence, enrolled, updatedAt: item.updatedAt, own, now: clock.now() };
  return {
    metadata: metadataOf(item),
    spec: item.spec,
    status: { ...item.status, ...progress.shown, conditions: hubConditions(evidence) },
  };
}
