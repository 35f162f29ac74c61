/** What is foretold of a policy is what explanations say once it is written, of every two things that there are, and nothing else changes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TenantEstate } from '../../../functions/domain/estate.ts';
import { explain } from '../../../functions/domain/explanation.ts';
import { previewPolicy } from '../../../functions/domain/policy-preview.ts';
import { policyEndText } from '../../../protocol/explanation.ts';
import type { PolicyEnd, PolicySpec } from '../../../protocol/policy.ts';
import { appEstates, HTTP } from './app-estates.ts';
import { tenant } from './estates.ts';

const NETWORKS = new Map<string, 'enforced' | 'ignored' | 'unknown'>();
const around = (one: TenantEstate) => ({ tenant: one, networks: NETWORKS });

const end: fc.Arbitrary<PolicyEnd> = fc.constantFrom(
  { site: 'berlin' },
  { site: 'cloud' },
  { site: 'nowhere' },
  { app: 'web' },
  { app: 'db' },
  { group: 'blue' },
);
const spec: fc.Arbitrary<PolicySpec> = fc.record({
  from: end,
  to: end,
  ports: fc.subarray([
    { protocol: 'tcp' as const, port: HTTP },
    { protocol: 'tcp' as const, port: 22 },
  ]),
});
/** `p` may be there already, `fresh` is not. */
const wanted = fc.record({ name: fc.constantFrom('p', 'fresh'), spec: fc.option(spec, { nil: undefined }) });

function withPolicy(one: TenantEstate, name: string, to: PolicySpec | undefined): TenantEstate {
  const others = one.policies.filter((policy) => policy.name !== name);
  return { ...one, policies: to === undefined ? others : [...others, { name, ...to }] };
}

/** Ways of all two things that are allowed, as `from to site site port`; all of a way is a star beside its ports. */
function allowed(one: TenantEstate): Set<string> {
  const ends = [
    ...one.sites.map(({ name }) => ({ site: name })),
    ...one.apps.map(({ name }) => ({ app: name })),
  ];
  return new Set(
    ends.flatMap((from) =>
      ends.flatMap((to) =>
        policyEndText(from) === policyEndText(to)
          ? []
          : explain({ from, to }, around(one)).ways.flatMap((way) => {
              const at = `${policyEndText(from)} ${policyEndText(to)} ${way.from} ${way.to}`;
              if (way.verdict !== 'allowed') return [];
              return way.ports.length === 0 ? [`${at} *`] : way.ports.map(({ port }) => `${at} ${port}`);
            }),
      ),
    ),
  );
}

const star = (text: string) => text.replace(/\S+$/, '*');
const fresh = (now: Set<string>, then: Set<string>) =>
  [...then].filter(
    (way) => !now.has(way) && !now.has(star(way)) && (way.endsWith('*') || !then.has(star(way))),
  );

function told(pairs: ReturnType<typeof previewPolicy>['opened']): string[] {
  return pairs.flatMap(({ from, to, ways }) =>
    ways.flatMap((way) => {
      const at = `${from} ${to} ${way.from} ${way.to}`;
      return way.ports.length === 0 ? [`${at} *`] : way.ports.map(({ port }) => `${at} ${port}`);
    }),
  );
}

describe('a preview', () => {
  test('says of every two things what explanations say before and after, and leaves none out', () => {
    fc.assert(
      fc.property(appEstates, wanted, (one, { name, spec: to }) => {
        const { opened, cut, omitted } = previewPolicy({ name, spec: to }, around(one));
        const [now, then] = [allowed(one), allowed(withPolicy(one, name, to))];
        expect(omitted).toBe(0);
        expect(told(opened).sort()).toEqual(fresh(now, then).sort());
        expect(told(cut).sort()).toEqual(fresh(then, now).sort());
      }),
      { numRuns: 300 },
    );
  });

  test('of a policy that is new cuts nothing, and of one that goes opens nothing', () => {
    fc.assert(
      fc.property(appEstates, spec, (one, to) => {
        const made = previewPolicy({ name: 'fresh', spec: to }, around(one));
        expect([made.change, made.cut]).toEqual(['created', []]);
        const later = withPolicy(one, 'fresh', to);
        const gone = previewPolicy({ name: 'fresh', spec: undefined }, around(later));
        expect([gone.change, gone.opened, gone.cut]).toEqual(['deleted', [], made.opened]);
      }),
    );
  });

  test('of what is there already opens and cuts nothing', () => {
    fc.assert(
      fc.property(appEstates, (one) => {
        for (const { name, from, to, ports } of one.policies) {
          const same = previewPolicy({ name, spec: { from, to, ports } }, around(one));
          expect([same.opened, same.cut]).toEqual([[], []]);
        }
      }),
    );
  });

  test('says that it waits for what is not there, and that an open tenant is open', () => {
    const to = { from: { app: 'web' }, to: { site: 'berlin', service: 'db' }, ports: [] };
    expect(previewPolicy({ name: 'p', spec: to }, around(tenant('acme', { isolation: 'open' })))).toEqual({
      change: 'created',
      opened: [],
      cut: [],
      omitted: 0,
      notes: [
        'The tenant is open: between its sites a policy opens nothing until the tenant is isolated.',
        'There is no app/web yet: the policy waits for it.',
        'There is no service/berlin/db yet: the policy waits for it.',
      ],
    });
  });
});
