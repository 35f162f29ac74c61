/** Estates for the tests of the domain room: a plain one by hand, and random ones as the API would let them come about. */
import fc from 'fast-check';
import { acceptAdverts } from '../../../functions/domain/adverts.ts';
import { edgeId, freeEdgeName, hubId } from '../../../functions/domain/agent.ts';
import { allocate, siteBlocks, siteOwner, type Taken } from '../../../functions/domain/allocate.ts';
import { compileEdge, compileHub, type Leaves } from '../../../functions/domain/compile.ts';
import type {
  DeploymentFacts,
  EdgeFacts,
  Estate,
  HubFacts,
  SiteFacts,
  TenantEstate,
} from '../../../functions/domain/estate.ts';
import { checkNative } from '../../../functions/domain/native.ts';
import { checkSite } from '../../../functions/domain/site.ts';
import { formatAddress, parseAddress, parsePrefix } from '../../../protocol/address.ts';
import type { Mapping } from '../../../protocol/site.ts';

export const POOLS = ['100.64.0.0/10'];

export const DEPLOYMENT: DeploymentFacts = {
  pools: POOLS,
  domain: 'isthmus.internal',
  roots: [{ id: '0123456789abcdef', publicKey: 'cm9vdA==' }],
  pollSeconds: 60,
};

export function hub(name: string, more: Partial<HubFacts> = {}): HubFacts {
  const number = name.charCodeAt(0) - 96;
  return {
    id: hubId(name),
    name,
    group: 'main',
    endpoint: `198.51.100.${number}:51820`,
    tunnelAddress: `100.64.0.${number}`,
    publicKey: `key of hub ${name}`,
    ...more,
  };
}

export function site(tenant: string, name: string, more: Partial<SiteFacts> = {}): SiteFacts {
  return {
    tenant,
    name,
    kind: 'datacenter',
    allotment: ['10.0.0.0/8'],
    prefixes: [],
    lan: 'routed',
    native: [],
    ...more,
  };
}

export function edge(tenant: string, name: string, more: Partial<EdgeFacts> = {}): EdgeFacts {
  return {
    id: edgeId(tenant, name),
    tenant,
    name,
    site: name,
    approved: true,
    quarantined: false,
    publicKey: `key of ${tenant} ${name}`,
    tunnelAddress: '100.64.1.1',
    accepted: [],
    allowed: null,
    since: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

export function tenant(name: string, more: Partial<TenantEstate> = {}): TenantEstate {
  const none = { sites: [], edges: [], services: [], policies: [], routes: [], clusters: [] };
  const unread = { apps: [], addressPools: [], keys: [], bindings: [] };
  return { name, isolation: 'open', ...none, ...unread, ...more };
}

/** A ledger of several blocks, without a table. */
export function mapper(): (tenant: string, site: string, reals: readonly string[]) => Mapping[] {
  const ledgers = new Map<string, Taken>(siteBlocks(POOLS).map((block) => [block, {}]));
  return (tenantName, siteName, reals) =>
    reals.map((real) => {
      const request = {
        owner: siteOwner(tenantName, siteName, real),
        length: parsePrefix(real).length,
        at: '',
      };
      for (const [block, taken] of ledgers) {
        const found = allocate({ block, taken }, request);
        if (found === 'full') continue;
        ledgers.set(block, found.taken);
        return { real, virtual: found.virtual };
      }
      throw new Error('the pool is full');
    });
}

/** Few ranges, so that sites collide often. */
const RANGES = [
  '10.0.0.0/16',
  '10.0.0.0/24',
  '10.0.1.0/24',
  '10.0.1.128/25',
  '10.1.0.0/16',
  '192.168.0.0/24',
];
const BAD_RANGES = ['0.0.0.0/0', '10.0.0.0/8', '127.0.0.0/24', '100.64.0.0/16', '172.16.0.0/16'];
const ALLOTMENTS = [['10.0.0.0/8'], ['10.0.0.0/15'], ['10.0.1.0/24', '192.168.0.0/16'], ['192.168.0.0/24']];
const NAMES = ['amber', 'birch', 'cedar', 'delta', 'ember'];

/** What happens at a site, in the order it is asked for. */
export interface SitePlan {
  readonly tenant: string;
  readonly name: string;
  readonly kind: 'datacenter' | 'vpc';
  readonly allotment: string[];
  readonly prefixes: string[];
  readonly native: string[];
  readonly edges: { advertised: string[]; approved: boolean; quarantined: boolean; key: number }[];
}

const sitePlan: fc.Arbitrary<SitePlan> = fc.record({
  tenant: fc.constantFrom('red', 'blue'),
  name: fc.constantFrom(...NAMES),
  kind: fc.constantFrom('datacenter', 'datacenter', 'datacenter', 'vpc'),
  allotment: fc.constantFrom(...ALLOTMENTS),
  prefixes: fc.subarray(RANGES, { maxLength: 2 }),
  native: fc.subarray(NAMES),
  edges: fc.array(
    fc.record({
      advertised: fc.subarray([...RANGES, ...BAD_RANGES], { maxLength: 4 }),
      approved: fc.boolean(),
      quarantined: fc.constantFrom(false, false, true),
      key: fc.integer({ min: 0, max: 40 }),
    }),
    { maxLength: 3 },
  ),
});

const services = fc.uniqueArray(
  fc.record({
    site: fc.constantFrom(...NAMES),
    name: fc.constantFrom('web', 'db'),
    address: fc.constantFrom('10.0.0.10', '10.0.1.130', '10.1.2.3', '192.168.0.9'),
    port: fc.constantFrom(80, 5432),
    protocol: fc.constantFrom('tcp', 'udp'),
  }),
  { selector: ({ site: at, name }) => `${at}/${name}`, maxLength: 6 },
);

const policies = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('p', 'q', 'r', 's'),
    from: fc.record({ site: fc.constantFrom(...NAMES) }),
    to: fc.oneof(
      fc.record({ site: fc.constantFrom(...NAMES) }),
      fc.record({ site: fc.constantFrom(...NAMES), service: fc.constantFrom('web', 'db') }),
    ),
    ports: fc.array(
      fc.record({
        protocol: fc.constantFrom('tcp' as const, 'udp' as const),
        port: fc.constantFrom(53, 443),
      }),
      {
        maxLength: 2,
      },
    ),
  }),
  { selector: ({ name }) => name, maxLength: 4 },
);

