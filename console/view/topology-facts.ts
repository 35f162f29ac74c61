/** What the topology shows, made of what the API says: hubs, tenants with their sites, and how each hub sees each site. Everything in one order, whatever order it came in. */
import { ageSeconds } from '../../protocol/time.ts';
import type { AgentFacts, EdgeFacts, SiteFacts } from './facts.ts';
import { agentHealth, type Health, type Level, siteHealth } from './health.ts';

/** What a hub said longer ago says nothing about now. */
const FRESH_SECONDS_MAX = 60;

export interface LinkFacts {
  readonly hub: string;
  readonly up: boolean;
  readonly observedAt: string;
  /** Absent until the hub has told twice. */
  readonly rate?: LinkRate | undefined;
}

/** Bits a second. */
export interface LinkRate {
  readonly fromSite: number;
  readonly toSite: number;
}

export interface LinkNode {
  readonly hub: string;
  readonly level: Level;
  /** Of what the hub said; absent for a VPC, which is linked by description. */
  readonly ageSeconds: number | undefined;
  /** The site's traffic goes by this hub; undefined where no edge of it said by which. */
  readonly isActive: boolean | undefined;
  readonly rate: LinkRate | undefined;
}

export interface SiteNode extends Health {
  readonly tenant: string;
  readonly kind: 'datacenter' | 'vpc';
  readonly edges: readonly string[];
  readonly clusters: readonly string[];
  readonly links: readonly LinkNode[];
  /** From its edge to the hub, as clusters of the site have it told. */
  readonly rttMs: number | undefined;
}

export interface TenantNode {
  readonly name: string;
  readonly isolated: boolean;
  /** The worst first. */
  readonly sites: readonly SiteNode[];
}

export interface HubNode extends Health {
  /** TENANT/SITE whose hosts reach the data centers by it. */
  readonly vpc: string | undefined;
}

export interface TopologyFacts {
  readonly hubs: readonly HubNode[];
  readonly tenants: readonly TenantNode[];
}

export interface Told {
  readonly hubs: readonly (AgentFacts & {
    readonly vpc?: { readonly tenant: string; readonly site: string } | undefined;
  })[];
  readonly tenants: readonly {
    readonly name: string;
    readonly isolated: boolean;
    readonly sites: readonly (SiteFacts & { readonly kind: 'datacenter' | 'vpc' })[];
    readonly edges: readonly (EdgeFacts & {
      readonly links: readonly LinkFacts[];
      readonly activeHub?: string | undefined;
    })[];
    readonly clusters: readonly {
      readonly name: string;
      readonly site: string;
      readonly rttMs?: number | undefined;
    }[];
  }[];
}

export function topologyOf(told: Told, now: string): TopologyFacts {
  const healths = agentHealth(told.hubs, now);
  const hubs = told.hubs.flatMap(({ name, vpc }): HubNode[] => {
    const health = healths.find((candidate) => candidate.name === name);
    return health === undefined ? [] : [{ ...health, vpc: vpc && `${vpc.tenant}/${vpc.site}` }];
  });
  const tenants = told.tenants.map((tenant) => tenantNode(tenant, hubs, now));
  return { hubs: byName(hubs), tenants: byName(tenants) };
}

function tenantNode(tenant: Told['tenants'][number], hubs: readonly HubNode[], now: string): TenantNode {
  const { name, isolated, sites, edges, clusters } = tenant;
  const kinds = new Map(sites.map((site) => [site.name, site.kind]));
  const nodes = siteHealth(sites, edges, now).map((health): SiteNode => {
    const own = edges.filter(({ site }) => site === health.name);
    const here = clusters.filter(({ site }) => site === health.name);
    const vpcOf = hubs.filter(({ vpc }) => vpc === `${name}/${health.name}`);
    return {
      ...health,
      kind: kinds.get(health.name) ?? 'datacenter',
      edges: own.map((edge) => edge.name).sort(),
      clusters: here.map((cluster) => cluster.name).sort(),
      rttMs: here.find(({ rttMs }) => rttMs !== undefined)?.rttMs,
      links: [
        ...linksOf(own, now),
        ...vpcOf.map((hub) => ({
          ...{ hub: hub.name, level: hub.level, ageSeconds: undefined },
          ...{ isActive: undefined, rate: undefined },
        })),
      ],
    };
  });
  return { name, isolated, sites: nodes };
}

/** Of several edges of a site one that is up will do; what flows is that of all. */
function linksOf(edges: Told['tenants'][number]['edges'], now: string): LinkNode[] {
  const links = edges.flatMap((edge) => edge.links);
  const active = edges.flatMap(({ activeHub }) => activeHub ?? []);
  const hubs = [...new Set(links.map(({ hub }) => hub))].sort();
  return hubs.flatMap((hub) => {
    const own = links.filter((link) => link.hub === hub);
    const [best] = own.map((link) => seen(link, now)).sort((a, b) => rank(a.level) - rank(b.level));
    if (best === undefined) return [];
    const isActive = active.length === 0 ? undefined : active.includes(hub);
    return [{ hub, ...best, isActive, rate: together(own.flatMap(({ rate }) => rate ?? [])) }];
  });
}

function together(rates: readonly LinkRate[]): LinkRate | undefined {
  if (rates.length === 0) return undefined;
  return {
    fromSite: rates.reduce((sum, { fromSite }) => sum + fromSite, 0),
    toSite: rates.reduce((sum, { toSite }) => sum + toSite, 0),
  };
}

/** What flows through all hubs; undefined where none has told of it twice. */
export function rateOf({ links }: Pick<SiteNode, 'links'>): LinkRate | undefined {
  return together(links.flatMap(({ rate }) => rate ?? []));
}

function seen({ up, observedAt }: LinkFacts, now: string): Pick<LinkNode, 'level' | 'ageSeconds'> {
  const age = ageSeconds(observedAt, now);
  const level = age > FRESH_SECONDS_MAX ? 'unknown' : up ? 'good' : 'bad';
  return { level, ageSeconds: age };
}

function rank(level: Level): number {
  return ['good', 'unknown', 'bad', 'waiting'].indexOf(level);
}

function byName<Named extends { readonly name: string }>(items: readonly Named[]): Named[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
