/** A hub and two edges with documents written by hand: both data centers have 10.0.0.0/24. No control plane takes part. */
import { createLab, type Lab } from '../../local/lab.ts';
import type { Host } from '../../local/lab-host.ts';
import { type RaisedStage, raiseStage, VPC_LAN } from '../../local/lab-topology.ts';
import type { Document, Leaf, PolicyLeaf, TenantLeaf } from '../../protocol/document.ts';

const DRIVER = new URL('./plan-agent.ts', import.meta.url).pathname;
const POOLS = ['100.64.0.0/10'];
const DOMAIN = 'isthmus.internal';

export const HUB_TUNNEL = '100.64.0.1';
const LISTEN_PORT = 51820;

export interface Round {
  readonly steps: readonly string[];
  readonly done: number;
  readonly failed?: string;
  readonly refused?: readonly { readonly code: string }[];
  readonly ms: { readonly observe: number; readonly plan: number; readonly apply: number };
}

export interface Member {
  readonly host: Host;
  readonly agent: string;
  readonly publicKey: string;
  readonly tunnelAddress: string;
}

export interface EdgeMember extends Member {
  readonly tenant: string;
  readonly site: string;
  readonly real: string;
  readonly virtual: string;
}

export interface PlanStage {
  readonly lab: Lab;
  readonly raised: RaisedStage;
  readonly hub: Member;
  readonly edges: readonly EdgeMember[];
}

/** Runs the driver in a host and parses what it prints. */
export async function drive(host: Host, ...words: readonly string[]): Promise<unknown> {
  return JSON.parse(await host.check([process.execPath, DRIVER, ...words]));
}

/** One round with this document. */
export async function applyDocument(
  member: Member,
  leaves: Record<string, Leaf>,
  more: object = {},
): Promise<Round> {
  const document: Document = { version: { epoch: 1, generation: 1 }, leaves };
  const role = member.agent.startsWith('hub.') ? 'hub' : 'edge';
  await member.host.write(
    '/etc/isthmus/case.json',
    JSON.stringify({ agent: member.agent, role, document, ...more }),
  );
  // The driver prints a Round; the test's expectations check it.
  return (await drive(member.host, 'apply', '/etc/isthmus/case.json')) as Round;
}

const SITES = [
  {
    name: 'berlin',
    tenant: 'acme',
    lan: '10.0.0.0/24',
    virtual: '100.65.0.0/24',
    tunnelAddress: '100.64.0.2',
  },
  {
    name: 'munich',
    tenant: 'acme',
    lan: '10.0.0.0/24',
    virtual: '100.65.1.0/24',
    tunnelAddress: '100.64.0.3',
  },
  {
    name: 'rogue',
    tenant: 'other',
    lan: '10.9.0.0/24',
    virtual: '100.65.2.0/24',
    tunnelAddress: '100.64.0.4',
  },
] as const;

export async function raisePlanStage(): Promise<PlanStage> {
  const lab = await createLab({ name: 'plan' });
  const sites = SITES.map(({ name, lan }) => ({ name, lan }));
  const raised = await raiseStage(lab, { hubs: 1, sites, vpc: true });
  const hubHost = raised.hubs[0]?.host;
  if (!hubHost) throw new Error('the stage has no hub');
  const hub = await memberOf(hubHost, 'hub.alpha', HUB_TUNNEL);
  const edges = await Promise.all(
    SITES.map(async (site, index) => {
      const host = raised.sites[index]?.edge;
      if (!host) throw new Error(`the stage has no edge ${site.name}`);
      const member = await memberOf(host, `edge.${site.tenant}.${site.name}`, site.tunnelAddress);
      return { ...member, tenant: site.tenant, site: site.name, real: site.lan, virtual: site.virtual };
    }),
  );
  return { lab, raised, hub, edges };
}

async function memberOf(host: Host, agent: string, tunnelAddress: string): Promise<Member> {
  return { host, agent, tunnelAddress, publicKey: String(await drive(host, 'key')) };
}

function selfLeaf({ agent, tunnelAddress }: Member, role: 'edge' | 'hub') {
  const port = role === 'hub' ? { listenPort: LISTEN_PORT } : {};
  return {
    kind: 'self',
    agent,
    role,
    tunnelAddress,
    pools: POOLS,
    domain: DOMAIN,
    pollSeconds: 30,
    ...port,
  } as const;
}

export interface Variant {
  /** Real prefixes of other sites, reached without translation. */
  readonly native?: readonly string[];
  readonly lan?: 'routed' | 'masquerade';
  readonly policy?: PolicyLeaf;
}

export function edgeLeaves(stage: PlanStage, edge: EdgeMember, variant: Variant = {}): Record<string, Leaf> {
  const { publicKey, tunnelAddress } = stage.hub;
  const endpoint = `${stage.raised.hubs[0]?.address}:${LISTEN_PORT}`;
  const { tenant, site, real, virtual } = edge;
  const native = variant.native ? [{ site: 'elsewhere', prefixes: [...variant.native] }] : [];
  return {
    self: selfLeaf(edge, 'edge'),
    hubs: { kind: 'hubs', hubs: [{ name: 'alpha', publicKey, endpoint, tunnelAddress }] },
    network: {
      kind: 'network',
      tenant,
      site,
      prefixes: [{ real, virtual }],
      lan: variant.lan ?? 'routed',
      native,
    },
    policy: variant.policy ?? { kind: 'policy', inbound: 'tenant', flows: [] },
  };
}

/** The VPC behind the hub, as a site of acme. */
const VPC: Leaf = {
  kind: 'network',
  tenant: 'acme',
  site: 'cloud',
  prefixes: [{ real: VPC_LAN, virtual: '100.70.0.0/24' }],
  lan: 'routed',
  native: [],
};

export interface HubVariant {
  readonly vpc?: true;
  readonly tenants?: readonly TenantLeaf[];
  /** Native prefixes of an edge, by its site. */
  readonly native?: Readonly<Record<string, readonly string[]>>;
}

export function hubLeaves(stage: PlanStage, variant: HubVariant = {}): Record<string, Leaf> {
  const peers = stage.edges.map((edge): [string, Leaf] => {
    const { tenant, site, agent, publicKey, tunnelAddress, virtual } = edge;
    const native = [...(variant.native?.[site] ?? [])];
    const leaf: Leaf = {
      kind: 'peer',
      tenant,
      site,
      edge: site,
      agent,
      publicKey,
      tunnelAddress,
      virtual: [virtual],
      native,
    };
    return [`peer/${tenant}/${site}/${site}`, leaf];
  });
  const open = (tenant: string): TenantLeaf => ({
    kind: 'tenant',
    tenant,
    isolation: 'open',
    pairs: [],
    native: [],
  });
  const tenants = variant.tenants ?? ['acme', 'other'].map(open);
  return {
    self: selfLeaf(stage.hub, 'hub'),
    ...(variant.vpc ? { network: VPC } : {}),
    ...Object.fromEntries(peers),
    ...Object.fromEntries(tenants.map((leaf): [string, Leaf] => [`tenant/${leaf.tenant}`, leaf])),
  };
}
