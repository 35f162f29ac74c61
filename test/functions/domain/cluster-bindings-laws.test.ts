/** The laws of bindings at clusters, against `authorize`: nobody comes in there who may not read the cluster here, and nobody in a group that no binding of his gives. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUILT_IN, mayUser } from '../../../functions/domain/authorize.ts';
import { userOf } from '../../../functions/domain/cluster.ts';
import { boundAt, countedOf, groupsOfBinding } from '../../../functions/domain/cluster-bindings.ts';
import type { BindingFacts } from '../../../functions/domain/estate.ts';
import { ClusterAccess } from '../../../protocol/cluster.ts';
import { bearerUser, groupsBound, type Identity, isNamed } from '../../../protocol/identity.ts';
import { isBuiltIn } from '../../../protocol/key.ts';
import type { Rule } from '../../../protocol/role.ts';

const ISSUERS = ['https://a.test', 'https://b.test'] as const;
const SUBJECTS = ['ada', 'eve', 'repo:x:main'] as const;
const GROUPS = ['ops', 'dev', 'all'] as const;
const SITES = ['berlin', 'tokyo'] as const;
const RUNS = { numRuns: 2_000, seed: 8 };

const issuer = fc.constantFrom(...ISSUERS);
const who: fc.Arbitrary<BindingFacts['who']> = fc.oneof(
  fc.record({ kind: fc.constant('person' as const), issuer, subject: fc.constantFrom(...SUBJECTS) }),
  fc.record({ kind: fc.constant('group' as const), issuer, group: fc.constantFrom(...GROUPS) }),
  fc.record({
    kind: fc.constant('machine' as const),
    issuer,
    subject: fc.constantFrom('repo:**', 'repo:x:*', 'ada', 'repo:y'),
    claims: fc.dictionary(fc.constantFrom('owner', 'event'), fc.constantFrom('4*', 'push'), { maxKeys: 2 }),
  }),
);
const rule: fc.Arbitrary<Rule> = fc.record(
  {
    kinds: fc.constantFrom<Rule['kinds'][]>(['cluster'], ['app'], ['*']),
    verbs: fc.constantFrom<Rule['verbs'][]>(['read'], ['write']),
    names: fc.constantFrom(['prod'], ['p*'], ['test']),
    sites: fc.constantFrom(['berlin'], ['tokyo']),
  },
  { requiredKeys: ['kinds', 'verbs'] },
);
const role = fc.oneof(
  fc
    .constantFrom('viewer' as const, 'operator' as const, 'admin' as const)
    .map((name) => ({ role: name, rules: BUILT_IN[name] })),
  fc.array(rule, { maxLength: 2 }).map((rules) => ({ role: 'own', rules })),
);
const binding: fc.Arbitrary<BindingFacts> = fc
  .record({
    tenant: fc.constantFrom('acme', '*'),
    name: fc.constantFrom('one', 'two', 'three'),
    who,
    given: role,
    sites: fc.option(fc.subarray([...SITES], { minLength: 1 }), { nil: undefined }),
  })
  .map(({ given, ...rest }) => ({ ...rest, ...given }));
const bindings = fc.array(binding, { maxLength: 6 });
const identity: fc.Arbitrary<Identity> = fc.record({
  kind: fc.constantFrom('person', 'machine'),
  issuer,
  subject: fc.constantFrom(...SUBJECTS),
  name: fc.constant('somebody'),
  groups: fc.subarray([...GROUPS]),
  claims: fc.dictionary(fc.constantFrom('owner', 'event', 'other'), fc.constantFrom('42', 'push'), {
    maxKeys: 3,
  }),
});
const cluster = fc.record({
  name: fc.constantFrom('prod', 'test'),
  site: fc.constantFrom(...SITES),
  access: fc
    .record(
      {
        viewer: fc.constantFrom<string[][]>([], ['v']),
        bindings: fc.constantFrom([{ binding: 'one', groups: ['team:a'] }], [{ binding: 'two', groups: [] }]),
      },
      { requiredKeys: [] },
    )
    .map((access) => ClusterAccess.parse(access)),
});

const reads = ({ tenant, role: name, rules, sites }: BindingFacts, at: { name: string; site: string }) =>
  mayUser({ grants: [{ tenant, role: name, rules, sites }] }, 'read', {
    tenant: 'acme',
    kind: 'cluster',
    ...at,
  }) === true;

describe('a token holds exactly what its bearer is given', () => {
  test('by each binding that names him and lets him read the cluster, and by none else', () => {
    const seen = { in: 0, out: 0 };
    fc.assert(
      fc.property(bindings, identity, cluster, (all, bearer, at) => {
        const { name, site, access } = at;
        const bound = boundAt(at, { name: 'acme', bindings: all });
        const expected = all
          .filter((one) => isNamed(one, bearer) && reads(one, { name, site }))
          .flatMap((one) => groupsOfBinding(access, one));
        const given = groupsBound(bound, countedOf(bound, bearer));
        expect(given).toEqual([...new Set(expected)].sort());
        seen[given.length > 0 ? 'in' : 'out'] += 1;
      }),
      RUNS,
    );
    expect(Math.min(seen.in, seen.out)).toBeGreaterThan(100);
  });

  test('whoever is let in may read the cluster in the API', () => {
    fc.assert(
      fc.property(bindings, identity, cluster, (all, bearer, at) => {
        const { name, site } = at;
        if (groupsBound(boundAt(at, { name: 'acme', bindings: all }), bearer).length === 0) return;
        const grants = all.filter((one) => isNamed(one, bearer));
        expect(mayUser({ grants }, 'read', { tenant: 'acme', kind: 'cluster', name, site })).toBe(true);
      }),
      RUNS,
    );
  });

  test('a binding that is gone gives nothing to a token from before, and one that comes takes nothing away', () => {
    fc.assert(
      fc.property(bindings, binding, identity, cluster, (rest, last, bearer, at) => {
        const before = boundAt(at, { name: 'acme', bindings: [...rest, last] });
        const after = boundAt(at, { name: 'acme', bindings: rest });
        const token = countedOf(before, bearer);
        const left = groupsBound(after, token);
        expect(left).toEqual(groupsBound(after, bearer));
        expect(groupsBound(before, token)).toEqual(expect.arrayContaining(left));
      }),
      RUNS,
    );
  });

  test('a group that was taken away at the issuer counts for nothing at the next token', () => {
    fc.assert(
      fc.property(bindings, identity, fc.constantFrom(...GROUPS), cluster, (all, bearer, gone, at) => {
        const bound = boundAt(at, { name: 'acme', bindings: all });
        const next = countedOf(bound, { ...bearer, groups: bearer.groups.filter((group) => group !== gone) });
        expect(next.groups).not.toContain(gone);
        for (const group of next.groups) expect(bearer.groups).toContain(group);
      }),
      RUNS,
    );
  });

  test('order of bindings never matters', () => {
    fc.assert(
      fc.property(bindings, cluster, (all, at) => {
        expect(boundAt(at, { name: 'acme', bindings: all.toReversed() })).toEqual(
          boundAt(at, { name: 'acme', bindings: all }),
        );
      }),
      RUNS,
    );
  });
});

test('a role of one’s own gives no group unless the cluster names the binding', () => {
  const all: BindingFacts[] = ['one', 'two'].map((name) => ({
    ...{ tenant: 'acme', name, role: 'own', rules: [{ kinds: ['*'], verbs: ['*'] }] },
    who: { kind: 'person', issuer: ISSUERS[0], subject: name },
  }));
  const access = ClusterAccess.parse({ bindings: [{ binding: 'one', groups: ['team:a'] }] });
  expect(isBuiltIn('own')).toBe(false);
  expect(boundAt({ name: 'prod', site: 'berlin', access }, { name: 'acme', bindings: all })).toEqual([
    { who: all[0]?.who, groups: ['team:a'] },
  ]);
});

describe('the user of who signed in', () => {
  const text = fc.oneof(
    fc.constantFrom(
      'https://a',
      'https://a#b',
      'https://a%23b',
      'b',
      'b#c',
      '#',
      '%',
      'ü',
      'a\r\nImpersonate-Group: x',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  );
  const one = fc.record({
    kind: fc.constantFrom('person' as const, 'machine' as const),
    issuer: text,
    subject: text,
  });

  test('is nobody else’s, and can stand in a header', () => {
    fc.assert(
      fc.property(one, one, (a, b) => {
        expect(bearerUser(a)).toMatch(/^[!-~]+$/);
        const isSame = a.kind === b.kind && a.issuer === b.issuer && a.subject === b.subject;
        expect(bearerUser(a) === bearerUser(b)).toBe(isSame);
      }),
      {
        ...RUNS,
        examples: [
          [
            { kind: 'person', issuer: 'https://a#b', subject: 'c' },
            { kind: 'person', issuer: 'https://a', subject: 'b#c' },
          ],
        ],
      },
    );
  });

  test('is no key’s', () => {
    expect(userOf({ tenant: 'person', name: 'https' })).not.toContain('#');
    expect(bearerUser({ kind: 'person', issuer: 'https://a', subject: 'b' })).toBe(
      'isthmus:person:https://a#b',
    );
  });
});
