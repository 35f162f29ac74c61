/** Who may do what: the whole matrix, written out. */
import { describe, expect, test } from 'vitest';
import { type Action, BUILT_IN, mayUser, type ScopeKind } from '../../../functions/domain/authorize.ts';
import { ROLES } from '../../../protocol/key.ts';
import { RIGHT_KINDS } from '../../../protocol/role.ts';

const KINDS = RIGHT_KINDS;
const ACTIONS: Action[] = ['read', 'write', 'administer'];

/** The least role for an action on a kind; what is not named follows the rule of its action. */
const LEAST = {
  read: () => 'viewer',
  write: (kind: ScopeKind) =>
    ['key', 'role', 'binding', 'tenant', 'deployment', 'cluster', 'event'].includes(kind)
      ? 'admin'
      : 'operator',
  administer: () => 'admin',
};

/** The code of the refusal, or true. */
function answer(
  key: string,
  action: Action,
  [tenant, kind]: [tenant: string, kind: ScopeKind],
): true | string {
  const [keyTenant = '', roleName] = key.split(':');
  const role = ROLES.find((each) => each === roleName) ?? 'viewer';
  const grants = [{ tenant: keyTenant, role, rules: BUILT_IN[role] }];
  const said = mayUser({ grants }, action, { tenant, kind });
  return said === true ? true : said.code;
}

describe('the matrix', () => {
  const rows = ROLES.flatMap((role) =>
    ACTIONS.flatMap((action) => KINDS.map((kind) => ({ role, action, kind }))),
  );

  test.each(rows)('$role: $action $kind', ({ role, action, kind }) => {
    const suffices = ROLES.indexOf(role) >= ROLES.findIndex((each) => each === LEAST[action](kind));
    const expected = suffices ? true : 'forbidden';
    const isOpen = kind === 'deployment' && action === 'read';
    const isDeploymentOnly = kind === 'tenant' && action === 'administer';
    expect({
      everywhere: answer(`*:${role}`, action, ['*', kind]),
      inAny: answer(`*:${role}`, action, ['red', kind]),
      own: answer(`red:${role}`, action, ['red', kind]),
      other: answer(`red:${role}`, action, ['blue', kind]),
      deployment: answer(`red:${role}`, action, ['*', kind]),
    }).toEqual({
      everywhere: expected,
      inAny: expected,
      own: isDeploymentOnly ? 'forbidden' : expected,
      other: isOpen ? true : 'not_found',
      deployment: isOpen ? true : 'forbidden',
    });
  });
});

describe('in words', () => {
  test.each<[string, Action, string, ScopeKind, true | string]>([
    ['red:viewer', 'read', 'red', 'site', true],
    ['red:viewer', 'write', 'red', 'site', 'forbidden'],
    ['red:operator', 'write', 'red', 'token', true],
    ['red:operator', 'write', 'red', 'tenant', 'forbidden'],
    ['red:admin', 'write', 'red', 'tenant', true],
    ['red:admin', 'write', 'red', 'key', true],
    ['red:operator', 'write', 'red', 'app', true],
    ['red:operator', 'write', 'red', 'pool', true],
    ['red:operator', 'write', 'red', 'cluster', 'forbidden'],
    ['red:admin', 'administer', 'red', 'tenant', 'forbidden'],
    ['red:admin', 'write', '*', 'hub', 'forbidden'],
    ['red:admin', 'read', 'blue', 'site', 'not_found'],
    ['red:admin', 'write', 'nowhere', 'site', 'not_found'],
    ['*:operator', 'write', '*', 'hub', true],
    ['*:operator', 'administer', '*', 'tenant', 'forbidden'],
    ['*:admin', 'administer', 'red', 'tenant', true],
    ['*:admin', 'write', '*', 'key', true],
  ])('%s may %s %s %s: %s', (key, action, tenant, kind, expected) => {
    expect(answer(key, action, [tenant, kind])).toBe(expected);
  });
});
