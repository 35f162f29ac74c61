/**
 * What edges say of clusters: that they hold one, and how it is. An edge speaks for clusters of its own site alone, and for the ones that
 * it holds; what it brings is status and evidence, never who may use a cluster.
 */
import { ClusterAttached, ClusterAttachment, ClusterSpec } from '../../protocol/cluster.ts';
import { ClusterReport, type SiteEvent } from '../../protocol/cluster-report.ts';
import { Name } from '../../protocol/metadata.ts';
import { clusterHost } from '../domain/cluster.ts';
import { isLive } from '../domain/estate.ts';
import { placeApps } from '../reconcile/placement.ts';
import type { ClusterKept, Item, ItemKey, Store } from '../store/port.ts';
import { changeItem } from './change.ts';
import { openIssuer } from './cluster-issuer.ts';
import { keepParts } from './cluster-report.ts';
import { type Desk, findLive } from './collection.ts';
import { takeFound } from './found.ts';
import { type Cause, newItem, nextItem, sameJson, withEvent } from './item.ts';
import { type Call, NO_QUERY, type Operation, operation } from './operation.ts';
import { refuse, refuseIf } from './problems.ts';
import { requireQuota } from './quota.ts';
import type { Agent, EdgeAgent } from './signature.ts';
import { takeApps } from './told-apps.ts';

/** Of one tenant. */

export function clusterAgentOperations(desk: Desk): Operation[] {
  return [attachCluster(desk), reportCluster(desk)];
}

function attachCluster(desk: Desk): Operation {
  return operation({
    id: 'attachCluster',
    method: 'post',
    path: '/v1/agent/clusters/{cluster}',
    tag: 'agents',
    summary: 'Say that this edge holds a cluster; the same again changes nothing',
    guard: desk.guards.agent,
    body: ClusterAttachment,
    query: NO_QUERY,
    answers: [{ status: 200, description: 'Known', schema: ClusterAttached }],
    problems: ['forbidden', 'already_exists', 'quota_exceeded', 'busy'],
    async handle(call) {
      const edge = requireEdge(call.principal);
      const { tenant } = edge.item.key;
      const key: ItemKey<'cluster'> = { kind: 'cluster', tenant, name: nameOf(call.param('cluster')) };
      const cause = { actor: `agent:${edge.id}`, requestId: call.requestId, now: call.now };
      const issuer = openIssuer(await desk.tokenSecret()).root;
      const status: ClusterKept = { ...call.body, agent: edge.id, issuer };
      const site = edge.item.spec.site;
      await makeOrMove(desk.store, { key, site, status }, cause);
      const host = clusterHost(tenant, key.name, desk.deployment.domain);
      return { status: 200, json: { tenant, site, host } };
    },
  });
}

interface Attaching {
  readonly key: ItemKey<'cluster'>;
  readonly site: string;
  readonly status: ClusterKept;
}

async function makeOrMove(store: Store, attaching: Attaching, cause: Cause): Promise<void> {
  const { key, site, status } = attaching;
  const moved = await changeItem(store, key, async (item) => {
    if (item.spec.site !== site)
      refuse(
        'already_exists',
        `A cluster named ${key.name} is at the site ${item.spec.site}. Attach this one under another name.`,
      );
    // What runs in it would be forgotten, and go on.
    if (item.status.kind !== status.kind)
      refuse(
        'already_exists',
        `A cluster named ${key.name} is there, of the kind ${item.status.kind}. Attach this one under another name, or delete that one first.`,
      );
    if (sameJson(item.status, status)) return item;
    const detail = `Edge ${status.agent} holds cluster ${key.name}.`;
    return withEvent(nextItem(item, { status }, cause), cause, { action: 'update', detail });
  });
  if (moved !== undefined) return;
  await requireQuota(store, key);
  const detail = `Edge ${status.agent} attached the ${status.kind} cluster ${key.name}.`;
  const item = newItem<'cluster'>({ key, spec: ClusterSpec.parse({ site }), status, internal: {} }, cause, {
    action: 'create',
    detail,
  });
  if ((await store.create(item)) === 'exists')
    refuse('busy', `The name ${key.name} was taken or is being freed at this moment. Try again.`);
}

function reportCluster(desk: Desk): Operation {
  return operation({
    id: 'reportCluster',
    method: 'post',
    path: '/v1/agent/clusters/{cluster}/report',
    tag: 'agents',
    summary:
      'Tell how a cluster is; parts that are absent, or refused as too large, are as they were last told',
    guard: desk.guards.agent,
    body: ClusterReport,
    query: NO_QUERY,
    answers: [{ status: 204, description: 'Kept' }],
    problems: ['forbidden', 'not_found', 'too_large', 'busy'],
    async handle(call) {
      const cluster = await requireHeld(desk.store, call);
      const { events = [], ...parts } = call.body;
      const tooLarge = await keepParts(desk.store, cluster, { parts, at: call.now });
      for (const event of events) await desk.store.writeEvent(auditEntry(cluster, event));
      const cause = { actor: `agent:${cluster.status.agent}`, requestId: call.requestId, now: call.now };
      const { tenant } = cluster.key;
      if (parts.facts !== undefined || parts.usage !== undefined) await placeApps(desk, tenant);
      const { apps = [] } = parts;
      const { isMoving } = await takeApps(desk.store, cluster, { apps, cause });
      if (isMoving) await placeApps(desk, tenant);
      if (parts.services !== undefined) await takeFound(desk, cluster, { services: parts.services, cause });
      refuseIf(tooLarge);
      return { status: 204 };
    },
  });
}

/** The cluster of the path, if the caller is the edge that holds it. */
async function requireHeld(
  store: Store,
  { principal, param }: Call<Agent, unknown, unknown>,
): Promise<Item<'cluster'>> {
  const edge = requireEdge(principal);
  const name = param('cluster');
  const item = await findLive(store, { kind: 'cluster', tenant: edge.item.key.tenant, name });
  if (item === undefined) return refuse('not_found', `There is no cluster named ${name}. Attach it first.`);
  if (item.status.agent !== edge.id || item.spec.site !== edge.item.spec.site)
    return refuse('forbidden', `Another edge holds the cluster ${name}.`);
  return item;
}

/** The id is the site's own, within its cluster: told twice, it is one entry. */
function auditEntry({ key, status }: Item<'cluster'>, event: SiteEvent) {
  return {
    id: `${key.name}-${event.id}`,
    time: event.at,
    tenant: key.tenant,
    actor: event.actor === '' ? `agent:${status.agent}` : event.actor,
    action: 'report' as const,
    kind: 'cluster',
    name: key.name,
    detail: `${event.action}: ${event.detail}`,
  };
}

function requireEdge(principal: Agent): EdgeAgent {
  if (principal.role !== 'edge') return refuse('forbidden', 'Only edges hold clusters.');
  if (!isLive(principal.item.spec))
    return refuse(
      'forbidden',
      'The edge is not approved yet, or is in quarantine. A person has to change that.',
    );
  return principal;
}

function nameOf(text: string): string {
  return Name.safeParse(text).success
    ? text
    : refuse('not_found', `A cluster can't be named ${JSON.stringify(text.slice(0, 40))}.`);
}
