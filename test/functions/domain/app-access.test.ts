/** Who may call an app inside of a cluster: by label there, by address from elsewhere, and no more than people named. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accessIn } from '../../../functions/domain/app-access.ts';
import type { AppFacts, TenantEstate } from '../../../functions/domain/estate.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import { appEstates } from './app-estates.ts';
import { siteOf } from './policy-verdict.ts';

/** web speaks in Berlin's and in Tokyo's cluster, db runs in Berlin's, which is of Kubernetes. All sites have one range. */
function estate(access: object, more: Partial<TenantEstate> = {}): TenantEstate {
  const [base] = fc.sample(appEstates, { numRuns: 1, seed: 1 });
  if (base === undefined) throw new Error('there is no estate');
  const appOf = (name: string, origins: AppFacts['origins'], template: object): AppFacts[] =>
    base.apps.slice(0, 1).map((one) => ({
      ...one,
      name,
      origins,
      template: AppTemplate.parse({ image: 'web:1', ...template }),
    }));
  const origins = [
    { cluster: 'berlin-prod', address: '10.9.0.1' },
    { cluster: 'tokyo-prod', address: '10.9.0.2' },
  ];
  const clusters = base.clusters.map((one) => ({ ...one, kind: 'kubernetes' as const }));
  const apps = [...appOf('web', origins, {}), ...appOf('db', [], { access })];
  return { ...base, isolation: 'open', clusters, policies: [], apps, ...more };
}

function callersOf(tenant: TenantEstate, at = 'berlin-prod') {
  const cluster = tenant.clusters.find(({ name }) => name === at);
  const app = tenant.apps.find(({ name }) => name === 'db');
  if (cluster === undefined || app === undefined) throw new Error('there is no such place');
  return accessIn(app.template, { tenant, cluster, app: 'db' }).callers;
}

const LISTED = { kind: 'listed', callers: [{ kind: 'app', app: 'web' }] };
const WEB = { kind: 'app', app: 'web' };
/** The address that Tokyo's container has in Berlin; 72 is Tokyo's in these estates. */
const TOKYOS_WEB = { kind: 'prefix', prefix: '100.72.0.2/32' };

test('a caller by name is one by label, and by the addresses that it has elsewhere', () => {
  expect(callersOf(estate(LISTED))).toEqual([WEB, TOKYOS_WEB]);
});

test('what is no network of Kubernetes is told names alone', () => {
  const tenant = estate(LISTED);
  const clusters = tenant.clusters.map((one) => ({ ...one, kind: 'docker' as const }));
  expect(callersOf({ ...tenant, clusters })).toEqual([WEB]);
});

test('a policy that names the app is a caller at its ports; one between sites is none', () => {
  const ports = [{ protocol: 'tcp' as const, port: 5432 }];
  const policies = [
    { name: 'p', from: { app: 'web' }, to: { app: 'db' }, ports },
    { name: 'q', from: { site: 'tokyo' }, to: { site: 'berlin' }, ports: [] },
  ];
  const closed = estate({ kind: 'listed' }, { policies });
  expect(callersOf(closed)).toEqual([
    { ...WEB, ports },
    { ...TOKYOS_WEB, ports },
  ]);
  expect(callersOf(estate({ kind: 'listed' }, { policies: policies.slice(1) }))).toEqual([]);
});

test('an app that all of its tenant may call is called from all of its other sites, as their edges let', () => {
  const callers = callersOf(estate({ kind: 'tenant' }));
  expect(callers).toEqual(
    [70, 71, 72].filter((one) => one !== 70).map((one) => ({ kind: 'prefix', prefix: `100.${one}.0.0/16` })),
  );
});

test('a caller with many addresses is known by the prefix that they lie in', () => {
  const tenant = estate(LISTED);
  const origins = Array.from({ length: 65 }, (_, index) => ({
    cluster: 'tokyo-prod',
    address: `10.9.1.${index}`,
  }));
  const apps = tenant.apps.map((app) => (app.name === 'web' ? { ...app, origins } : app));
  expect(callersOf({ ...tenant, apps })).toEqual([WEB, { kind: 'prefix', prefix: '100.72.0.0/16' }]);
});

test('nobody is a caller whom neither the access nor a policy names', () => {
  fc.assert(
    fc.property(appEstates, (one) => {
      const clusters = one.clusters.map((each) => ({ ...each, kind: 'kubernetes' as const }));
      const tenant = { ...one, clusters };
      for (const app of tenant.apps)
        for (const cluster of clusters) {
          const { kind, callers } = accessIn(app.template, { tenant, cluster, app: app.name });
          if (kind === 'tenant') continue;
          const named = new Set(callers.flatMap((caller) => (caller.kind === 'app' ? [caller.app] : [])));
          const isWide = tenant.policies.some(
            ({ from, to }) => from.site !== undefined && to.site === undefined,
          );
          const known = tenant.apps.filter(({ name }) => named.has(name)).flatMap(({ origins }) => origins);
          const exact = callers.flatMap((caller) => (caller.kind === 'prefix' ? [caller.prefix] : []));
          const far = known.filter(
            (origin) => origin.cluster !== cluster.name && siteOf(one, origin.cluster) !== cluster.site,
          );
          if (!isWide)
            expect(new Set(exact).size).toBe(
              new Set(far.map(({ cluster: at, address }) => `${at} ${address}`)).size,
            );
        }
    }),
  );
});
