/** The laws of rights, on random grants: more rules never give less, nobody gives what he has not, and a foreign tenant is never seen. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beyondCaller,
  type Grant,
  grantFor,
  mayList,
  mayUser,
  type Scope,
} from '../../../functions/domain/authorize.ts';
import { RIGHT_KINDS, type Rule, VERBS, type Verb } from '../../../protocol/role.ts';

const NAMES = ['a', 'ab', 'abc', 'b'];
const SITES = ['berlin', 'paris', 'a'];
const some = <T>(of: readonly T[]) => fc.subarray([...of], { minLength: 1 });
const tenant = fc.constantFrom('*', 'red', 'blue');
type RuleKind = Rule['kinds'][number];
type RuleVerb = Rule['verbs'][number];
const rule: fc.Arbitrary<Rule> = fc.record(
  {
    kinds: fc.oneof(some<RuleKind>(['site', 'edge', 'app', 'tenant', 'key']), some<RuleKind>(['*'])),
    verbs: fc.oneof(some<RuleVerb>(VERBS), some<RuleVerb>(['*'])),
    names: some([...NAMES, 'a*', 'ab*']),
    sites: some(SITES),
  },
  { requiredKeys: ['kinds', 'verbs'] },
);
const grant: fc.Arbitrary<Grant> = fc.record(
  { tenant, role: fc.constant('r'), rules: fc.array(rule, { maxLength: 3 }), sites: some(SITES) },
  { requiredKeys: ['tenant', 'role', 'rules'] },
);
const grants = fc.array(grant, { maxLength: 3 });
const verb: fc.Arbitrary<Verb> = fc.constantFrom(...VERBS);
const scope: fc.Arbitrary<Scope> = fc.record(
  {
    tenant,
    kind: fc.constantFrom('site', 'edge', 'app', 'tenant', 'key', 'deployment'),
    name: fc.constantFrom(...NAMES),
    site: fc.constantFrom(...SITES),
  },
  { requiredKeys: ['tenant', 'kind'] },
);
const RUNS = { numRuns: 2_000 };

describe('rights', () => {
  test('one more rule takes no right away', () => {
    fc.assert(
      fc.property(grants, grant, rule, verb, scope, (before, last, more, action, asked) => {
        const had = mayUser({ grants: [...before, last] }, action, asked) === true;
        const grown = { ...last, rules: [more, ...last.rules] };
        expect(had && mayUser({ grants: [...before, grown] }, action, asked) !== true).toBe(false);
      }),
      RUNS,
    );
  });

  test('one more grant takes no right away, and shows nothing less of a list', () => {
    fc.assert(
      fc.property(grants, grant, verb, scope, (before, more, action, asked) => {
        const after = { grants: [more, ...before] };
        if (mayUser({ grants: before }, action, asked) === true)
          expect(mayUser(after, action, asked)).toBe(true);
        if (mayList({ grants: before }, asked) === true) expect(mayList(after, asked)).toBe(true);
      }),
      RUNS,
    );
  });

  test('what a caller may give, he may do himself', () => {
    const held = { given: 0, used: 0 };
    const near = fc.oneof(
      grants.map((own) => ({ own, wanted: own[0] })),
      fc.record({ own: grants, wanted: grant }),
    );
    fc.assert(
      fc.property(near, verb, scope, ({ own, wanted }, action, asked) => {
        if (wanted === undefined || beyondCaller({ grants: own }, wanted) !== undefined) return;
        held.given += 1;
        if (grantFor({ grants: [wanted] }, action, asked) === undefined) return;
        held.used += 1;
        expect(grantFor({ grants: own }, action, asked)).toBeDefined();
      }),
      RUNS,
    );
    // Else the law would hold of nothing.
    expect(Math.min(held.given, held.used)).toBeGreaterThan(20);
  });

  test('an admin may give every right in his place, and none beyond it', () => {
    const admin = (place: string): Grant => ({
      tenant: place,
      role: 'admin',
      rules: [{ kinds: ['*'], verbs: ['*'] }],
    });
    fc.assert(
      fc.property(grant, (wanted) => {
        expect(beyondCaller({ grants: [admin('*')] }, wanted)).toBeUndefined();
        const answer = beyondCaller({ grants: [admin('red')] }, wanted);
        expect(answer === undefined).toBe(wanted.tenant === 'red' || wanted.rules.length === 0);
      }),
      RUNS,
    );
  });

  test('the tree of a tenant without a grant is not found, whatever is asked of it', () => {
    fc.assert(
      fc.property(
        fc.array(
          grant.map((one) => ({ ...one, tenant: 'red' })),
          { maxLength: 3 },
        ),
        verb,
        scope,
        (own, action, asked) => {
          const foreign = { ...asked, tenant: 'blue' };
          if (asked.kind === 'deployment' && action === 'read') return;
          expect(mayUser({ grants: own }, action, foreign)).toMatchObject({ code: 'not_found' });
          expect(mayList({ grants: own }, foreign)).toMatchObject({ code: 'not_found' });
        },
      ),
      RUNS,
    );
  });

  test('whoever has no grant may do nothing', () => {
    for (const kind of RIGHT_KINDS)
      for (const action of VERBS)
        for (const place of ['*', 'red'])
          expect(mayUser({ grants: [] }, action, { tenant: place, kind })).not.toBe(true);
  });
});

describe('a rule with limits', () => {
  const ask = (rules: readonly Rule[], asked: Omit<Scope, 'tenant'>, sites?: string[]) =>
    mayUser({ grants: [{ tenant: 'red', role: 'r', rules, sites }] }, 'write', {
      tenant: 'red',
      ...asked,
    }) === true;

  test.each<[string, Omit<Rule, 'verbs'>, Omit<Scope, 'tenant'>, boolean]>([
    ['a name', { kinds: ['app'], names: ['shop'] }, { kind: 'app', name: 'shop' }, true],
    ['another name', { kinds: ['app'], names: ['shop'] }, { kind: 'app', name: 'shop2' }, false],
    ['all of a kind', { kinds: ['app'], names: ['shop'] }, { kind: 'app' }, false],
    ['a beginning', { kinds: ['app'], names: ['shop-*'] }, { kind: 'app', name: 'shop-web' }, true],
    [
      'its own site',
      { kinds: ['edge'], sites: ['berlin'] },
      { kind: 'edge', name: 'x', site: 'berlin' },
      true,
    ],
    [
      'another site',
      { kinds: ['edge'], sites: ['berlin'] },
      { kind: 'edge', name: 'x', site: 'paris' },
      false,
    ],
    ['the site itself', { kinds: ['site'], sites: ['berlin'] }, { kind: 'site', name: 'berlin' }, true],
    ['what stands nowhere', { kinds: ['*'], sites: ['berlin'] }, { kind: 'app', name: 'x' }, false],
    ['another kind', { kinds: ['app'] }, { kind: 'pool', name: 'x' }, false],
  ])('%s', (_, limited, asked, expected) => {
    expect(ask([{ ...limited, verbs: ['write'] }], asked)).toBe(expected);
  });

  test('sites of the grant hold beside those of its rules', () => {
    const rules: Rule[] = [{ kinds: ['edge'], verbs: ['*'], sites: ['berlin', 'paris'] }];
    expect(ask(rules, { kind: 'edge', name: 'x', site: 'berlin' }, ['paris'])).toBe(false);
    expect(ask(rules, { kind: 'edge', name: 'x', site: 'paris' }, ['paris'])).toBe(true);
  });
});
