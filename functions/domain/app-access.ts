/**
 * Who may call an app in one cluster, as the cluster is told. Its network knows apps of the tenant by their labels, and everybody else by address: so whoever
 * may call by name is there by label, and by the addresses that it has at other sites and in other clusters.
 */
import type { AppCaller, AppTemplate } from '../../protocol/app.ts';
import { canonicalJson } from '../../protocol/canonical.ts';
import type { PolicyEnd, PolicyPort } from '../../protocol/policy.ts';
import type { AppFacts, ClusterPlace, TenantEstate } from './estate.ts';
import { distinctBy, sortedBy, sortedPrefixes } from './order.ts';
import { appOrigins, appsOf, originsOf, type Place } from './policy-end.ts';

/** With more addresses than these of one caller, its exposed prefixes stand for them: the edge before the cluster knows them exactly. */
const EXACT_MAX = 64;

type Access = AppTemplate['access'];

/** Who may call, in the words of people. */
interface Named {
  readonly end: PolicyEnd;
  readonly ports: readonly PolicyPort[] | undefined;
}

export interface AccessScene {
  readonly tenant: TenantEstate;
  readonly cluster: ClusterPlace;
  readonly app: string;
}

/** Access of kind `tenant` or `listed`: groups and policies are callers then. */
export function accessIn({ access }: AppTemplate, scene: AccessScene): Access {
  const { kind, callers, enforcement } = access;
  const named = [...namedBy(access), ...namedByPolicies(scene)];
  const labels = kind === 'tenant' ? [] : named.flatMap((one) => labelsOf(one, scene.tenant));
  const far = scene.cluster.kind === 'kubernetes' ? farCallers(kind, named, scene) : [];
  const all = [...callers, ...sortedBy([...labels, ...far], canonicalJson)];
  return { kind: kind === 'group' ? 'listed' : kind, callers: distinctBy(all, canonicalJson), enforcement };
}

function namedBy({ kind, group, callers }: Access): Named[] {
  const apps = callers.flatMap((one) =>
    one.kind === 'app' ? [{ end: { app: one.app }, ports: one.ports }] : [],
  );
  return kind === 'group' ? [...apps, { end: { group }, ports: undefined }] : apps;
}

function namedByPolicies({ tenant, app }: AccessScene): Named[] {
  return tenant.policies
    .filter(({ to }) => appsOf(to, tenant).some(({ name }) => name === app))
    .map(({ from, ports }) => ({ end: from, ports: ports.length === 0 ? undefined : ports }));
}

function labelsOf({ end, ports }: Named, tenant: TenantEstate): AppCaller[] {
  const names = end.app === undefined ? appsOf(end, tenant).map(({ name }) => name) : [end.app];
  return names.map((app) => ({ kind: 'app', app, ...portsIf(ports) }));
}

/** What comes from other sites has passed the edge, which asked by the same names; here it is known by where it speaks from. */
function farCallers(
  kind: Access['kind'],
  named: readonly Named[],
  { tenant, cluster }: AccessScene,
): AppCaller[] {
  const open = kind === 'tenant' ? tenant.sites.filter(({ name }) => name !== cluster.site) : [];
  const everywhere = open.flatMap(({ prefixes }) => prefixes.map(({ virtual }) => virtual));
  return [
    ...sortedPrefixes(everywhere).map((prefix) => ({ kind: 'prefix' as const, prefix })),
    ...named.flatMap(({ end, ports }) =>
      sortedPrefixes(seenFrom(cluster.site, farOrigins(end, { tenant, cluster }))).map((prefix) => ({
        kind: 'prefix' as const,
        prefix,
        ...portsIf(ports),
      })),
    ),
  ];
}

function farOrigins(end: PolicyEnd, { tenant, cluster }: Pick<AccessScene, 'tenant' | 'cluster'>): Place[] {
  if (end.site !== undefined) return originsOf(end, tenant);
  const elsewhere = ({ origins, ...app }: AppFacts) => ({
    ...app,
    origins: origins.filter((origin) => origin.cluster !== cluster.name),
  });
  return appsOf(end, tenant).flatMap((app) => appOrigins(elsewhere(app), tenant));
}

function seenFrom(site: string, places: readonly Place[]): string[] {
  const isMany = places.length > EXACT_MAX;
  return places.map((place) => {
    const { real, virtual } = isMany ? place.mapping : place;
    return place.site === site ? real : virtual;
  });
}

function portsIf(ports: readonly PolicyPort[] | undefined): { ports?: PolicyPort[] } {
  return ports === undefined ? {} : { ports: [...ports] };
}
