/** What can be said of sites, services, routes and policies: whether each is in force, and what it waits for. */
import type { Condition } from '../../protocol/metadata.ts';
import type { PolicyEnd } from '../../protocol/policy.ts';
import { servingOf } from './endpoint.ts';
import {
  type EdgeFacts,
  isLive,
  type PolicyFacts,
  type RouteFacts,
  type SiteFacts,
  siteOf,
  type TenantEstate,
} from './estate.ts';
import type { NativePair } from './native.ts';
import { peersOf } from './native.ts';
import { appsOf, originsOf, portsAt, targetsOf } from './policy-end.ts';
import { isGuarded } from './policy-lock.ts';
import { appRoutes, servedRoutes } from './route.ts';
import { virtualAddress } from './service.ts';
import { condition } from './status.ts';

export interface SiteEvidence {
  readonly site: SiteFacts;
  /** The edges of the site, each with its Connected condition. */
  readonly edges: readonly { readonly edge: EdgeFacts; readonly connected: Condition }[];
  /** The Reporting conditions of hubs that stand in this site, if it is a VPC. */
  readonly hubs: readonly Condition[];
  /** All sites of the tenant, and the native pairs in force. */
  readonly sites: readonly SiteFacts[];
  readonly pairs: readonly NativePair[];
  readonly updatedAt: string;
}

/** `Ready`, and a `Native/PEER` for each site that it asks to reach natively. */
export function siteConditions(evidence: SiteEvidence): Condition[] {
  return [ready(evidence), ...[...evidence.site.native].sort().map((peer) => native(peer, evidence))];
}

function ready({ site, edges, hubs, updatedAt }: SiteEvidence): Condition {
  const say = (reason: string, message: string) => condition(['Ready', 'False', reason], message, updatedAt);
  if (site.prefixes.length === 0)
    return say('NoPrefixes', 'The site exposes no prefix; add some, or let its edge advertise them.');
  if (edges.length === 0 && hubs.length === 0)
    return say('NoEdge', 'No edge has enrolled; create a token and run the installer at the site.');
  const live = edges.filter(({ edge }) => isLive(edge));
  if (live.length === 0 && hubs.length === 0)
    return say('NoApprovedEdge', 'No edge of the site is approved and free of quarantine.');
  const evidence = [...live.map(({ connected }) => connected), ...hubs];
  const best =
    evidence.find(({ status }) => status === 'True') ??
    evidence.find(({ status }) => status === 'Unknown') ??
    evidence[0];
  const {
    status = 'Unknown',
    reason = 'NoEvidence',
    message = '',
    lastTransitionTime = updatedAt,
  } = best ?? {};
  return condition(['Ready', status, status === 'True' ? 'Connected' : reason], message, lastTransitionTime);
}

function native(peer: string, { site, sites, pairs, updatedAt }: SiteEvidence): Condition {
  const type = `Native/${peer}`;
  if (peersOf(site, pairs).includes(peer))
    return condition([type, 'True', 'Joined'], `${site.name} and ${peer} use real addresses.`, updatedAt);
  const other = sites.find((candidate) => candidate.name === peer);
  if (!other) return condition([type, 'False', 'NoSuchSite'], `There is no site ${peer}.`, updatedAt);
  if (!other.native.includes(site.name))
    return condition(
      [type, 'False', 'WaitingForPeer'],
      `The site ${peer} has to ask for ${site.name} too.`,
      updatedAt,
    );
  return condition(
    [type, 'False', 'Collision'],
    'Real addresses would collide; virtual ones are in use.',
    updatedAt,
  );
}

export function serviceConditions(
  service: { readonly address: string },
  site: Pick<SiteFacts, 'name' | 'prefixes'> | undefined,
  updatedAt: string,
): Condition[] {
  const virtual = virtualAddress(service.address, site?.prefixes ?? []);
  if (virtual !== undefined)
    return [condition(['Named', 'True', 'Exposed'], `Other sites reach it at ${virtual}.`, updatedAt)];
  const message = `${service.address} is in no exposed prefix of the site, so other sites can't reach it.`;
  return [condition(['Named', 'False', 'NotExposed'], message, updatedAt)];
}

