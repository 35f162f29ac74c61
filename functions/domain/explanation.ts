/**
 * Whether one named thing of a tenant may speak to another, and why, by the words of its policies and of its apps' access: what the compilers make rules of,
 * judged here way by way for people to read. A way leads from a site to a site; within one site nothing of ours sees the packets but a cluster's own network.
 */
import type { ExplainedWay, Explanation } from '../../protocol/explanation.ts';
import { EXPLAINED_WAYS_MAX, policyEndText } from '../../protocol/explanation.ts';
import type { PolicyEnd, PolicyPort } from '../../protocol/policy.ts';
import type { AppFacts, PolicyFacts, TenantEstate } from './estate.ts';
import { siteOf } from './estate.ts';
import { mergedWays, verdictOf } from './explained-ways.ts';
import { sortedBy } from './order.ts';
import { PAIRS_MAX, pairCount } from './policy.ts';
import { appOrigins, appsOf, appTargets, originsOf, type TargetPort, targetsOf } from './policy-end.ts';
import { isGuarded } from './policy-lock.ts';

export interface Question {
  readonly from: PolicyEnd;
  readonly to: PolicyEnd;
  /** Of an app: as its manifest has it. Undefined: whatever it has. */
  readonly port?: PolicyPort | undefined;
}

export interface Surroundings {
  readonly tenant: TenantEstate;
  /** What the networks of clusters do with policies, by cluster. */
  readonly networks: ReadonlyMap<string, 'enforced' | 'ignored' | 'unknown'>;
}

/** What begins: a site, a service, or the containers of an app at a site. */
interface Beginning {
  readonly site: string;
  readonly service?: string | undefined;
  readonly app?: AppFacts | undefined;
  /** Its containers have addresses of their own that the site exposes. */
  readonly isKnown: boolean;
}

/** What is reached, at one port or (undefined) at all of a site or of an address. */
interface Reached {
  readonly site: string;
  readonly service?: string | undefined;
  readonly app?: AppFacts | undefined;
  readonly port?: TargetPort | undefined;
}

export function explain(question: Question, surroundings: Surroundings): Explanation {
  const { tenant } = surroundings;
  const beginnings = beginningsOf(question.from, tenant);
  const reached = reachedBy(question, tenant);
  const ways = beginnings.flatMap((from) =>
    reached.flatMap((to) =>
      from.site === to.site ? withinSite(from, to, surroundings) : between(from, to, tenant),
    ),
  );
  const merged = mergedWays(ways);
  return {
    from: policyEndText(question.from),
    to: policyEndText(question.to),
    verdict: verdictOf(merged),
    ways: merged.slice(0, EXPLAINED_WAYS_MAX),
    notes: notesOf({ question, beginnings, reached, tenant }),
  };
}

function beginningsOf(end: PolicyEnd, tenant: TenantEstate): Beginning[] {
  const { site, service } = end;
  if (site !== undefined)
    return originsOf(end, tenant).length === 0 ? [] : [{ site, service, isKnown: true }];
  return appsOf(end, tenant).flatMap((app) => {
    const known = new Set(appOrigins(app, tenant).map((place) => place.site));
    return homesOf(app, tenant).map((at) => ({ site: at, app, isKnown: known.has(at) }));
  });
}

/** Sites where an app has replicas. */
function homesOf({ assignments }: AppFacts, { clusters }: TenantEstate): string[] {
  const holding = new Set(assignments.filter(({ replicas }) => replicas > 0).map(({ cluster }) => cluster));
  return [...new Set(clusters.filter(({ name }) => holding.has(name)).map(({ site }) => site))].sort();
}

function reachedBy({ to, port }: Question, tenant: TenantEstate): Reached[] {
  const { site, service } = to;
  const asked = port && { ...port, named: port.port };
  if (site !== undefined)
    return targetsOf(to, tenant)
      .slice(0, 1)
      .map(({ ports }) => ({ site, service, port: asked ?? ports[0] }));
  return appsOf(to, tenant).flatMap((app) =>
    appTargets(app, tenant).flatMap((target) =>
      target.ports
        .filter(
          ({ protocol, named }) => port === undefined || (protocol === port.protocol && named === port.port),
        )
        .map((own) => ({ site: target.site, app, port: own })),
    ),
  );
}

