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

const COMMON = {
  method: 'get' as const,
  body: NO_BODY,
  query: NO_QUERY,
  answers: [{ status: 200, description: 'What is not as it should be', schema: Attention }],
};

export function attentionOperations(desk: Desk): Operation[] {
  return [
    operation({
      ...COMMON,
      id: 'getAttention',
      path: '/v1/attention',
      tag: 'deployment',
      summary: 'Say what of the hubs somebody has to look at',
      guard: desk.guards.list('hub'),
      problems: [],
      handle: async ({ principal }) => ({
        status: 200,
        json: attentionOf(await HUBS.gather(desk, { tenant: '*', principal })),
      }),
    }),
    operation({
      ...COMMON,
      id: 'getTenantAttention',
      path: '/v1/tenants/{tenant}/attention',
      tag: 'tenants',
      summary: 'Say what of a tenant somebody has to look at, of all that the caller may read',
      guard: desk.guards.list('tenant', ...LOOKS.map(({ kind }) => kind)),
      problems: ['not_found'],
      async handle({ principal, param }) {
        const tenant = await findTenant(desk.store, param('tenant'));
        const own = mayRead(principal, tenant) ? concerns([tenant], await showTenants(desk, [tenant])) : [];
        const seeing = { tenant: tenant.key.name, principal };
        const all = await Promise.all(LOOKS.map(({ gather }) => gather(desk, seeing)));
        return { status: 200, json: attentionOf([...own, ...all.flat()]) };
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

interface Look {
  readonly kind: MatterKind;
  readonly gather: (desk: Desk, seeing: Seeing) => Promise<Concern[]>;
}

/** Of all of a kind that the caller may read. */
function look<K extends MatterKind>(
  kind: K,
  show: (desk: Desk, items: readonly Item<K>[]) => Promise<readonly Shown[]>,
): Look {
  return {
    kind,
    async gather(desk, { tenant, principal }) {
      if (mayList(principal, { tenant, kind }) !== true) return [];
      const items = (await allLive(desk.store, { kind, tenant })).filter((item) => mayRead(principal, item));
      return items.length === 0 ? [] : concerns(items, await show(desk, items));
    },
  };
}

const HUBS = look('hub', showHubs);
/** What there is in a tenant. */
const LOOKS: readonly Look[] = [
  look('site', showSites),
  look('edge', showEdges),
  look('cluster', showClusters),
  look('app', showApps),
  look('service', ({ store }, items) => showServices(store, items)),
  look('route', showRoutes),
  look('policy', showPolicies),
  look('pool', showPools),
];

function concerns<K extends MatterKind>(items: readonly Item<K>[], shown: readonly Shown[]): Concern[] {
  return items.map(({ key, updatedAt }, index) => {
    const { conditions = [], findings = [], applied } = shown[index]?.status ?? {};
    const told = { findings, at: applied?.at ?? updatedAt };
    return { kind: key.kind, name: key.name, conditions, told };
  });
}
