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
}

export interface LinkNode {
  readonly hub: string;
  readonly level: Level;
  /** Of what the hub said; absent for a VPC, which is linked by description. */
  readonly ageSeconds: number | undefined;
}

export interface SiteNode extends Health {
  readonly tenant: string;
  readonly kind: 'datacenter' | 'vpc';
  readonly edges: readonly string[];
  readonly clusters: readonly string[];
  readonly links: readonly LinkNode[];
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
    readonly edges: readonly (EdgeFacts & { readonly links: readonly LinkFacts[] })[];
    readonly clusters: readonly { readonly name: string; readonly site: string }[];
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
    const vpcOf = hubs.filter(({ vpc }) => vpc === `${name}/${health.name}`);
    return {
      ...health,
      kind: kinds.get(health.name) ?? 'datacenter',
      edges: own.map((edge) => edge.name).sort(),
      clusters: clusters
        .filter(({ site }) => site === health.name)
        .map((cluster) => cluster.name)
        .sort(),
      links: [
        ...linksOf(
          own.flatMap(({ links }) => links),
          now,
        ),
        ...vpcOf.map((hub) => ({ hub: hub.name, level: hub.level, ageSeconds: undefined })),
      ],
    };
  });
  return { name, isolated, sites: nodes };
}

/** Of several edges of a site one that is up will do. */
function linksOf(links: readonly LinkFacts[], now: string): LinkNode[] {
  const hubs = [...new Set(links.map(({ hub }) => hub))].sort();
  return hubs.flatMap((hub) => {
    const seen = links
      .filter((link) => link.hub === hub)
      .map((link) => linkNode(link, now))
      .sort((a, b) => rank(a.level) - rank(b.level));
    return seen.slice(0, 1);
  });
}

function linkNode({ hub, up, observedAt }: LinkFacts, now: string): LinkNode {
  const age = ageSeconds(observedAt, now);
  const level = age > FRESH_SECONDS_MAX ? 'unknown' : up ? 'good' : 'bad';
  return { hub, level, ageSeconds: age };
}

function rank(level: Level): number {
  return ['good', 'unknown', 'bad', 'waiting'].indexOf(level);
}

function byName<Named extends { readonly name: string }>(items: readonly Named[]): Named[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
