/**
 * Locks that apps have of their own, at the edge of the site where they are. Two stand before what comes to an app from another site: that of its tenant, if
 * it is isolated (`policy.ts`), and that of the app, if its access is less than the tenant. A policy opens the first; the second only if its end names the app
 * or its group. What must stay inside may not begin anything to public sites.
 */
import type { Flow, PolicyLeaf } from '../../protocol/document.ts';
import type { AppFacts, TenantEstate } from './estate.ts';
import { peersOf } from './native.ts';
import { sortedPrefixes } from './order.ts';
import {
  byPorts,
  compileFlows,
  type FlowsInput,
  flowsInto,
  gatewayFlows,
  grantsOf,
  realsOf,
  sortedDistinct,
  virtualsOf,
} from './policy.ts';
import { appOrigins, appsOf, appTargets, originsOf, portsAt, type Target } from './policy-end.ts';

/** The policy leaf of a site's edges: an open tenant's edge leaves the question to the hubs, but for apps that are closed themselves. */
export function policyLeaf(input: FlowsInput): PolicyLeaf {
  const inbound = input.tenant.isolation === 'open' ? 'tenant' : 'listed';
  const guarded = compileGuarded(input);
  const confined = compileConfined(input);
  return {
    kind: 'policy',
    inbound,
    flows: compileFlows(input),
    ...(guarded.length === 0 ? {} : { guarded, callers: compileCallers(input) }),
    ...(confined === undefined ? {} : { confined }),
  };
}

/** Apps that not everybody of their tenant may call. */
export function isGuarded({ template }: Pick<AppFacts, 'template'>): boolean {
  return template.access.kind !== 'tenant';
}

/** Where these apps are reached at a site: what comes there from another site must be a caller's. */
function compileGuarded({ tenant, site }: FlowsInput): NonNullable<PolicyLeaf['guarded']> {
  return sortedDistinct(
    tenant.apps.filter(isGuarded).flatMap((app) => {
      const own = new Set(appOrigins(app, tenant).map(({ real }) => real));
      return appTargets(app, tenant)
        .filter((target) => target.site === site)
        .map((target) => ({
          to: [target.virtual, target.real],
          // At an address that is a container's own nobody else is reached, whatever the port.
          ports: own.has(target.real) ? [] : [...(portsAt([], target) ?? [])],
        }));
    }),
  );
}

/** Who may call them: whom their access names, the others of their group, policies that name them, and the gateways of the hubs for routes to them. */
function compileCallers(input: FlowsInput): Flow[] {
  const { tenant, site } = input;
  const guarded = tenant.apps.filter(isGuarded);
  const flows = guarded.flatMap((app) => {
    const targets = appTargets(app, tenant);
    const named = callersOf(app, tenant).flatMap((caller) => flowsInto({ ...caller, targets }, input));
    return [...named, ...prefixFlows(app, { targets, site })];
  });
  const granted = grantsOf(tenant).flatMap((grant) => {
    const named = new Set(appsOf(grant.policy.to, tenant).filter(isGuarded));
    const targets = [...named].flatMap((app) => appTargets(app, tenant));
    return flowsInto({ ...grant, targets }, input);
  });
  const routed = gatewayFlows(input);
  return sortedDistinct([...flows, ...granted, ...routed]);
}

/** Apps that an app's access names, and those of its group, by where they speak from and at which ports they may. */
function callersOf({ template: { access } }: AppFacts, tenant: TenantEstate) {
  const named = access.callers.flatMap((caller) =>
    caller.kind === 'app' ? [{ end: { app: caller.app }, ports: caller.ports ?? [] }] : [],
  );
  const mates = access.kind === 'group' ? [{ end: { group: access.group }, ports: [] }] : [];
  return [...named, ...mates].map(({ end, ports }) => ({ origins: originsOf(end, tenant), ports }));
}

/** Prefixes are taken as they are written: as the destination sees them. */
function prefixFlows(
  { template: { access } }: AppFacts,
  { targets, site }: { readonly targets: readonly Target[]; readonly site: string },
): Flow[] {
  return access.callers.flatMap((caller) => {
    if (caller.kind !== 'prefix') return [];
    const from = [caller.prefix];
    return byPorts(targets, { site, ports: caller.ports ?? [] }).flatMap(({ here, open }) => [
      { from, to: virtualsOf(here), ports: [...open] },
      { from, to: realsOf(here), ports: [...open] },
    ]);
  });
}

/** What stays inside sends nothing to public sites: by whom, and to where. Undefined: nothing here has to stay. */
function compileConfined({ tenant, site, pairs }: FlowsInput): PolicyLeaf['confined'] {
  const peers = new Set(peersOf({ tenant: tenant.name, name: site }, pairs));
  const inside = tenant.apps.filter(({ residency }) => residency === 'inside');
  const from = inside.flatMap((app) => appOrigins(app, tenant)).filter((origin) => origin.site === site);
  const publics = tenant.sites.filter(({ name, kind }) => kind === 'vpc' && name !== site);
  const to = publics.flatMap(({ name, prefixes }) =>
    prefixes.flatMap(({ real, virtual }) => (peers.has(name) ? [virtual, real] : [virtual])),
  );
  if (from.length === 0 || to.length === 0) return undefined;
  return { from: realsOf(from), to: sortedPrefixes(to) };
}
