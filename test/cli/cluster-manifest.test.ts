/** A manifest of a cluster is the whole of what is wanted of it, and nothing of that is lost because it was not written down. */
import { expect, test } from 'vitest';
import type { Api } from '../../cli/api.ts';
import { appliedText, apply, manifestText } from '../../cli/manifest.ts';
import { Cluster, ClusterReplacement, ClusterSpec } from '../../protocol/cluster.ts';

const AT = '2026-01-31T12:00:00.000Z';
const BACKUP = 'backup: { store: { kind: directory, path: /srv/backups } }';

function clusterOf(spec: ClusterSpec, generation: number): Cluster {
  return Cluster.parse({
    metadata: { name: 'prod', createdAt: AT, updatedAt: AT, generation, version: generation },
    spec,
    status: {
      kind: 'kubernetes',
      edge: 'e',
      host: 'h',
      servers: [],
      authority: 'a',
      browser: { state: 'no_domain', detail: '' },
      conditions: [],
    },
  });
}

/** An API with one cluster, which takes what the real one would. */
function apiWith(spec: unknown): { api: Api; kept: () => Cluster } {
  const state = { cluster: clusterOf(ClusterSpec.parse(spec), 1) };
  const none = () => Promise.reject(new Error('not asked for here'));
  const isOurs = (path: string) => path === '/v1/tenants/acme/clusters/prod';
  const api: Api = {
    ...{ tenant: async () => 'acme', get: none, told: none, post: none, list: none, remove: none },
    find: async ({ path }, schema) => (isOurs(path) ? schema.parse(state.cluster) : undefined),
    put: async (_, schema, { body }) => {
      const next = ClusterReplacement.parse(body).spec;
      const isSame = JSON.stringify(next) === JSON.stringify(state.cluster.spec);
      state.cluster = clusterOf(next, state.cluster.metadata.generation + (isSame ? 0 : 1));
      return schema.parse(state.cluster);
    },
  };
  return { api, kept: () => state.cluster };
}

function manifest(spec: string): string {
  return `kind: cluster\nmetadata: { name: prod }\nspec: { ${spec} }`;
}

test('a cluster as its edge made it takes a manifest that names what is wanted, and no site', async () => {
  const { api, kept } = apiWith({ site: 'berlin' });
  const lines = [];
  for (const spec of ['record: exec', 'record: exec', `record: exec, ${BACKUP}`])
    lines.push(...(await apply(api, manifest(spec))).map(appliedText));
  expect(lines).toEqual(['cluster prod changed', 'cluster prod unchanged', 'cluster prod changed']);
  expect(kept().spec).toMatchObject({ site: 'berlin', record: 'exec', backup: { keep: 24 } });
});

test.each([
  ['record', { record: 'exec' }],
  ['access', { access: { viewer: [] } }],
  ['backup', { backup: { store: { kind: 'directory', path: '/srv' } } }],
])(
  '%s that the manifest does not name is asked about, and goes back to its default when told so',
  async (field, has) => {
    const { api, kept } = apiWith({ site: 'berlin', ...has });
    const before = kept();
    await expect(apply(api, manifest(''))).rejects.toThrow(`does not name ${field}, which prod has`);
    expect(kept()).toEqual(before);
    await apply(api, manifest(''), { reset: true });
    expect(kept().spec).toEqual(ClusterSpec.parse({ site: 'berlin' }));
  },
);

test('what is shown as a manifest and applied changes nothing', async () => {
  const { api, kept } = apiWith({ site: 'berlin', record: 'exec', access: { viewer: ['team:a'] } });
  const done = await apply(api, manifestText('cluster', kept()));
  expect(done.map(appliedText)).toEqual(['cluster prod unchanged']);
});

test('a spec that is no object is refused, and changes nothing', async () => {
  const { api, kept } = apiWith({ site: 'berlin', record: 'exec' });
  const text = 'kind: cluster\nmetadata: { name: prod }\nspec: exec';
  await expect(apply(api, text, { reset: true })).rejects.toThrow('This is no manifest');
  expect(kept().spec.record).toBe('exec');
});

test('a cluster that is not there is made by its edge, not by a manifest', async () => {
  const { api } = apiWith({ site: 'berlin' });
  const text = 'kind: cluster\nmetadata: { name: other }\nspec: {}';
  await expect(apply(api, text)).rejects.toThrow('edge-agent cluster add kubernetes other');
});
