/** Manifests: of an app if they say nothing else, applied as often as one likes; and pools as a person reads them. */
import { expect, test } from 'vitest';
import type { Api } from '../../cli/api.ts';
import { appliedText, apply } from '../../cli/manifest.ts';
import { poolsText, poolText } from '../../cli/pools.ts';
import { readKindRow, removeOne } from '../../cli/resources.ts';
import { App, AppSpec } from '../../protocol/app.ts';
import { Pool } from '../../protocol/pool.ts';

const AT = '2026-01-31T12:00:00.000Z';
const metadata = (version: number) => ({
  name: 'web',
  createdAt: AT,
  updatedAt: AT,
  generation: version,
  version,
});
const POOL = Pool.parse({
  metadata: metadata(1),
  spec: {
    ranges: [
      { cluster: 'prod', prefix: '10.1.0.0/30' },
      { cluster: 'test', prefix: '10.1.0.4/30' },
    ],
  },
  status: {
    size: 8,
    free: 7,
    told: [{ cluster: 'prod', observedAt: AT }, { cluster: 'test' }],
    reservations: [
      { address: '10.1.0.1', cluster: 'prod', app: 'shop', holder: 'shop/shop-1', node: '', state: 'kept' },
    ],
    conditions: [
      { type: 'Free', status: 'Unknown', reason: 'NotTold', message: 'Not told.', lastTransitionTime: AT },
    ],
  },
});
const APP = App.parse({
  metadata: metadata(1),
  spec: AppSpec.parse({ image: 'i', placement: { clusters: ['prod'] } }),
  status: {
    ...{ release: 1, running: 1, hostname: 'shop.acme.isthmus.internal' },
    ...{ endpoints: [], instances: [], conditions: [] },
  },
});

/** An API that holds what was put under a path, with versions as the real one has them. */
function apiWith(there: Map<string, Pool | App>): Api {
  const put = (path: string, was: Pool | App, spec: unknown) => {
    const isSame = JSON.stringify(was.spec) === JSON.stringify(spec);
    const next = { ...was, metadata: isSame ? was.metadata : metadata(was.metadata.version + 1), spec };
    there.set(path, Pool.safeParse(next).data ?? App.parse(next));
    return there.get(path);
  };
  return {
    tenant: async () => 'acme',
    get: async ({ path }, schema) => schema.parse(there.get(path)),
    find: async ({ path }, schema) => {
      const found = there.get(path);
      return found === undefined ? undefined : schema.parse(found);
    },
    told: async ({ path }, schema) => ({ value: schema.parse(there.get(path)), at: undefined }),
    post: async ({ path }, schema, body) => {
      const kind = path.endsWith('pools') ? POOL : APP;
      there.set(`${path}/web`, { ...kind });
      return schema.parse(put(`${path}/web`, kind, JSON.parse(JSON.stringify(body)).spec));
    },
    put: async ({ path }, schema, { body }) =>
      schema.parse(put(path, there.get(path) ?? POOL, JSON.parse(JSON.stringify(body)).spec)),
    remove: async ({ path }) => void there.delete(path),
    list: async (_, item) => [...there.values()].map((one) => item.parse(one)),
  };
}

test('a pool is created, then unchanged, then changed, by the same command', async () => {
  const there = new Map<string, Pool | App>();
  const api = apiWith(there);
  const text = (prefix: string) =>
    `kind: pool\nmetadata: { name: web }\nspec: { ranges: [{ cluster: prod, prefix: ${prefix} }] }`;
  const lines = [];
  for (const prefix of ['10.1.0.0/28', '10.1.0.0/28', '10.1.0.16/28'])
    lines.push(...(await apply(api, text(prefix))).map(appliedText));
  expect(lines).toEqual(['pool web created', 'pool web unchanged', 'pool web changed']);
  expect([...there.keys()]).toEqual(['/v1/tenants/acme/pools/web']);
  await removeOne(api, { kind: readKindRow('pool'), name: 'web' });
  expect(there.size).toBe(0);
});

test('a manifest without a kind is of an app, and what is done to it names the release', async () => {
  const there = new Map<string, Pool | App>();
  const done = await apply(apiWith(there), `metadata: { name: web }\nspec: ${JSON.stringify(APP.spec)}`);
  expect([...done.map(appliedText), [...there.keys()]]).toEqual([
    'app web created, release 1',
    ['/v1/tenants/acme/apps/web'],
  ]);
});

test.each(['kind: edge\nmetadata: { name: a }\nspec: {}', 'spec: {}', 'kind: pool'])(
  'what is no manifest is refused before anything is asked: %s',
  async (text) => {
    await expect(apply(apiWith(new Map()), text)).rejects.toMatchObject({ kind: 'usage' });
  },
);

test('a kind that there is not is answered with those that there are', () => {
  expect(() => readKindRow('planet')).toThrow('tenant, site, hub');
});

test('a list of pools is a line each; one is shown with who has its addresses and how old that word is', () => {
  expect(poolsText([POOL]).split('\n')[1]).toBe('web   prod,test  8     7     NotTold');
  const text = poolText(POOL, Date.parse(AT) + 60_000);
  expect(text).toContain('7 of 8 addresses are free');
  expect(text).toMatch(/CONDITION +STATUS +REASON +AS OF +MESSAGE/);
  expect(text).toMatch(/prod +10\.1\.0\.0\/30 +60 s ago/);
  expect(text).toMatch(/test +10\.1\.0\.4\/30 +never/);
  expect(text).toMatch(/10\.1\.0\.1 +prod +kept +shop +shop\/shop-1 +-/);
});
