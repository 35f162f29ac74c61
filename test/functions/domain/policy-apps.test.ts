/** Policies between apps, groups and sites, and the locks of apps, held against an oracle that asks about two addresses at a time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AppFacts, TenantEstate } from '../../../functions/domain/estate.ts';
import { compileFlows, compilePairs } from '../../../functions/domain/policy.ts';
import { policyLeaf } from '../../../functions/domain/policy-lock.ts';
import type { PolicyEnd } from '../../../protocol/policy.ts';
import { appEstates, HTTP } from './app-estates.ts';
import { lets, siteOf, virtualOf, within } from './policy-verdict.ts';

interface Question {
  /** Real address of what begins, and its site. */
  readonly from: { readonly site: string; readonly address: string };
  readonly to: { readonly site: string; readonly address: string };
  readonly port: number;
}

const NOBODY = '10.9.9.9';

/** Whether an end, in words, stands for this address as what begins. */
function begins(one: TenantEstate, end: PolicyEnd, { site, address }: Question['from']): boolean {
  if (end.site !== undefined) return end.site === site;
  return appsNamed(one, end).some((app) =>
    app.origins.some((origin) => origin.address === address && siteOf(one, origin.cluster) === site),
  );
}

/** Whether an end stands for this port of this address as what is reached. */
function isReached(
  one: TenantEstate,
  end: PolicyEnd,
  { site, address, port }: Question['to'] & { port: number },
) {
  if (end.site !== undefined) return end.site === site;
  return appsNamed(one, end).some((app) =>
    reachesOf(one, app).some((at) => at.site === site && at.address === address && at.port === port),
  );
}

function appsNamed(one: TenantEstate, { app, group }: PolicyEnd): AppFacts[] {
  return one.apps.filter(({ name, template }) =>
    app === undefined ? group !== undefined && template.access.group === group : name === app,
  );
}

function reachesOf(one: TenantEstate, app: AppFacts) {
  return app.endpoints.flatMap(({ cluster, address, ports }) =>
    ports.map(({ port }) => ({ site: siteOf(one, cluster), address, port })),
  );
}

/** A policy's words: HTTP alone, or whatever the end has. */
function namesPort(policy: TenantEstate['policies'][number], port: number): boolean {
  if (policy.to.site !== undefined)
    return policy.ports.length === 0 || policy.ports.some((one) => one.port === port);
  return policy.ports.length === 0 || policy.ports.some((one) => one.port === HTTP);
}

function tenantLets(one: TenantEstate, { from, to, port }: Question): boolean {
  return (
    one.isolation === 'open' ||
    one.policies.some(
      (policy) =>
        begins(one, policy.from, from) &&
        isReached(one, policy.to, { ...to, port }) &&
        namesPort(policy, port),
    )
  );
}

function appLets(one: TenantEstate, question: Question): boolean {
  const { to, port } = question;
  const closed = one.apps.filter(({ template, endpoints, origins }) => {
    if (template.access.kind === 'tenant') return false;
    const isOwn = origins.some(
      ({ address, cluster }) => address === to.address && siteOf(one, cluster) === to.site,
    );
    return endpoints.some(
      (at) =>
        at.address === to.address &&
        siteOf(one, at.cluster) === to.site &&
        (isOwn || at.ports.some((each) => each.port === port)),
    );
  });
  return (
    closed.length === 0 ||
    reachesOfAll(one, closed).some(
      (at) =>
        at.site === to.site &&
        at.address === to.address &&
        at.port === port &&
        mayCall(one, at.app, question),
    )
  );
}

function reachesOfAll(one: TenantEstate, apps: readonly AppFacts[]) {
  return apps.flatMap((app) => reachesOf(one, app).map((at) => ({ ...at, app })));
}

