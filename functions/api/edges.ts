/** Edges: enrolment makes them, users approve, quarantine and delete them. Nobody moves an edge to another site. */
import { type Edge, EdgeList, EdgeReplacement, Edge as EdgeSchema } from '../../protocol/edge.ts';
import { FIRST_KEY_NUMBER } from '../../protocol/rotation.ts';
import { keyOf } from '../domain/edge-keys.ts';
import { edgeConditions, type HubBatch, linksOf } from '../domain/status.ts';
import type { Item } from '../store/port.ts';
import { takeAdverts } from './adverts.ts';
import { type Desk, type Replaceable, tenantPlace, type Wanted } from './collection.ts';
import { refuseField } from './faults.ts';
import { metadataOf } from './item.ts';
import type { Operation } from './operation.ts';
import { readBatches, readProgress } from './progress.ts';
import { deleteOperation, listOperation, readOperation, replaceOperation } from './resource.ts';
import { revokeTokens } from './revoke.ts';

export function edgeOperations(desk: Desk): Operation[] {
  const kind: Replaceable<'edge', Edge> = {
    kind: 'edge',
    path: '/v1/tenants/{tenant}/edges',
    schemas: { one: EdgeSchema, list: EdgeList, replacement: EdgeReplacement },
    problems: ['busy'],
    place: tenantPlace,
    prepare: (wanted) => prepareEdge(desk, wanted),
    show: (items) => showEdges(desk, items),
    release: ({ key, internal }, cause) =>
      revokeTokens(
        desk.store,
        { tenant: key.tenant, revokes: (token) => token.internal.usedKey === internal.identityKey },
        cause,
      ),
  };
  return [
    listOperation(desk, kind),
    readOperation(desk, kind),
    replaceOperation(desk, kind),
    deleteOperation(desk, kind),
  ];
}

/** Approval is when an edge's adverts count: they are decided again, against what the site has by now. */
async function prepareEdge(desk: Desk, { key, spec, before, cause }: Wanted<'edge'>) {
  if (before === undefined) throw new Error('an edge is only ever created by enrolment');
  if (spec.site !== before.spec.site)
    refuseField(
      '/spec/site',
      `An edge stays at its site, ${before.spec.site}. Enrol it anew with a token of the other.`,
    );
  const keyNumber = keyNumberOf(spec, before);
  const advertiser = {
    ...spec,
    site: { kind: 'site' as const, tenant: key.tenant, name: spec.site },
    allowed: before.internal.prefixes,
    advertised: before.status.advertised,
  };
  const { accepted, refused } = await takeAdverts(desk, advertiser, cause);
  return {
    spec: { ...spec, ...(keyNumber === undefined ? {} : { keyNumber }) },
    status: { ...before.status, accepted, refused },
  };
}

/** Left out it stays as it is, so that who knows nothing of keys changes none. */
function keyNumberOf(
  { keyNumber }: Wanted<'edge'>['spec'],
  { spec, status }: Item<'edge'>,
): number | undefined {
  const least = Math.max(spec.keyNumber ?? FIRST_KEY_NUMBER, status.key?.number ?? FIRST_KEY_NUMBER);
  if (keyNumber !== undefined && keyNumber < least)
    refuseField(
      '/spec/keyNumber',
      `Keys go forward only: write ${least} for the one of now, ${least + 1} for a new one.`,
    );
  return keyNumber ?? spec.keyNumber;
}

export async function showEdges(desk: Desk, items: readonly Item<'edge'>[]): Promise<Edge[]> {
  const hubs = await readBatches(desk.store);
  return Promise.all(items.map((item) => showEdge(desk, item, hubs)));
}

async function showEdge({ store, clock }: Desk, item: Item<'edge'>, hubs: HubBatch[]): Promise<Edge> {
  const { agent } = item.status;
  const progress = await readProgress(store, agent);
  const { approved, quarantined } = item.spec;
  const key = keyOf(item.status, item.createdAt);
  const keys = { ...item.status, key, wanted: item.spec.keyNumber };
  const evidence = { agent, approved, quarantined, updatedAt: item.updatedAt, hubs, keys, now: clock.now() };
  const activeHub = progress.evidence.report?.report.activeHub;
  const conditions = edgeConditions({ ...progress.evidence, ...evidence });
  return {
    metadata: metadataOf(item),
    spec: item.spec,
    status: {
      ...{ ...item.status, key, ...progress.shown, links: linksOf(agent, hubs), conditions },
      ...(activeHub === undefined ? {} : { activeHub }),
    },
  };
}
