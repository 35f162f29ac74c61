/** Estates for the tests of the scheduler: small ones by hand, with everything that a test does not care about filled in. */

import type { Decision } from '../../../functions/placement/decision.ts';
import type {
  Estate,
  PlacedApp,
  PlacedCluster,
  PlacedNode,
  PlacedSite,
} from '../../../functions/placement/estate.ts';
import type { Plan } from '../../../functions/placement/plan.ts';
import { DisconnectContract } from '../../../protocol/app-change.ts';
import { Placement } from '../../../protocol/placement.ts';

export const NOW_MS = 1_000_000_000;

export function site(id: string, more: Partial<PlacedSite> = {}): PlacedSite {
  return { id, name: id, location: 'private', labels: {}, costPerCpu: 0, ...more };
}

export const cloud = (id: string) => site(id, { location: 'public', costPerCpu: 10 });

/** A cluster with so many CPUs, and room in memory and containers for more. */
export function cluster(id: string, more: Partial<PlacedCluster> & { cpus?: number } = {}): PlacedCluster {
  const { cpus = 8, ...rest } = more;
  return {
    id,
    name: id,
    site: id,
    tenants: ['acme'],
    kind: 'kubernetes',
    labels: {},
    capacity: { cpuMillis: cpus * 1_000, memoryMib: 1_000_000, pods: 1_000 },
    used: { cpuMillis: 0, memoryMib: 0, pods: 0 },
    health: { verdict: 'alive', evidence: 'it answers', heardAtMs: NOW_MS },
    policies: 'enforced',
    images: [],
    pools: [],
    ...rest,
  };
}

export function node(name: string, more: Partial<PlacedNode> & { cpus?: number } = {}): PlacedNode {
  const { cpus = 4, ...rest } = more;
  const capacity = { cpuMillis: cpus * 1_000, memoryMib: 1_000_000, pods: 100 };
  return { name, role: 'worker', labels: {}, capacity, ...rest };
}

type Wish = Partial<Omit<PlacedApp, 'placement' | 'disconnect'>> & {
  placement?: unknown;
  disconnect?: unknown;
};

/** An app of one CPU a replica. */
export function app(name: string, more: Wish = {}): PlacedApp {
  const { placement = {}, disconnect = {}, ...rest } = more;
  return {
    id: `${rest.tenant ?? 'acme'}/${name}`,
    name,
    tenant: 'acme',
    replicas: 1,
    need: { cpuMillis: 1_000, memoryMib: 1 },
    image: `${name}:1`,
    isolation: 'any',
    placement: Placement.parse(placement),
    disconnect: DisconnectContract.parse(disconnect),
    ...rest,
  };
}

/** Sites are made for clusters that name none of those given. */
export function estate(parts: Partial<Estate> & Pick<Estate, 'clusters'>): Estate {
  const known = parts.sites ?? [];
  const named = new Set(known.map(({ id }) => id));
  const missing = [...new Set(parts.clusters.map((one) => one.site))].filter((id) => !named.has(id));
  return {
    nowMs: NOW_MS,
    tenants: [],
    apps: [],
    latencies: [],
    placed: [],
    ...parts,
    sites: [...known, ...missing.map((id) => site(id))],
  };
}

export function decisionFor(plan: Plan, name: string): Decision {
  const decision = plan.decisions.get(name.includes('/') ? name : `acme/${name}`);
  if (decision === undefined) throw new Error(`there is no ${name}`);
  return decision;
}

/** Replicas by cluster, lost ones marked. */
export function where(plan: Plan, name: string): Record<string, number> {
  const { assignments } = decisionFor(plan, name);
  return Object.fromEntries(
    assignments.map(({ cluster: id, replicas, state }) => [state === 'lost' ? `${id} (lost)` : id, replicas]),
  );
}
