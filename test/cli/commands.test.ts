/** What each command prints in each format, against the API in the same process; the outputs are kept in `golden/`. */

import { beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Bench, createBench, putKey } from '../functions/api/bench.ts';
import { withSite } from '../functions/api/estates.ts';
import { run } from './world.ts';

const ESTATE = [
  {
    kind: 'policy',
    metadata: { name: 'web' },
    spec: { from: { site: 'paris' }, to: { site: 'berlin', service: 'web' } },
  },
  { kind: 'service', metadata: { name: 'web', site: 'berlin' }, spec: { address: '10.1.0.10', port: 80 } },
  {
    kind: 'site',
    metadata: { name: 'paris' },
    spec: { allotment: ['10.2.0.0/16'], prefixes: ['10.2.0.0/24'] },
  },
  {
    kind: 'route',
    metadata: { name: 'web' },
    spec: { host: 'web.example.com', service: { site: 'berlin', name: 'web' } },
  },
];
const files = {
  'estate/all.yaml': ESTATE.map((one) => stringify(one)).join('---\n'),
  'estate/tenant.json': JSON.stringify({ kind: 'tenant', metadata: { name: 'other' }, spec: {} }),
  'moved.yaml': stringify({ ...ESTATE[1], spec: { address: '10.1.0.11', port: 80 } }),
  'wrong.yaml': `${stringify(ESTATE[2])}---\nkind: planet\nmetadata: { name: x }\n`,
};

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
});

const isthmus = (...words: string[]) => run({ bench, files }, words);

async function applied(): Promise<void> {
  expect(await isthmus('apply', '-f', 'estate')).toMatchObject({ code: 0, said: '' });
  bench.clock.pass(90);
}

describe('golden outputs', () => {
  test.each([
    ['get-sites', ['get', 'sites']],
    ['get-sites-wide', ['get', 'sites', '-o', 'wide']],
    ['get-site-json', ['get', 'site', 'berlin', '-o', 'json']],
    ['get-sites-yaml', ['get', 'sites', '-o', 'yaml']],
    ['get-services', ['get', 'service']],
    ['get-services-name', ['get', 'services', '-o', 'name']],
    ['get-keys', ['get', 'keys']],
    ['get-tenants', ['get', 'tenants']],
    ['get-routes', ['get', 'routes']],
    ['get-policies', ['get', 'policies']],
    ['policy-explain', ['policy', 'explain', 'site/paris', 'service/berlin/web']],
    ['policy-explain-json', ['policy', 'explain', 'site/paris', 'site/berlin', '-o', 'json']],
    [
      'get-sites-jsonpath',
      ['get', 'sites', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.spec.prefixes[0]}{"\\n"}{end}'],
    ],
    ['describe-service', ['describe', 'service', 'berlin/web']],
    ['diff', ['diff', '-f', 'moved.yaml']],
    ['whoami', ['whoami']],
    ['whoami-json', ['whoami', '-o', 'json']],
    ['status', ['status']],
    ['status-jsonpath', ['status', '-o', 'jsonpath={.sites[*].metadata.name}']],
    ['completion-bash', ['completion', 'bash']],
    ['completion-fish', ['completion', 'fish']],
  ])('%s', async (name, words) => {
    await applied();
    await putKey(bench.store, 'acme', 'viewer');
    const { out } = await isthmus(...words);
    await expect(`${out}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  });
});

test('a directory is applied in the order of need, then unchanged, then has no difference', async () => {
  const names = ['tenant other', 'site paris', 'service berlin/web', 'route web', 'policy web'];
  const lines = (word: string) => names.map((name) => `${name} ${word}`).join('\n');
  expect((await isthmus('apply', '-f', 'estate', '--dry-run')).out).toBe(lines('created (dry run)'));
  expect((await isthmus('get', 'tenants', '-o', 'name')).out).toBe('tenant/acme');
  expect((await isthmus('apply', '-f', 'estate')).out).toBe(lines('created'));
  expect((await isthmus('apply', '-f', 'estate')).out).toBe(lines('unchanged'));
  expect(await isthmus('diff', '-f', 'estate')).toEqual({ out: '', said: '', code: 0 });
  expect(await isthmus('diff', '-f', 'moved.yaml')).toMatchObject({ code: 1, said: '1 would change.' });
});

test('what get prints as YAML can be applied as it is', async () => {
  await applied();
  const { out } = await isthmus('get', 'services', '-o', 'yaml');
  const again = await run({ bench, files: { 'got.yaml': out } }, ['apply', '-f', 'got.yaml']);
  expect(again).toEqual({ out: 'service berlin/web unchanged', said: '', code: 0 });
});

test('manifests are deleted in the other order, so that nothing is in use', async () => {
  await applied();
  const { out, code } = await isthmus('delete', '-f', 'estate/all.yaml');
  expect(out.split('\n')).toEqual(
    ['policy web', 'route web', 'service berlin/web', 'site paris'].map((one) => `${one} is being deleted`),
  );
  expect([code, (await isthmus('get', 'sites', '-o', 'name')).out]).toEqual([0, 'site/berlin']);
});

test('a manifest that names a tenant is of that one, also when it is deleted', async () => {
  await applied();
  const site = { kind: 'site', metadata: { name: 'paris', tenant: 'other' }, spec: ESTATE[2]?.spec };
  const other = (word: string) =>
    run({ bench, files: { 'o.json': JSON.stringify(site) } }, [word, '-f', 'o.json']);
  expect((await other('apply')).out).toBe('site paris created');
  expect((await other('delete')).out).toBe('site paris is being deleted');
  expect((await isthmus('get', 'sites', '-o', 'name')).out).toBe('site/berlin\nsite/paris');
});

test('an isolation is set and taken back', async () => {
  const set = await isthmus('isolate', 'acme');
  expect(set).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^acme is isolated\. No site of the tenant is joined, .*\.$/),
  });
  expect((await isthmus('get', 'tenant', 'acme', '-o', 'jsonpath={.spec.isolation}')).out).toBe('isolated');
  await isthmus('isolate', 'acme', '--off');
  expect((await isthmus('get', 'tenant', 'acme', '-o', 'jsonpath={.spec.isolation}')).out).toBe('open');
});

test('each fault has its exit code, and says it to standard error alone', async () => {
  const viewer = await putKey(bench.store, 'acme', 'viewer');
  const asViewer = (...words: string[]) => run({ bench, files, key: viewer }, words);
  await applied();
  const faults = [
    [2, await isthmus('get', 'planets'), 'There is no kind planets'],
    [2, await isthmus('get', 'sites', '-o', 'xml'), 'There is no format xml'],
    [2, await isthmus('apply', '-f', 'wrong.yaml'), 'wrong.yaml, document 2: This is no manifest'],
    [2, await isthmus('completion', 'tcsh'), 'say bash, zsh or fish'],
    [2, await isthmus('nonsense'), ''],
    [3, await isthmus('get', 'site', 'berlni'), 'There are berlin, paris.'],
    [4, await asViewer('delete', 'site', 'paris'), ''],
    [4, await run({ bench, files, key: 'isk_x' }, ['whoami']), ''],
    [5, await isthmus('delete', 'site', 'berlin'), ''],
  ] as const;
  for (const [code, ran, said] of faults) {
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.said).toContain(said);
    expect(ran.said).not.toBe('');
  }
});