function between(from: Beginning, to: Reached, tenant: TenantEstate): ExplainedWay[] {
  const way = { from: from.site, to: to.site, ports: portsOf(to) };
  const denied = (why: string) => [{ ...way, verdict: 'denied' as const, why }];
  const isPublic = siteOf(tenant, to.site)?.kind === 'vpc';
  if (from.app?.residency === 'inside' && from.isKnown && isPublic)
    return denied(`${from.app.name} must stay inside, so it begins nothing to the public site ${to.site}.`);
  const key = keyOfApp(from, to, tenant);
  if (key === undefined)
    return denied(`${to.app?.name} is closed: neither its access nor a policy names ${nameOf(from)}.`);
  if (tenant.isolation === 'open') return [{ ...way, verdict: 'allowed', ...(key === 'open' ? OPEN : key) }];
  if (pairCount(tenant) > PAIRS_MAX)
    return denied(
      `Its policies join more pairs of prefixes than hubs bear (${PAIRS_MAX}), so none of them holds.`,
    );
  return throughPolicies(from, to, { tenant, way });
}

const OPEN = { why: 'The tenant is open: its sites reach each other.' };

interface Between {
  readonly tenant: TenantEstate;
  readonly way: Pick<ExplainedWay, 'from' | 'to' | 'ports'>;
}

/** In an isolated tenant: by which policy, or that there is none. All of a site may be open in parts. */
function throughPolicies(from: Beginning, to: Reached, { tenant, way }: Between): ExplainedWay[] {
  const matching = sortedBy(
    tenant.policies.filter((policy) => begins(policy.from, from) && ends(policy, to)),
    ({ name }) => name,
  );
  const whole = matching.find((policy) => opens(policy, to, tenant));
  const refused = {
    ...way,
    verdict: 'denied' as const,
    why: `The tenant is isolated, and no policy allows ${nameOf(from)} to begin this.`,
  };
  if (whole !== undefined) return [{ ...way, verdict: 'allowed', ...granted(whole) }];
  if (to.port !== undefined) return [refused];
  const parts = matching.map((policy) => ({
    ...way,
    verdict: 'allowed' as const,
    ports: [...policy.ports],
    ...granted(policy),
  }));
  return [...parts, refused];
}

const granted = ({ name }: PolicyFacts) => ({ why: `The policy ${name} allows it.`, policy: name });

/** What opens an app's own lock: `open` if it has none, undefined if nothing does. */
function keyOfApp(
  from: Beginning,
  to: Reached,
  tenant: TenantEstate,
): 'open' | { why: string; policy?: string } | undefined {
  const { app } = to;
  if (app === undefined || !isGuarded(app)) return 'open';
  const { access } = app.template;
  const caller = from.isKnown ? from.app : undefined;
  if (caller !== undefined) {
    if (access.callers.some((one) => one.kind === 'app' && one.app === caller.name && names(one.ports, to)))
      return { why: `The access of ${app.name} names ${caller.name}.` };
    if (access.kind === 'group' && caller.template.access.group === access.group)
      return { why: `${caller.name} and ${app.name} are of the group ${access.group}.` };
  }
  const policy = tenant.policies.find(
    (one) => one.to.site === undefined && begins(one.from, from) && ends(one, to) && opens(one, to, tenant),
  );
  return policy && granted(policy);
}

/** Absent: all ports. */
function names(ports: readonly PolicyPort[] | undefined, { port }: Reached): boolean {
  return ports?.some((one) => one.protocol === port?.protocol && one.port === port.named) ?? true;
}

/** Whether a policy's beginning covers all of this one. Containers that are taken for their node are of the site alone. */
function begins(end: PolicyEnd, { site, service, app, isKnown }: Beginning): boolean {
  if (end.site !== undefined)
    return end.site === site && (end.service === undefined || end.service === service);
  return app !== undefined && isKnown && isNamed(end, app);
}

function isNamed({ app: name, group }: PolicyEnd, app: AppFacts): boolean {
  return name === undefined ? group !== undefined && app.template.access.group === group : name === app.name;
}

function ends({ to: end }: PolicyFacts, { site, service, app }: Reached): boolean {
  if (end.site !== undefined)
    return end.site === site && (end.service === undefined || end.service === service);
  return app !== undefined && isNamed(end, app);
}