function mayCall(one: TenantEstate, app: AppFacts, { from, port, to }: Question): boolean {
  const { access } = app.template;
  const named = access.callers.some(
    (caller) => caller.kind === 'app' && begins(one, { app: caller.app }, from),
  );
  const mate = access.kind === 'group' && begins(one, { group: access.group }, from);
  const granted = one.policies.some(
    (policy) =>
      policy.to.site === undefined &&
      appsNamed(one, policy.to).includes(app) &&
      begins(one, policy.from, from) &&
      isReached(one, policy.to, { ...to, port }) &&
      namesPort(policy, port),
  );
  return named || mate || granted;
}

function questionsOf(one: TenantEstate): Question[] {
  const places = one.sites.flatMap(({ name: site }) => {
    const own = one.apps
      .flatMap(({ origins, endpoints }) => [...origins, ...endpoints])
      .filter(({ cluster }) => siteOf(one, cluster) === site);
    return [...new Set([...own.map(({ address }) => address), NOBODY])].map((address) => ({ site, address }));
  });
  return places.flatMap((from) =>
    places
      .filter((to) => to.site !== from.site)
      .flatMap((to) => [22, HTTP, 18_080].map((port) => ({ from, to, port }))),
  );
}

describe('policies and locks of apps', () => {
  test('an edge lets in what both locks let through, and nothing else', () => {
    fc.assert(
      fc.property(appEstates, (one) => {
        for (const question of questionsOf(one)) {
          const leaf = policyLeaf({ tenant: one, site: question.to.site, hubs: [], pairs: [] });
          const way = {
            from: virtualOf(one, question.from),
            to: virtualOf(one, question.to),
            port: question.port,
          };
          expect(lets(leaf, way)).toBe(tenantLets(one, question) && appLets(one, question));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('what an edge of an isolated tenant lets in, the hubs have let pass', () => {
    fc.assert(
      fc.property(appEstates, (open) => {
        const one = { ...open, isolation: 'isolated' as const };
        const pairs = compilePairs(one);
        for (const question of questionsOf(one).filter((each) => tenantLets(one, each))) {
          const [from, to] = [virtualOf(one, question.from), virtualOf(one, question.to)];
          expect(pairs.some((pair) => within([pair.from], from) && within([pair.to], to))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('adding a policy never takes away a flow, a pair or a caller; their order does not matter', () => {
    fc.assert(
      fc.property(appEstates, (one) => {
        const fewer = { ...one, policies: one.policies.slice(1) };
        const turned = { ...one, policies: one.policies.toReversed(), apps: one.apps.toReversed() };
        expect(compilePairs(one)).toEqual(expect.arrayContaining(compilePairs(fewer)));
        for (const { name: site } of one.sites) {
          const input = { site, hubs: [], pairs: [] };
          const [more, less] = [
            policyLeaf({ ...input, tenant: one }),
            policyLeaf({ ...input, tenant: fewer }),
          ];
          for (const question of questionsOf(one).filter(({ to }) => to.site === site)) {
            const way = {
              from: virtualOf(one, question.from),
              to: virtualOf(one, question.to),
              port: question.port,
            };
            if (lets(less, way)) expect(lets(more, way)).toBe(true);
          }
          expect(policyLeaf({ ...input, tenant: turned })).toEqual(more);
          expect(compileFlows({ ...input, tenant: one })).toEqual(more.flows);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('what must stay inside begins nothing to a public site, and only that', () => {
    fc.assert(
      fc.property(appEstates, (one) => {
        const publics = one.sites
          .filter(({ kind }) => kind === 'vpc')
          .flatMap(({ prefixes }) => prefixes.map(({ virtual }) => virtual));
        for (const { name: site, kind } of one.sites) {
          const { confined } = policyLeaf({ tenant: one, site, hubs: [], pairs: [] });
          const inside = one.apps
            .filter(({ residency }) => residency === 'inside')
            .flatMap(({ origins }) => origins.filter(({ cluster }) => siteOf(one, cluster) === site))
            .map(({ address }) => `${address}/32`);
          const isAny = inside.length > 0 && publics.length > 0 && kind !== 'vpc';
          expect(confined).toEqual(isAny ? { from: [...new Set(inside)].sort(), to: publics } : undefined);
        }
      }),
      { numRuns: 200 },
    );
  });
});
