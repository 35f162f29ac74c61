/**
 * What a policy would change, by the words of `explanation.ts`: every two named things that it can touch are asked about as things are and as they would be. It
 * decides nothing of its own, so that what is foretold is what is told afterwards.
 */
import type { ExplainedWay } from '../../protocol/explanation.ts';
import { policyEndText } from '../../protocol/explanation.ts';
import type { PolicyEnd, PolicySpec } from '../../protocol/policy.ts';
import {
  type PolicyPreview,
  PREVIEWED_PAIRS_MAX,
  type PreviewedPair,
} from '../../protocol/policy-preview.ts';
import type { TenantEstate } from './estate.ts';
import { explain, type Surroundings } from './explanation.ts';
import { PAIRS_MAX, pairCount } from './policy.ts';
import { appOrigins, appsOf, appTargets } from './policy-end.ts';

export interface WantedPolicy {
  readonly name: string;
  /** Undefined: that it is deleted. */
  readonly spec: PolicySpec | undefined;
}

export function previewPolicy(wanted: WantedPolicy, around: Surroundings): PolicyPreview {
  const before = around.tenant;
  const own = before.policies.find(({ name }) => name === wanted.name);
  const after = tenantWith(wanted, before);
  const specs = [own, wanted.spec].filter((spec) => spec !== undefined);
  const froms = distinctEnds(specs.flatMap(({ from }) => beginningsIn(from, before)));
  const tos = distinctEnds(specs.flatMap(({ to }) => endingsIn(to, before)));
  const pairs = froms.flatMap((from) =>
    tos.flatMap((to) => (policyEndText(from) === policyEndText(to) ? [] : [{ from, to }])),
  );
  const looked = pairs.slice(0, PREVIEWED_PAIRS_MAX).map(({ from, to }) => {
    const ask = (tenant: TenantEstate) => explain({ from, to }, { ...around, tenant }).ways;
    return { from, to, now: ask(before), then: ask(after) };
  });
  return {
    change: own === undefined ? (wanted.spec === undefined ? 'none' : 'created') : replaced(wanted),
    opened: looked.flatMap(({ from, to, now, then }) => pairOf({ from, to }, gained(now, then))),
    cut: looked.flatMap(({ from, to, now, then }) => pairOf({ from, to }, gained(then, now))),
    omitted: pairs.length - looked.length,
    notes: notesOf(wanted, before, after),
  };
}

function replaced({ spec }: WantedPolicy): 'replaced' | 'deleted' {
  return spec === undefined ? 'deleted' : 'replaced';
}

function tenantWith({ name, spec }: WantedPolicy, tenant: TenantEstate): TenantEstate {
  const others = tenant.policies.filter((policy) => policy.name !== name);
  return { ...tenant, policies: spec === undefined ? others : [...others, { name, ...spec }] };
}

/** All that begins where the end does: a site stands for its services and for the apps that speak from it, too. */
function beginningsIn(end: PolicyEnd, tenant: TenantEstate): PolicyEnd[] {
  const { site, service } = end;
  if (site === undefined) return appsOf(end, tenant).map(({ name }) => ({ app: name }));
  if (service !== undefined) return [end];
  const homes = new Set(tenant.clusters.filter((cluster) => cluster.site === site).map(({ name }) => name));
  const apps = tenant.apps.filter(
    (app) =>
      appOrigins(app, tenant).some((place) => place.site === site) ||
      app.assignments.some(({ cluster, replicas }) => replicas > 0 && homes.has(cluster)),
  );
  return [end, ...servicesAt(site, tenant), ...apps.map(({ name }) => ({ app: name }))];
}

function endingsIn(end: PolicyEnd, tenant: TenantEstate): PolicyEnd[] {
  const { site, service } = end;
  if (site === undefined) return appsOf(end, tenant).map(({ name }) => ({ app: name }));
  if (service !== undefined) return [end];
  const apps = tenant.apps.filter((app) => appTargets(app, tenant).some((place) => place.site === site));
  return [end, ...servicesAt(site, tenant), ...apps.map(({ name }) => ({ app: name }))];
}

function servicesAt(site: string, { services }: TenantEstate): PolicyEnd[] {
  return services.filter((one) => one.site === site).map(({ name }) => ({ site, service: name }));
}

function distinctEnds(ends: readonly PolicyEnd[]): PolicyEnd[] {
  const known = new Map(ends.map((end) => [policyEndText(end), end]));
  return [...known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, end]) => end);
}

type Way = PreviewedPair['ways'][number];

function pairOf({ from, to }: { from: PolicyEnd; to: PolicyEnd }, ways: readonly Way[]): PreviewedPair[] {
  return ways.length === 0 ? [] : [{ from: policyEndText(from), to: policyEndText(to), ways: [...ways] }];
}

/** What `then` allows and `now` does not. Where all of a way was allowed, a part of it is nothing new. */
function gained(now: readonly ExplainedWay[], then: readonly ExplainedWay[]): Way[] {
  const had = new Set(now.filter(({ verdict }) => verdict === 'allowed').flatMap(keysOf));
  const found = new Map<string, Way>();
  for (const { from, to, ports, verdict } of then) {
    if (verdict !== 'allowed' || had.has(keyOf(from, to))) continue;
    const fresh = ports.filter((port) => !had.has(keyOf(from, to, port)));
    if (ports.length > 0 && fresh.length === 0) continue;
    const whole = found.get(keyOf(from, to));
    const isWhole = ports.length === 0 || whole?.ports.length === 0;
    const told = new Map([...(whole?.ports ?? []), ...fresh].map((port) => [keyOf('', '', port), port]));
    found.set(keyOf(from, to), { from, to, ports: isWhole ? [] : [...told.values()] });
  }
  return [...found.values()];
}

function keysOf({ from, to, ports }: ExplainedWay): string[] {
  return ports.length === 0 ? [keyOf(from, to)] : ports.map((port) => keyOf(from, to, port));
}

function keyOf(from: string, to: string, port?: Way['ports'][number]): string {
  return `${from} ${to} ${port === undefined ? '*' : `${port.protocol}/${port.port}`}`;
}

function notesOf({ spec }: WantedPolicy, before: TenantEstate, after: TenantEstate): string[] {
  const isOver = (tenant: TenantEstate) => tenant.isolation === 'isolated' && pairCount(tenant) > PAIRS_MAX;
  return [
    ...(before.isolation === 'open'
      ? ['The tenant is open: between its sites a policy opens nothing until the tenant is isolated.']
      : []),
    ...(isOver(after) && !isOver(before)
      ? [
          `The policies would join more pairs of prefixes than hubs bear (${PAIRS_MAX}), so none of them would hold.`,
        ]
      : []),
    ...(isOver(before) && !isOver(after) ? ['The policies that were too many would hold again.'] : []),
    ...(spec === undefined ? [] : [spec.from, spec.to].flatMap((end) => unknownEnd(end, before))),
  ];
}

/** A policy may name what is yet to come; that it changes nothing now has to be said. */
function unknownEnd(end: PolicyEnd, tenant: TenantEstate): string[] {
  const { site, service } = end;
  const isKnown =
    site === undefined
      ? appsOf(end, tenant).length > 0
      : service === undefined
        ? tenant.sites.some(({ name }) => name === site)
        : tenant.services.some((one) => one.site === site && one.name === service);
  return isKnown ? [] : [`There is no ${policyEndText(end)} yet: the policy waits for it.`];
}
