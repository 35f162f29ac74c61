/** Who may speak to whom in a tenant, and why: the answer of the compilers' own rules, in words. */
import { z } from 'zod';
import {
  Explanation,
  PolicyEndText,
  PolicyPortText,
  readPolicyEnd,
  readPolicyPort,
} from '../../protocol/explanation.ts';
import { PolicyPreview, PolicyPreviewRequest } from '../../protocol/policy-preview.ts';
import { explain, type Surroundings } from '../domain/explanation.ts';
import { previewPolicy } from '../domain/policy-preview.ts';
import { toldOf } from '../reconcile/told.ts';
import { type Desk, findTenant } from './collection.ts';
import { readTenantEstate } from './conditions.ts';
import { allLive } from './dependent.ts';
import { refuseField } from './faults.ts';
import { NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';

const ExplanationQuery = z.strictObject({
  from: PolicyEndText,
  to: PolicyEndText,
  port: PolicyPortText.optional(),
});

export function explanationOperations(desk: Desk): Operation[] {
  return [
    operation({
      id: 'explainPolicy',
      method: 'get',
      path: '/v1/tenants/{tenant}/explanation',
      tag: 'policies',
      summary: 'Say whether one thing of the tenant may speak to another, and by what',
      guard: desk.guards.user('read', 'policy'),
      body: NO_BODY,
      query: ExplanationQuery,
      answers: [{ status: 200, description: 'The explanation', schema: Explanation }],
      problems: ['not_found'],
      async handle(call) {
        const name = call.param('tenant');
        await findTenant(desk.store, name);
        const { from, to, port } = call.query;
        const question = {
          from: endOf(from, '?from'),
          to: endOf(to, '?to'),
          port: port === undefined ? undefined : readPolicyPort(port),
        };
        const tenant = await readTenantEstate(desk, name);
        return { status: 200, json: explain(question, { tenant, networks: await networksOf(desk, name) }) };
      },
    }),
    previewOperation(desk),
  ];
}

/** It writes nothing, so who may read policies may ask it. */
function previewOperation(desk: Desk): Operation {
  return operation({
    id: 'previewPolicy',
    method: 'post',
    path: '/v1/tenants/{tenant}/policies/{policy}/preview',
    tag: 'policies',
    summary: 'Say what would change if a policy, be there one or not, were this, or were deleted',
    guard: desk.guards.user('read', 'policy'),
    body: PolicyPreviewRequest,
    query: NO_QUERY,
    answers: [{ status: 200, description: 'What would change', schema: PolicyPreview }],
    problems: ['not_found'],
    async handle(call) {
      const tenantName = call.param('tenant');
      await findTenant(desk.store, tenantName);
      const name = call.param('policy');
      const tenant = await readTenantEstate(desk, tenantName);
      const around = { tenant, networks: await networksOf(desk, tenantName) };
      return { status: 200, json: previewPolicy({ name, spec: call.body.spec }, around) };
    },
  });
}

function endOf(text: string, pointer: string) {
  return (
    readPolicyEnd(text) ?? refuseField(pointer, 'Write site/NAME, service/SITE/NAME, app/NAME or group/NAME.')
  );
}

/** What networks do with policies, as edges told; of a cluster that told nothing it is not known. */
async function networksOf({ store }: Desk, tenant: string): Promise<Surroundings['networks']> {
  const clusters = await allLive(store, { kind: 'cluster', tenant });
  const known = await Promise.all(
    clusters.map(async (cluster) => {
      const { facts } = await toldOf(store, cluster, ['facts']);
      return [cluster.key.name, facts?.value.network?.policies ?? 'unknown'] as const;
    }),
  );
  return new Map(known);
}
