/** What people are told of a way is what edges and hubs do with its packets, and it says by what. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AppFacts, TenantEstate } from '../../../functions/domain/estate.ts';
import { explain } from '../../../functions/domain/explanation.ts';
import { compilePairs } from '../../../functions/domain/policy.ts';
import { policyLeaf } from '../../../functions/domain/policy-lock.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import { readPolicyEnd } from '../../../protocol/explanation.ts';
import { appEstates, HTTP } from './app-estates.ts';
import { lets, siteOf, virtualOf, within } from './policy-verdict.ts';

const NETWORKS = new Map<string, 'enforced' | 'ignored' | 'unknown'>();

function asked(tenant: TenantEstate, [from, to]: readonly [string, string], port?: number) {
  const question = { from: readPolicyEnd(from) ?? {}, to: readPolicyEnd(to) ?? {} };
  const at = port === undefined ? {} : { port: { protocol: 'tcp' as const, port } };
  return explain({ ...question, ...at }, { tenant, networks: NETWORKS });
}

function spotsOf(one: TenantEstate, places: AppFacts['origins']) {
  return places.map(({ cluster, address }) => ({ site: siteOf(one, cluster), address }));
}

/** What becomes of the first packet between two containers at different sites. */
function passes(one: TenantEstate, a: AppFacts, b: AppFacts) {
  return spotsOf(one, a.origins).flatMap((from) =>
    b.endpoints.map(({ cluster, address, ports }) => {
      const to = { site: siteOf(one, cluster), address };
      const way = { from: virtualOf(one, from), to: virtualOf(one, to), port: ports[0]?.port ?? 0 };
      const own = policyLeaf({ tenant: one, site: from.site, hubs: [], pairs: [] });
      const leaf = policyLeaf({ tenant: one, site: to.site, hubs: [], pairs: [] });
      const isHeld =
        own.confined !== undefined &&
        within(own.confined.from, from.address) &&
        within(own.confined.to, way.to);
      const isPaired =
        one.isolation === 'open' ||
        compilePairs(one).some((pair) => within([pair.from], way.from) && within([pair.to], way.to));
      return { from: from.site, to: to.site, isAllowed: !isHeld && isPaired && lets(leaf, way) };
    }),
  );
}

describe('an explanation', () => {
  test('says of each way between two sites what edges and hubs do', () => {
    fc.assert(
      fc.property(appEstates, (one) => {
        for (const a of one.apps)
          for (const b of one.apps) {
            const { ways } = asked(one, [`app/${a.name}`, `app/${b.name}`], HTTP);
            for (const { from, to, isAllowed } of passes(one, a, b).filter((each) => each.from !== each.to)) {
              const told = ways.filter((way) => way.from === from && way.to === to);
              expect(told.map(({ verdict }) => verdict)).toEqual([isAllowed ? 'allowed' : 'denied']);
            }
          }
      }),
      { numRuns: 300 },
    );
  });

  test('names a policy that is there for all that a policy allows', () => {
    fc.assert(
      fc.property(appEstates, (open) => {
        const one = { ...open, isolation: 'isolated' as const };
        const names = one.policies.map(({ name }) => name);
        for (const a of one.apps)
          for (const b of one.apps)
            for (const way of asked(one, [`app/${a.name}`, `app/${b.name}`]).ways)
              if (way.verdict === 'allowed' && way.from !== way.to)
                expect(way.policy === undefined || names.includes(way.policy)).toBe(true);
      }),
    );
  });
});

const SITES = [
  { name: 'berlin', kind: 'datacenter' as const },
  { name: 'cloud', kind: 'vpc' as const },
];

/** web speaks from Berlin by an address of its own, db is reached at a node's port in the cloud. */
function tenantOf(more: Partial<TenantEstate> = {}, access: object = {}): TenantEstate {
  const [base] = fc.sample(appEstates, { numRuns: 1, seed: 1 });
  if (base === undefined) throw new Error('there is no estate');
  const at = (site: string) => [{ cluster: `${site}-prod`, replicas: 1 }];
  const app = (name: string, facts: Partial<AppFacts>): AppFacts[] =>
    base.apps.slice(0, 1).map((one) => ({
      ...one,
      name,
      residency: 'anywhere',
      template: AppTemplate.parse({
        image: 'web:1',
        ports: [{ name: 'http', port: HTTP }],
        ...(name === 'db' ? { access } : {}),
      }),
      ...facts,
    }));
  const web = {
    assignments: at('berlin'),
    origins: [{ cluster: 'berlin-prod', address: '10.9.0.1' }],
    endpoints: [],
  };
  const db = {
    assignments: at('cloud'),
    origins: [],
    endpoints: [{ cluster: 'cloud-prod', address: '10.9.8.1', ports: [{ name: 'http', port: 18_080 }] }],
  };
  const sites = base.sites.filter(({ name }) => SITES.some((site) => site.name === name));
  return {
    ...base,
    isolation: 'isolated',
    sites,
    policies: [],
    apps: [...app('web', web), ...app('db', db)],
    ...more,
  };
}