/** Whether it opens the port that is asked, or all. Of a site ports are as they are reached, of an app as its manifest has them. */
function opens({ to, ports }: PolicyFacts, { port }: Reached, { services }: TenantEstate): boolean {
  const own = services.filter((one) => one.site === to.site && one.name === to.service);
  const open = ports.length === 0 ? own : ports;
  if (open.length === 0) return true;
  const number = to.site === undefined ? port?.named : port?.port;
  return open.some((one) => one.protocol === port?.protocol && one.port === number);
}

/** In one site: only between containers of one cluster, by its own network. */
function withinSite(from: Beginning, to: Reached, { tenant, networks }: Surroundings): ExplainedWay[] {
  const way = { from: from.site, to: to.site, ports: portsOf(to) };
  const open = (why: string) => [{ ...way, verdict: 'not_enforced' as const, why }];
  const shared = sharedCluster(from.app, to.app, { site: to.site, tenant });
  if (shared === undefined || to.app === undefined)
    return open(`Within ${to.site} packets do not pass its edge; what its own network lets through passes.`);
  if (shared.kind !== 'kubernetes')
    return open(`${shared.name} keeps tenants apart, and does not tell callers inside of one apart.`);
  const network = networks.get(shared.name) ?? 'unknown';
  if (network !== 'enforced')
    return open(
      network === 'ignored'
        ? `The network of ${shared.name} ignores policies. Choose one that enforces them, or access.enforcement: required.`
        : `It is not known whether the network of ${shared.name} enforces policies.`,
    );
  const key = keyOfApp({ ...from, isKnown: true }, to, tenant);
  if (key === undefined)
    return [
      {
        ...way,
        verdict: 'denied',
        why: `${to.app.name} is closed: neither its access nor a policy names ${nameOf(from)}.`,
      },
    ];
  const why = `Apps of a tenant reach each other in ${shared.name}.`;
  return [{ ...way, verdict: 'allowed', ...(key === 'open' ? { why } : key) }];
}

function sharedCluster(
  from: AppFacts | undefined,
  to: AppFacts | undefined,
  { site, tenant }: { readonly site: string; readonly tenant: TenantEstate },
) {
  const holds = (app: AppFacts | undefined, name: string) =>
    app?.assignments.some(({ cluster, replicas }) => cluster === name && replicas > 0) === true;
  return tenant.clusters.find((one) => one.site === site && holds(from, one.name) && holds(to, one.name));
}

function portsOf({ port }: Reached): PolicyPort[] {
  return port === undefined ? [] : [{ protocol: port.protocol, port: port.named }];
}

function nameOf({ site, service, app }: Beginning): string {
  if (app !== undefined) return `the app ${app.name}`;
  return service === undefined ? `the site ${site}` : `the service ${service} at ${site}`;
}

interface Noted {
  readonly question: Question;
  readonly beginnings: readonly Beginning[];
  readonly reached: readonly Reached[];
  readonly tenant: TenantEstate;
}

function notesOf({ question: { from, to, port }, beginnings, reached, tenant }: Noted): string[] {
  const strangers = beginnings.filter(({ isKnown }) => !isKnown);
  const asked = port === undefined ? '' : ` at ${port.protocol}/${port.port}`;
  const locked = to.site === undefined ? [] : lockedAt(to, tenant);
  return [
    ...(beginnings.length === 0 ? [`Nothing of ${policyEndText(from)} runs or is exposed.`] : []),
    ...(reached.length === 0
      ? [`Nothing of ${policyEndText(to)} is reached${asked} at an address that its site exposes.`]
      : []),
    ...strangers.map(
      ({ app, site }) =>
        `Containers of ${app?.name} at ${site} have no address of their own that the site exposes, so edges take them for their node. Give the app a pool.`,
    ),
    ...locked.map((name) => `The app ${name} there is closed, and asks for a caller of its own as well.`),
    ...appsOf(to, tenant).flatMap(({ name, template }) => {
      const prefixes = template.access.callers.flatMap((one) => (one.kind === 'prefix' ? [one.prefix] : []));
      return prefixes.length === 0 ? [] : [`The access of ${name} also names ${prefixes.join(', ')}.`];
    }),
  ];
}

function lockedAt({ site }: PolicyEnd, tenant: TenantEstate): string[] {
  return tenant.apps
    .filter((app) => isGuarded(app) && appTargets(app, tenant).some((target) => target.site === site))
    .map(({ name }) => name)
    .sort();
}
