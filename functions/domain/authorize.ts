/**
 * Who may do what. A caller has grants: roles in one tenant, or (`*`) in the deployment and every tenant. A role is rules, and what no rule gives is
 * denied. The answer never depends on whether the thing exists: a caller gets `not_found` for all that is in a tenant where he has no grant.
 */
import type { Identity } from '../../protocol/identity.ts';
import type { Principal, Role } from '../../protocol/key.ts';
import type { Refusal } from '../../protocol/problem.ts';
import type { RightKind, Rule, Verb } from '../../protocol/role.ts';

export type Action = Verb;
export type ScopeKind = RightKind;

/** `tenant` is `*` for what belongs to the deployment: hubs, their tokens, its keys and events, the list of tenants. */
export interface Scope {
  readonly tenant: string;
  readonly kind: ScopeKind;
  /** Of one thing; a scope without is about all of the kind. */
  readonly name?: string | undefined;
  /** Where the thing stands. */
  readonly site?: string | undefined;
}

export interface Grant {
  readonly tenant: string;
  readonly role: string;
  readonly rules: readonly Rule[];
  readonly sites?: readonly string[] | undefined;
}

/** A principal with all that it may do in the place that it asks about. */
export interface Caller extends Omit<Principal, 'grants'> {
  readonly grants: readonly Grant[];
  /** Of who signed in elsewhere: what the token said. */
  readonly identity?: Identity | undefined;
}

type Granting = Pick<Caller, 'grants'>;

/** Tells callers apart that may have the same name. */
export function callerId({ kind, tenant, name, issuer = '', subject = '' }: Caller): readonly string[] {
  return kind === 'key' ? [tenant, name] : [kind, issuer, subject];
}

/** - A viewer reads; an operator also writes what is run; an admin also keys, roles, bindings, the tenant's own spec, and who may use a cluster. */
export const BUILT_IN: Readonly<Record<Role, readonly Rule[]>> = {
  viewer: [{ kinds: ['*'], verbs: ['read'] }],
  operator: [
    { kinds: ['*'], verbs: ['read'] },
    {
      kinds: ['site', 'service', 'route', 'policy', 'edge', 'hub', 'token', 'app', 'pool'],
      verbs: ['write'],
    },
  ],
  admin: [{ kinds: ['*'], verbs: ['*'] }],
};

/**
 * - Tenants are created and deleted (`administer`) by grants of the deployment alone.
 * - Pools, roots and version (`deployment`) are read by whoever has any grant.
 * - Where a caller has no grant, all of the tenant is `not_found`, read or write, whether it exists or not.
 */
export function mayUser(caller: Granting, action: Action, scope: Scope): true | Refusal {
  if (action === 'read' && scope.kind === 'deployment' && caller.grants.length > 0) return true;
  return grantFor(caller, action, scope) === undefined ? refusalOf(caller, action, scope) : true;
}

/** The grant by which the caller may. */
export function grantFor({ grants }: Granting, action: Action, scope: Scope): Grant | undefined {
  const asked = { ...scope, site: siteOf(scope) };
  return grants.find(
    (grant) =>
      reaches(grant, action, scope) &&
      grant.rules.some((rule) => gives(rule, action, scope.kind) && isWithin(rule, grant, asked)),
  );
}

/** Whether some of a list might be shown; what is, is decided by `mayUser` for each. */
export function mayList(caller: Granting, scope: Pick<Scope, 'tenant' | 'kind'>): true | Refusal {
  const some = caller.grants.some(
    (grant) => reaches(grant, 'read', scope) && grant.rules.some((rule) => gives(rule, 'read', scope.kind)),
  );
  return some ? true : refusalOf(caller, 'read', scope);
}

/** Nobody gives what he has not: undefined if the caller may himself do all that the grant would allow. */
export function beyondCaller(caller: Granting, wanted: Grant): Refusal | undefined {
  const beyond = wanted.rules
    .flatMap((rule) => atomsOf(rule))
    .find((atom) => !caller.grants.some((own) => covers(own, atom, wanted)));
  if (beyond === undefined) return undefined;
  const { kind, verb, name } = beyond;
  return {
    code: 'forbidden',
    detail: `The role ${wanted.role} gives the right to ${verb} ${kind}${name === undefined ? '' : ` ${name}`}, which you do not have yourself.`,
  };
}

