/** What somebody has to look at, in a tenant and in the deployment: of all that the caller may read, in one answer. The judging is the domain's. */
import { Attention, type MatterKind } from '../../protocol/attention.ts';
import type { Condition } from '../../protocol/metadata.ts';
import type { Finding } from '../../protocol/report.ts';
import { attentionOf, type Concern } from '../domain/attention.ts';
import { type Caller, mayList } from '../domain/authorize.ts';
import type { Item } from '../store/port.ts';
import { showApps } from './apps.ts';
import { showClusters } from './clusters.ts';
import { type Desk, findTenant } from './collection.ts';
import { allLive } from './dependent.ts';
import { showEdges } from './edges.ts';
import { showHubs } from './hubs.ts';
import { NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';
import { showPolicies } from './policies.ts';
import { showPools } from './pools.ts';
import { mayRead } from './right.ts';
import { showRoutes } from './routes.ts';
import { showServices } from './services.ts';
import { showSites } from './sites.ts';
import { showTenants } from './tenants.ts';

const TENANT_KINDS = ['site', 'edge', 'cluster', 'app', 'service', 'route', 'policy', 'pool'] as const;
const COMMON = {
  method: 'get',
  body: NO_BODY,
  query: NO_QUERY,
  answers: [{ status: 200, description: 'What is not as it should be', schema: Attention }],
} as const;

export function attentionOperations(desk: Desk): Operation[] {
  return [
    operation({
      ...{ ...COMMON, answers: [...COMMON.answers] },
      id: 'getAttention',
      path: '/v1/attention',
      tag: 'deployment',
      summary: 'Say what of the hubs somebody has to look at',
      guard: desk.guards.list('hub'),
      problems: [],
      handle: async ({ principal }) => ({
        status: 200,
        json: attentionOf(await ofDeployment(desk, principal)),
      }),
    }),
    operation({
      ...{ ...COMMON, answers: [...COMMON.answers] },
      id: 'getTenantAttention',
      path: '/v1/tenants/{tenant}/attention',
      tag: 'tenants',
      summary: 'Say what of a tenant somebody has to look at, of all that the caller may read',
      guard: desk.guards.list('tenant', ...TENANT_KINDS),
      problems: ['not_found'],
      async handle({ principal, param }) {
        const tenant = await findTenant(desk.store, param('tenant'));
        const own = mayRead(principal, tenant) ? concerns([tenant], await showTenants(desk, [tenant])) : [];
        const all = await ofTenant(desk, { tenant: tenant.key.name, principal });
        return { status: 200, json: attentionOf([...own, ...all]) };
      },
    }),
  ];
}

/** As a thing's own operations show it. */
interface Shown {
  readonly status: {
    readonly conditions: readonly Condition[];
    readonly findings?: readonly Finding[] | undefined;
    readonly applied?: { readonly at: string } | undefined;
  };
}

interface Seeing {
  readonly tenant: string;
  readonly principal: Caller;
}

function ofDeployment(desk: Desk, principal: Caller): Promise<Concern[]> {
  return gather(desk, { tenant: '*', principal }, { kind: 'hub', show: showHubs });
}

async function ofTenant(desk: Desk, seeing: Seeing): Promise<Concern[]> {
  const each = await Promise.all([
    gather(desk, seeing, { kind: 'site', show: showSites }),
    gather(desk, seeing, { kind: 'edge', show: showEdges }),
    gather(desk, seeing, { kind: 'cluster', show: showClusters }),
    gather(desk, seeing, { kind: 'app', show: showApps }),
    gather(desk, seeing, { kind: 'service', show: ({ store }, items) => showServices(store, items) }),
    gather(desk, seeing, { kind: 'route', show: showRoutes }),
    gather(desk, seeing, { kind: 'policy', show: showPolicies }),
    gather(desk, seeing, { kind: 'pool', show: showPools }),
  ]);
  return each.flat();
}

interface Look<K extends MatterKind> {
  readonly kind: K;
  show(desk: Desk, items: readonly Item<K>[]): Promise<readonly Shown[]>;
}

async function gather<K extends MatterKind>(
  desk: Desk,
  { tenant, principal }: Seeing,
  { kind, show }: Look<K>,
): Promise<Concern[]> {
  if (mayList(principal, { tenant, kind }) !== true) return [];
  const items = (await allLive(desk.store, { kind, tenant })).filter((item) => mayRead(principal, item));
  return items.length === 0 ? [] : concerns(items, await show(desk, items));
}

function concerns<K extends MatterKind>(items: readonly Item<K>[], shown: readonly Shown[]): Concern[] {
  return items.map(({ key, updatedAt }, index) => {
    const { conditions = [], findings = [], applied } = shown[index]?.status ?? {};
    const told = { findings, at: applied?.at ?? updatedAt };
    return { kind: key.kind, name: key.name, conditions, told };
  });
}
