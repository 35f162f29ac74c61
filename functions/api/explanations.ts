/** Who may speak to whom in a tenant, and why: the answer of the compilers' own rules, in words. */
import { z } from 'zod';
import {
  Explanation,
  PolicyEndText,
  PolicyPortText,
  readPolicyEnd,
  readPolicyPort,
} from '../../protocol/explanation.ts';
import { explain, type Surroundings } from '../domain/explanation.ts';
import { toldOf } from '../reconcile/told.ts';
import { type Desk, findTenant } from './collection.ts';
import { readTenantEstate } from './conditions.ts';
import { allLive } from './dependent.ts';
import { refuseField } from './faults.ts';
import { NO_BODY, type Operation, operation } from './operation.ts';

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
  ];
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