function refusalOf({ grants }: Granting, action: Action, { tenant, kind, name }: Scope): Refusal {
  const inPlace = grants.filter((grant) => grant.tenant === '*' || grant.tenant === tenant);
  if (inPlace.length === 0 && tenant !== '*')
    return { code: 'not_found', detail: `There is no tenant ${tenant} that this caller may see.` };
  if (
    inPlace.length === 0 ||
    (action === 'administer' && kind === 'tenant' && inPlace.every((grant) => grant.tenant !== '*'))
  )
    return { code: 'forbidden', detail: 'This takes a role in the whole deployment.' };
  const roles = inPlace
    .map(({ role, sites }) => (sites === undefined ? role : `${role} at ${sites.join(', ')}`))
    .join(', ');
  const what = `${action} ${kind}${name === undefined ? '' : ` ${name}`}`;
  return {
    code: 'forbidden',
    detail: `No role of this caller gives the right to ${what}; there is: ${roles}.`,
  };
}

function reaches({ tenant }: Grant, action: Action, scope: Scope): boolean {
  if (action === 'administer' && scope.kind === 'tenant') return tenant === '*';
  return tenant === '*' || tenant === scope.tenant;
}

function gives({ kinds, verbs }: Rule, action: Action, kind: ScopeKind): boolean {
  return (kinds.includes('*') || kinds.includes(kind)) && (verbs.includes('*') || verbs.includes(action));
}

function isWithin(rule: Rule, grant: Grant, { name, site }: Pick<Scope, 'name' | 'site'>): boolean {
  const named =
    rule.names === undefined || (name !== undefined && rule.names.some((pattern) => matches(pattern, name)));
  return (
    named &&
    [rule.sites, grant.sites].every(
      (sites) => sites === undefined || (site !== undefined && sites.includes(site)),
    )
  );
}

/** A site stands at itself. */
function siteOf({ kind, name, site }: Scope): string | undefined {
  return kind === 'site' ? (site ?? name) : site;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** A right without alternatives. `name` is a pattern; undefined stands for every name. */
interface Atom {
  readonly kind: ScopeKind | '*';
  readonly verb: Verb | '*';
  readonly name: string | undefined;
  readonly sites: readonly string[] | undefined;
}

function atomsOf({ kinds, verbs, names, sites }: Rule): Atom[] {
  const patterns = names ?? [undefined];
  return kinds.flatMap((kind) =>
    verbs.flatMap((verb) => patterns.map((name) => ({ kind, verb, name, sites }))),
  );
}

/** By one rule of one grant: what only several of them give together must be asked for in several rules. */
function covers(own: Grant, atom: Atom, wanted: Grant): boolean {
  if (own.tenant !== '*' && own.tenant !== wanted.tenant) return false;
  return own.rules.some(
    (rule) =>
      (rule.kinds.includes('*') || rule.kinds.includes(atom.kind)) &&
      (rule.verbs.includes('*') || rule.verbs.includes(atom.verb)) &&
      (rule.names === undefined || rule.names.some((pattern) => coversName(pattern, atom.name))) &&
      [rule.sites, own.sites].every((limit) => coversSites(limit, [atom.sites, wanted.sites])),
  );
}

function coversName(pattern: string, name: string | undefined): boolean {
  if (name === undefined) return false;
  if (!name.endsWith('*')) return matches(pattern, name);
  return pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1));
}

/** The wanted right holds where all its lists agree: it is enough that one of them stays within the limit. */
function coversSites(
  limit: readonly string[] | undefined,
  wanted: readonly (readonly string[] | undefined)[],
): boolean {
  return limit === undefined || wanted.some((sites) => sites?.every((site) => limit.includes(site)) === true);
}