const routes = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('front', 'back'),
    host: fc.constantFrom('a.example.com', 'b.example.com'),
    path: fc.constantFrom('/', '/shop', '/shop/'),
    service: fc.record({ site: fc.constantFrom(...NAMES), name: fc.constantFrom('web', 'db') }),
  }),
  { selector: ({ name }) => name, maxLength: 2 },
);

const tenantContents = fc.record({
  isolation: fc.constantFrom('open' as const, 'isolated' as const),
  services,
  policies,
  routes,
});

const vpcChoice = fc.option(
  fc.record({ tenant: fc.constantFrom('red', 'blue'), site: fc.constantFrom(...NAMES) }),
  { nil: undefined },
);

/** Random estates, each as a sequence of requests that are refused or accepted would leave it. */
export const estates: fc.Arbitrary<Estate> = fc
  .record({
    plans: fc.uniqueArray(sitePlan, { selector: (plan) => `${plan.tenant}/${plan.name}`, maxLength: 8 }),
    red: tenantContents,
    blue: tenantContents,
    vpc: vpcChoice,
    bare: fc.boolean(),
  })
  .map(({ plans, red, blue, vpc, bare }) => {
    const { sites, edges } = admit(plans);
    const of = (name: string, contents: typeof red) =>
      tenant(name, {
        ...contents,
        sites: sites.filter((one) => one.tenant === name),
        edges: edges.filter((one) => one.tenant === name),
      });
    const hubs = [hub('a', { vpc }), hub('b', { vpc }), hub('c', bare ? { publicKey: undefined } : {})];
    return { deployment: DEPLOYMENT, hubs, tenants: [of('red', red), of('blue', blue)] };
  });

/** What the API does with such requests, in order: a refused site is not made, a refused native wish is dropped. */
function admit(plans: readonly SitePlan[]): { sites: SiteFacts[]; edges: EdgeFacts[] } {
  const sites: SiteFacts[] = [];
  const edges: EdgeFacts[] = [];
  const map = mapper();
  for (const plan of plans) {
    if (checkSite(plan, { pools: POOLS })) continue;
    const admitted = admitEdges(plan, edges.length);
    const wish = { ...plan, prefixes: admitted.reals };
    const others = sites.map((one) => ({ ...one, prefixes: one.prefixes.map(({ real }) => real) }));
    if (checkNative({ ...wish, native: [] }, others)) continue;
    const prefixes = map(plan.tenant, plan.name, admitted.reals);
    const native = checkNative(wish, others) ? [] : plan.native;
    sites.push(
      site(plan.tenant, plan.name, { kind: plan.kind, allotment: plan.allotment, prefixes, native }),
    );
    edges.push(...admitted.edges);
  }
  return { sites, edges };
}

function admitEdges(plan: SitePlan, before: number): { reals: string[]; edges: EdgeFacts[] } {
  const reals = [...plan.prefixes];
  const edges: EdgeFacts[] = [];
  for (const { advertised, approved, quarantined, key } of plan.edges) {
    const { accepted, added } = acceptAdverts({
      allotment: plan.allotment,
      registered: reals,
      allowed: null,
      advertised,
      pools: POOLS,
    });
    reals.push(...added);
    const number = before + edges.length;
    edges.push(
      edge(
        plan.tenant,
        freeEdgeName(
          plan.name,
          edges.map((one) => one.name),
        ),
        {
          site: plan.name,
          accepted,
          approved,
          quarantined,
          publicKey: `key ${key}`,
          tunnelAddress: formatAddress(parseAddress('100.64.1.0') + number),
          since: `2026-01-01T00:00:00.${String(number).padStart(3, '0')}Z`,
        },
      ),
    );
  }
  return { reals, edges };
}

/** The same estate, read in another order. */
export function reversed(estate: Estate): Estate {
  return {
    deployment: estate.deployment,
    hubs: estate.hubs.toReversed(),
    tenants: estate.tenants.toReversed().map((one) => ({
      ...one,
      sites: one.sites
        .toReversed()
        .map((at) => ({ ...at, prefixes: at.prefixes.toReversed(), native: at.native.toReversed() })),
      edges: one.edges.toReversed().map((at) => ({ ...at, accepted: at.accepted.toReversed() })),
      services: one.services.toReversed(),
      policies: one.policies.toReversed(),
      routes: one.routes.toReversed(),
    })),
  };
}

/** The documents of every agent, by id. */
export function documents(estate: Estate): Record<string, Leaves> {
  const edges = estate.tenants.flatMap((one) =>
    one.edges.map(({ id }) => [id, compileEdge({ ...estate, tenant: one, edge: id })] as const),
  );
  const hubs = estate.hubs.map(({ id, name }) => [id, compileHub({ ...estate, hub: name })] as const);
  const compiled = [...edges, ...hubs].flatMap(([id, leaves]) => (leaves ? [[id, leaves] as const] : []));
  return Object.fromEntries(compiled);
}
