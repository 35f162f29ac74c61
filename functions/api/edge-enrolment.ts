/**
 * An edge comes about: its name, its address, its adverts, and last its item, by which all of it begins to count. Each
 * step before is idempotent, so that an answer that was lost is made again.
 */
import type { Enrolled } from '../../protocol/enrolment.ts';
import { edgeId, freeEdgeName } from '../domain/agent.ts';
import { listAll } from '../reconcile/present.ts';
import type { Item, ItemKey } from '../store/port.ts';
import { takeAdverts } from './adverts.ts';
import { changeItem } from './change.ts';
import { findLive } from './collection.ts';
import type { CheckedEnrolment } from './enrol.ts';
import { addressOf } from './hubs.ts';
import { newItem, nextItem, withEvent } from './item.ts';
import { refuse } from './problems.ts';
import { requireQuota } from './quota.ts';
import { causeOf, spendToken } from './redeem.ts';

/** Names that are tried because somebody else took the one before. */
const TRIES_MAX = 10;
/** Leaves room in a name of 32 characters for a number. */
const NAME_STEM_MAX = 27;

interface EdgeEnrolment extends CheckedEnrolment {
  readonly site: ItemKey<'site'>;
}

export async function enrolEdge(enrolment: CheckedEnrolment): Promise<Enrolled> {
  const { desk, token } = enrolment;
  const site: ItemKey<'site'> = { kind: 'site', tenant: token.key.tenant, name: token.spec.site ?? '' };
  const parents = [
    findLive(desk.store, { kind: 'tenant', tenant: '*', name: site.tenant }),
    findLive(desk.store, site),
  ];
  if ((await Promise.all(parents)).includes(undefined))
    refuse('token_invalid', 'The site that the token was for is gone.');
  const edge = await findOrCreate({ ...enrolment, site });
  return {
    agent: edge.status.agent,
    role: 'edge',
    tenant: site.tenant,
    site: site.name,
    tunnelAddress: edge.status.tunnelAddress,
    approved: edge.spec.approved,
    roots: [...desk.deployment.roots],
  };
}

async function findOrCreate(enrolment: EdgeEnrolment): Promise<Item<'edge'>> {
  const { desk, site, statement } = enrolment;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const edges = await listAll(desk.store, 'edge', site.tenant);
    const own = edges.find(
      ({ internal, spec, deletedAt }) =>
        deletedAt === undefined && internal.identityKey === statement.identityKey && spec.site === site.name,
    );
    if (own !== undefined) return renew(enrolment, own);
    const name = nameOf(site.name, edges);
    const created = await create(enrolment, name);
    if (created !== undefined) return created;
  }
  return refuse('busy', `Too many edges of ${site.name} enrol at once. Try again.`);
}

/** The host enrols again with the key that it has: it stays the agent that it is. A fresh token may change its keys. */
async function renew(enrolment: EdgeEnrolment, edge: Item<'edge'>): Promise<Item<'edge'>> {
  const { desk, token, statement } = enrolment;
  const { agent } = edge.status;
  if (edge.internal.token === token.key.name) return edge;
  await spendToken(enrolment, agent);
  const cause = causeOf(enrolment, agent);
  const renewed = await changeItem(desk.store, edge.key, async (item) => {
    const { wireguardKey, version } = statement;
    const next = nextItem(
      item,
      {
        spec: { ...item.spec, approved: item.spec.approved || token.spec.approve },
        status: { ...item.status, wireguardKey, version },
        internal: { ...item.internal, token: token.key.name, prefixes: token.spec.prefixes ?? null },
      },
      cause,
    );
    const detail = `Edge ${edge.key.name} enrolled again with its own key.`;
    return withEvent(next, cause, { action: 'enrol', detail });
  });
  return renewed ?? refuse('token_invalid', 'The edge was deleted meanwhile.');
}

/** Undefined if the name was taken meanwhile. */
async function create(enrolment: EdgeEnrolment, name: string): Promise<Item<'edge'> | undefined> {
  const { desk, site, statement, token } = enrolment;
  const agent = edgeId(site.tenant, name);
  await requireQuota(desk.store, { kind: 'edge', tenant: site.tenant, name });
  const tunnelAddress = await addressOf(desk.allocator, agent);
  await spendToken(enrolment, agent);
  const cause = causeOf(enrolment, agent);
  const prefixes = token.spec.prefixes ?? null;
  const spec = { site: site.name, approved: token.spec.approve, quarantined: false };
  const advertised = statement.advertise;
  const taken = await takeAdverts(desk, { ...spec, site, allowed: prefixes, advertised }, cause);
  const { identityKey, wireguardKey, version } = statement;
  const item = newItem<'edge'>(
    {
      key: { kind: 'edge', tenant: site.tenant, name },
      spec,
      status: { agent, wireguardKey, tunnelAddress, version, advertised, ...taken },
      internal: { identityKey, token: token.key.name, prefixes },
    },
    cause,
    { action: 'enrol', detail: detailOf(enrolment, name) },
  );
  return (await desk.store.create(item)) === 'written' ? item : undefined;
}

function nameOf(site: string, edges: readonly Item<'edge'>[]): string {
  const taken = edges.map(({ key }) => key.name);
  if (!taken.includes(site)) return site;
  return freeEdgeName(site.slice(0, NAME_STEM_MAX).replace(/-+$/, ''), [...taken, site]);
}

function detailOf({ statement, token, site }: EdgeEnrolment, name: string): string {
  const waits = token.spec.approve ? 'approved by its token' : 'waits for approval';
  return `Edge ${name} enrolled at ${site.name} from host ${statement.hostname}; it ${waits === 'waits for approval' ? waits : `is ${waits}`}.`;
}