export function routeConditions(route: RouteFacts, tenant: TenantEstate, updatedAt: string): Condition[] {
  const say = (status: Condition['status'], reason: string, message: string) => [
    condition(['Served', status, reason], message, updatedAt),
  ];
  if (route.app !== undefined) return [appServed(route.app, { route, tenant, updatedAt })];
  if (servedRoutes(tenant).some((served) => served.route.name === route.name))
    return say('True', 'Served', 'The hubs serve it.');
  const { name, site } = route.service ?? { name: '', site: '' };
  return say(
    'False',
    'NoService',
    `The service ${name} at ${site} is missing or not exposed, or another route has this host and path.`,
  );
}

interface AppServed {
  readonly route: RouteFacts;
  readonly tenant: TenantEstate;
  readonly updatedAt: string;
}

function appServed(
  { name, port }: NonNullable<RouteFacts['app']>,
  { route, tenant, updatedAt }: AppServed,
): Condition {
  if (!appRoutes(tenant).some((served) => served.name === route.name)) {
    const message = `The app ${name} is missing or has no TCP port named ${port}, or another route has this host and path.`;
    return condition(['Served', 'False', 'NoApp'], message, updatedAt);
  }
  const app = tenant.apps.find((one) => one.name === name);
  const open =
    app === undefined ? [] : servingOf(app).filter(({ ports }) => ports.some((one) => one.name === port));
  if (open.length > 0)
    return condition(
      ['Served', 'True', 'Served'],
      `The hubs serve it from ${open.length} ready containers.`,
      updatedAt,
    );
  const message = `No container of ${name} is ready at an address that other sites reach: see the condition Reachable of the app.`;
  return condition(['Served', 'False', 'NoEndpoint'], message, updatedAt);
}

export function policyConditions(policy: PolicyFacts, tenant: TenantEstate, updatedAt: string): Condition[] {
  const say = (status: Condition['status'], reason: string, message: string) => [
    condition(['InForce', status, reason], message, updatedAt),
  ];
  const missing = missingEnd(policy.from, tenant) ?? missingEnd(policy.to, tenant);
  if (missing !== undefined) return say('False', missing.reason, missing.message);
  const isLocked = appsOf(policy.to, tenant).some(isGuarded);
  if (tenant.isolation === 'open' && !isLocked)
    return say('True', 'TenantOpen', 'The tenant is open: this flows with or without the policy.');
  const origins = originsOf(policy.from, tenant);
  const targets = targetsOf(policy.to, tenant);
  if (origins.length === 0) return say('False', ...nowhere(policy.from, 'speak from'));
  if (targets.length === 0) return say('False', ...nowhere(policy.to, 'are reached at'));
  if (targets.every((target) => portsAt(policy.ports, target) === undefined))
    return say('False', 'NoSuchPort', 'The app has none of these ports; give them as its manifest does.');
  return say('True', 'Compiled', 'Edges and hubs are told to let it pass.');
}

function missingEnd(end: PolicyEnd, tenant: TenantEstate): { reason: string; message: string } | undefined {
  const { site, service, app, group } = end;
  if (site !== undefined && siteOf(tenant, site) === undefined)
    return { reason: 'NoSuchSite', message: `There is no site ${site}.` };
  const isKnown = tenant.services.some((one) => one.site === site && one.name === service);
  if (service !== undefined && !isKnown)
    return { reason: 'NoSuchService', message: `There is no service ${service} at the site ${site}.` };
  if (site !== undefined || appsOf(end, tenant).length > 0) return undefined;
  return app === undefined
    ? { reason: 'NoSuchGroup', message: `No app is of the group ${group}.` }
    : { reason: 'NoSuchApp', message: `There is no app ${app}.` };
}

function nowhere({ site, app, group }: PolicyEnd, how: string): [reason: string, message: string] {
  if (site !== undefined) return ['NoPrefixes', `The site ${site} exposes no prefix yet.`];
  const whose = app === undefined ? `the group ${group}` : `the app ${app}`;
  return [
    'NoAddress',
    `No container of ${whose} has an address of its own, inside a prefix that its site exposes, that they ${how}. Give the app a pool.`,
  ];
}
