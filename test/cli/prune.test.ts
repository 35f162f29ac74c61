/** `apply --owner NAME --prune`: what the owner's files no longer name goes, and nothing that is anybody else's. */
import { beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Bench, createBench, putKey } from '../functions/api/bench.ts';
import { withSite } from '../functions/api/estates.ts';
import { type Ran, run } from './world.ts';

const PARIS = {
  kind: 'site',
  metadata: { name: 'paris' },
  spec: { allotment: ['10.2.0.0/16'], prefixes: ['10.2.0.0/24'] },
};
const service = (name: string, site = 'berlin') => ({
  kind: 'service',
  metadata: { name, site },
  spec: { address: site === 'berlin' ? '10.1.0.10' : '10.2.0.10', port: 80 },
});
const POLICY = {
  kind: 'policy',
  metadata: { name: 'web' },
  spec: { from: { site: 'paris' }, to: { site: 'berlin', service: 'web' } },
};
const MINE = ['--owner', 'shop', '--prune'];

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
});

type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
};

async function isthmus(manifests: readonly Manifest[], words: readonly string[], key?: string): Promise<Ran> {
  const files = { 'd/all.yaml': manifests.map((one) => stringify(one)).join('---\n') };
  return run({ bench, files, ...(key === undefined ? {} : { key }) }, words);
}

const apply = (manifests: readonly Manifest[], ...words: string[]) =>
  isthmus(manifests, ['apply', '-f', 'd', ...words]);
const names = async (kind: string) => (await isthmus([], ['get', kind, '-o', 'name'])).out.split('\n');

test('what no file names any more goes, the ones that need others first; nobody else’s does', async () => {
  await apply([service('byhand')]);
  await apply([service('theirs')], '--owner', 'base');
  await apply([PARIS, service('web'), service('cafe', 'paris'), POLICY], ...MINE);
  const diff = await isthmus([service('web')], ['diff', '-f', 'd', ...MINE]);
  await expect(`${diff.out}\n`).toMatchFileSnapshot('golden/diff-prune.txt');
  expect([diff.code, diff.said]).toEqual([1, '3 would change.']);
  expect(await apply([service('web')], ...MINE, '--dry-run')).toEqual({
    out: [
      'service berlin/web unchanged (dry run)',
      ...['policy web', 'service paris/cafe', 'site paris'].map((one) => `${one} deleted (dry run)`),
    ].join('\n'),
    said: '',
    code: 0,
  });
  expect(await apply([service('web')], ...MINE)).toEqual({
    out: [
      'service berlin/web unchanged',
      ...['policy web', 'service paris/cafe', 'site paris'].map((one) => `${one} is being deleted`),
    ].join('\n'),
    said: ['policy web', 'service paris/cafe', 'site paris']
      .map((one) => `${one} is in no file any more`)
      .join('\n'),
    code: 0,
  });
  expect(await names('services')).toEqual([
    'service/berlin/byhand',
    'service/berlin/theirs',
    'service/berlin/web',
  ]);
  expect(await apply([service('web')], ...MINE)).toMatchObject({
    out: 'service berlin/web unchanged',
    said: '',
  });
});

test('what another owner keeps is refused, by a dry run too, until it is said', async () => {
  await apply([service('web')], '--owner', 'base');
  for (const words of [[], ['--dry-run']]) {
    const refused = await apply([service('web')], '--owner', 'shop', ...words);
    expect([refused.code, refused.out]).toEqual([5, '']);
    expect(refused.said).toContain('base');
  }
  const taken = ['--owner', 'shop', '--take-ownership'];
  expect((await isthmus([service('web')], ['diff', '-f', 'd', ...taken])).out).toBe(
    'service berlin/web would be changed\n- metadata.owner: base\n+ metadata.owner: shop',
  );
  expect((await apply([service('web')], ...taken)).out).toBe('service berlin/web changed');
  expect((await apply([PARIS], '--owner', 'base', '--prune')).out).toBe('site paris created');
  expect(await names('services')).toEqual(['service/berlin/web']);
});

test('what was there before is kept by the owner from then on, and shown so', async () => {
  await apply([service('web')]);
  expect((await apply([service('web')], '--owner', 'shop')).out).toBe('service berlin/web changed');
  expect((await apply([service('web')])).out).toBe('service berlin/web unchanged');
  expect((await isthmus([], ['get', 'services', '-o', 'wide'])).out).toMatch(/OWNER\n.* shop$/);
  expect((await isthmus([], ['describe', 'service', 'berlin/web'])).out).toContain(
    'kept by the manifests of shop',
  );
});

test('nothing is pruned if a manifest was refused, if none is there, or if nobody says whose they are', async () => {
  await apply([service('old')], ...MINE);
  const outside = { ...service('web'), spec: { address: '192.0.2.1', port: 80 } };
  const refused = await apply([outside], ...MINE);
  expect([refused.code, refused.said]).toEqual([1, expect.stringContaining('Nothing was pruned')]);
  expect((await isthmus([], ['apply', '-f', 'd', ...MINE])).code).toBe(2);
  const unsaid = await apply([service('web')], '--prune');
  expect([unsaid.code, unsaid.said]).toEqual([2, '--prune takes --owner NAME: whose files these are.']);
  expect(await names('services')).toEqual(['service/berlin/old']);
});

test('a tenant that the owner made goes with what is in it', async () => {
  const other = { kind: 'tenant', metadata: { name: 'other' }, spec: {} };
  const site = { ...PARIS, metadata: { name: 'paris', tenant: 'other' } };
  expect((await apply([other, site], ...MINE)).code).toBe(0);
  const { out } = await apply([service('web')], ...MINE);
  expect(out.split('\n').slice(1)).toEqual(['site paris is being deleted', 'tenant other is being deleted']);
});

test('who may not see things of the deployment prunes those of the tenant', async () => {
  const operator = await putKey(bench.store, 'acme', 'operator');
  await apply([service('web'), service('old')], ...MINE);
  const ran = await isthmus([service('web')], ['apply', '-f', 'd', ...MINE], operator);
  expect(ran).toMatchObject({
    code: 0,
    out: 'service berlin/web unchanged\nservice berlin/old is being deleted',
  });
});
