/** Roles and bindings, of a tenant or of the deployment; and whether the caller may. Nobody gives what he has not himself. */
import {
  type Binding,
  BindingCreation,
  BindingList,
  BindingReplacement,
  Binding as BindingSchema,
} from '../../protocol/binding.ts';
import { CLUSTER_BINDINGS_MAX } from '../../protocol/cluster.ts';
import { isBuiltIn } from '../../protocol/key.ts';
import {
  RightAnswer,
  RightQuestion,
  type Role,
  RoleCreation,
  RoleList,
  RoleReplacement,
  Role as RoleSchema,
} from '../../protocol/role.ts';
import { beyondCaller, type Caller, type Grant, grantFor, mayUser, type Scope } from '../domain/authorize.ts';
import type { Item, Store } from '../store/port.ts';
import { type Creatable, type Desk, findLive, IN_DEPLOYMENT, tenantPlace } from './collection.ts';
import { allLive, findDependent } from './dependent.ts';
import { refuseField } from './faults.ts';
import { rulesOf } from './grants.ts';
import { metadataOf } from './item.ts';
import { NO_QUERY, type Operation, operation } from './operation.ts';
import { refuse, refuseIf } from './problems.ts';
import { crudOperations } from './resource.ts';

/** Of one tenant, or of the deployment: half of what a cluster's document has room for. */
const BINDINGS_MAX = CLUSTER_BINDINGS_MAX / 2;

const IN_TENANT = { prefix: '/v1/tenants/{tenant}', place: tenantPlace };
const DEPLOYED = { prefix: '/v1', place: () => IN_DEPLOYMENT, owner: 'Deployment' };

export function roleOperations(desk: Desk): Operation[] {
  return [IN_TENANT, DEPLOYED].flatMap(({ prefix, ...where }) => [
    ...crudOperations(desk, { ...roleKind(desk.store), ...where, path: `${prefix}/roles` }),
    ...crudOperations(desk, { ...bindingKind(desk.store), ...where, path: `${prefix}/bindings` }),
  ]);
}

/** Ends the request unless the caller has all that the role would give. */
export async function requireWithin(
  store: Store,
  caller: Caller,
  given: Omit<Grant, 'rules'>,
): Promise<void> {
  const rules = await rulesOf(store, given.tenant, given.role);
  if (rules === undefined) return refuseField('/spec/role', `There is no role named ${given.role}.`);
  refuseIf(beyondCaller(caller, { ...given, rules }));
}

type Declared<K extends 'role' | 'binding', Shown> = Omit<Creatable<K, Shown>, 'path' | 'place' | 'owner'>;

function roleKind(store: Store): Declared<'role', Role> {
  return {
    kind: 'role',
    schemas: { one: RoleSchema, list: RoleList, creation: RoleCreation, replacement: RoleReplacement },
    problems: ['forbidden'],
    begin: (evidence) => evidence,
    async prepare({ key, spec, principal }) {
      if (isBuiltIn(key.name)) refuseField('/metadata/name', `The role ${key.name} is built in.`);
      const above = key.tenant === '*' ? undefined : await findLive(store, { ...key, tenant: '*' });
      if (above !== undefined)
        refuseField('/metadata/name', `The deployment has a role ${key.name}, which holds here too.`);
      refuseIf(beyondCaller(principal, { tenant: key.tenant, role: key.name, rules: spec.rules }));
      return { spec, status: {} };
    },
    show: async (items) => items.map(shown),
    release: (item) => requireUnused(store, item),
  };
}

function bindingKind(store: Store): Declared<'binding', Binding> {
  return {
    kind: 'binding',
    schemas: {
      one: BindingSchema,
      list: BindingList,
      creation: BindingCreation,
      replacement: BindingReplacement,
    },
    problems: ['forbidden'],
    begin: (evidence) => evidence,
    async prepare({ key, spec, before, principal }) {
      const { role, sites } = spec;
      await requireWithin(store, principal, { tenant: key.tenant, role, sites });
      if (before === undefined) await requireRoom(store, key.tenant);
      return { spec, status: {} };
    },
    show: async (items) => items.map(shown),
  };
}

/** A request of who signed in looks through all of them, and so does an edge with clusters. */
async function requireRoom(store: Store, tenant: string): Promise<void> {
  const there = await allLive(store, { kind: 'binding', tenant });
  if (there.length >= BINDINGS_MAX)
    refuse(
      'forbidden',
      `There are ${BINDINGS_MAX} bindings here, which is the most. Bind groups instead of persons, or delete some.`,
    );
}

function shown<K extends 'role' | 'binding'>(item: Item<K>) {
  return { metadata: metadataOf(item), spec: item.spec, status: {} };
}

/** In its own place: a role of the deployment that is gone gives nothing wherever a tenant still names it. */
async function requireUnused(store: Store, { key: { tenant, name } }: Item<'role'>): Promise<void> {
  for (const kind of ['key', 'binding'] as const) {
    const user = await findDependent<'key' | 'binding'>(
      store,
      { kind, tenant },
      ({ spec }) => spec.role === name,
    );
    if (user !== undefined)
      refuse(
        'in_use',
        `The ${kind} ${user.key.name} has the role ${name}. Give it another one, or delete it, first.`,
      );
  }
}

export function rightOperation({ guards }: Desk): Operation {
  return operation({
    id: 'canI',
    method: 'post',
    path: '/v1/can-i',
    tag: 'roles',
    summary: 'Whether the caller may do something, and why',
    guard: guards.anyUser,
    body: RightQuestion,
    query: NO_QUERY,
    answers: [{ status: 200, description: 'Yes or no', schema: RightAnswer }],
    problems: [],
    handle: async ({ body, principal }) => ({ status: 200, json: answerTo(principal, body) }),
  });
}

function answerTo(caller: Caller, { verb, kind, tenant = '*', name, site }: RightQuestion): RightAnswer {
  const scope: Scope = { tenant, kind, name, site };
  const allowed = mayUser(caller, verb, scope);
  if (allowed !== true) return { allowed: false, reason: allowed.detail };
  const grant = grantFor(caller, verb, scope);
  if (grant === undefined) return { allowed: true, reason: 'Whoever has a role may.' };
  const where = grant.tenant === '*' ? 'the deployment' : `the tenant ${grant.tenant}`;
  const at = grant.sites === undefined ? '' : ` at ${grant.sites.join(', ')}`;
  return { allowed: true, reason: `The role ${grant.role} in ${where}${at} gives it.` };
}