const WEB_TO_DB = {
  name: 'web-db',
  from: { app: 'web' },
  to: { app: 'db' },
  ports: [{ protocol: 'tcp' as const, port: HTTP }],
};

describe('in words', () => {
  test('nothing is allowed in an isolated tenant without a policy, and one that names both allows it at the ports of the manifest', () => {
    expect(asked(tenantOf(), ['app/web', 'app/db'])).toMatchObject({
      verdict: 'denied',
      ways: [
        { from: 'berlin', to: 'cloud', ports: [{ port: HTTP }], why: expect.stringContaining('isolated') },
      ],
    });
    const allowed = asked(tenantOf({ policies: [WEB_TO_DB] }), ['app/web', 'app/db']);
    expect(allowed).toMatchObject({ verdict: 'allowed', ways: [{ policy: 'web-db' }] });
    expect(asked(tenantOf({ policies: [WEB_TO_DB] }), ['app/web', 'app/db'], 22).verdict).toBe('nowhere');
  });

  test('a policy between sites does not open an app that is closed itself; one that names the app does', () => {
    const sites = { name: 'all', from: { site: 'berlin' }, to: { site: 'cloud' }, ports: [] };
    const closed = { kind: 'listed', callers: [] };
    const [way] = asked(tenantOf({ policies: [sites] }, closed), ['app/web', 'app/db']).ways;
    expect(way).toMatchObject({ verdict: 'denied', why: expect.stringContaining('closed') });
    const named = asked(tenantOf({ policies: [sites, WEB_TO_DB] }, closed), ['app/web', 'app/db']);
    expect(named.verdict).toBe('allowed');
  });

  test('what must stay inside begins nothing to a public site, whatever policies say', () => {
    const one = tenantOf({ policies: [WEB_TO_DB] });
    const apps = one.apps.map((app) => (app.name === 'web' ? { ...app, residency: 'inside' as const } : app));
    const { verdict, ways } = asked({ ...one, apps }, ['app/web', 'app/db']);
    expect([verdict, ways[0]?.why]).toEqual(['denied', expect.stringContaining('stay inside')]);
  });

  test('containers that are taken for their node are said to be, with the remedy', () => {
    const one = tenantOf({ policies: [WEB_TO_DB] });
    const apps = one.apps.map((app) => ({ ...app, origins: [] }));
    const { verdict, notes } = asked({ ...one, apps }, ['app/web', 'app/db']);
    expect(verdict).toBe('denied');
    expect(notes.join(' ')).toContain('Give the app a pool');
  });

  test('what is open of a site in parts is told in parts', () => {
    const policy = {
      name: 'https',
      from: { site: 'berlin' },
      to: { site: 'cloud' },
      ports: [{ protocol: 'tcp' as const, port: 443 }],
    };
    const { verdict, ways } = asked(tenantOf({ policies: [policy] }), ['site/berlin', 'site/cloud']);
    expect([verdict, ways.map((way) => [way.verdict, way.ports.map(({ port }) => port)])]).toEqual([
      'mixed',
      [
        ['allowed', [443]],
        ['denied', []],
      ],
    ]);
  });

  test('within a site nothing of ours decides, and that is said', () => {
    const { verdict, ways } = asked(tenantOf(), ['site/berlin', 'site/berlin']);
    expect([verdict, ways[0]?.why]).toEqual([
      'not_enforced',
      expect.stringContaining('do not pass its edge'),
    ]);
  });

  test('a name that leads nowhere is said to', () => {
    expect(asked(tenantOf(), ['app/nobody', 'app/db'])).toMatchObject({
      verdict: 'nowhere',
      ways: [],
      notes: [expect.stringContaining('app/nobody')],
    });
  });
});

test('ends are read as people type them, and nothing else is', () => {
  expect(readPolicyEnd('service/berlin/db')).toEqual({ site: 'berlin', service: 'db' });
  for (const text of ['', 'berlin', 'app/', 'app/a/b', 'site/A', 'host/a', 'service/a', 'group/a/'])
    expect(readPolicyEnd(text), text).toBeUndefined();
});
