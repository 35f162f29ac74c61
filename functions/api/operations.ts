/** Every operation of the API, in the order of the OpenAPI document. */
import { createAllocator } from '../reconcile/allocate.ts';
import { agentOperations } from './agent.ts';
import { appOperations } from './apps.ts';
import { attentionOperations } from './attention.ts';
import { clusterAgentOperations } from './cluster-attach.ts';
import { credentialOperation } from './cluster-credential.ts';
import { clusterOperations } from './clusters.ts';
import type { Desk } from './collection.ts';
import type { ApiDependencies } from './dependencies.ts';
import { deploymentOperations } from './deployment.ts';
import { edgeOperations } from './edges.ts';
import { enrolOperation } from './enrol.ts';
import { eventOperations } from './events.ts';
import { explanationOperations } from './explanations.ts';
import { createGuards } from './guard.ts';
import { hubOperations } from './hubs.ts';
import { keyOperations } from './keys.ts';
import type { Operation } from './operation.ts';
import { policyOperations } from './policies.ts';
import { poolOperations } from './pools.ts';
import { reportOperations } from './report.ts';
import { rightOperation, roleOperations } from './roles.ts';
import { routeOperations } from './routes.ts';
import { serviceOperations } from './services.ts';
import { siteOperations } from './sites.ts';
import { tenantOperations } from './tenants.ts';
import { tokenOperations } from './tokens.ts';

export function createOperations(dependencies: ApiDependencies): Operation[] {
  const { store, clock, deployment } = dependencies;
  const desk: Desk = {
    ...dependencies,
    guards: createGuards(dependencies),
    allocator: createAllocator({ store, clock, pools: deployment.pools }),
  };
  return [
    ...deploymentOperations(desk),
    ...tenantOperations(desk),
    ...attentionOperations(desk),
    ...siteOperations(desk),
    ...serviceOperations(desk),
    ...routeOperations(desk),
    ...policyOperations(desk),
    ...explanationOperations(desk),
    ...edgeOperations(desk),
    ...clusterOperations(desk),
    credentialOperation(desk),
    ...appOperations(desk),
    ...poolOperations(desk),
    ...hubOperations(desk),
    ...tokenOperations(desk),
    ...keyOperations(desk),
    ...roleOperations(desk),
    rightOperation(desk),
    ...eventOperations(desk),
    enrolOperation(desk),
    ...agentOperations(desk),
    ...reportOperations(desk),
    ...clusterAgentOperations(desk),
  ];
}
