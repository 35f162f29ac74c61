/** What `isthmus` gives to kubectl: an entry without a secret (scenario 7), beside what was there, and a token when it is asked for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Api } from '../../cli/api.ts';
import { credentialFor, execCredential } from '../../cli/credential.ts';
import { kubeconfigOf, kubeconfigText, mergedKubeconfig } from '../../cli/kubeconfig.ts';
import { readProfile, type Settings, writeProfile } from '../../cli/profile.ts';
import { ageText, bytesText, tableOf } from '../../cli/table.ts';
import { Cluster } from '../../protocol/cluster.ts';

const AT = '2026-01-31T12:00:00.000Z';
const CLUSTER = Cluster.parse({
  metadata: { name: 'prod', tenant: 'demo', createdAt: AT, updatedAt: AT, generation: 1, version: 1 },
  spec: { site: 'berlin' },
  status: {
    kind: 'kubernetes',
    edge: 'berlin',
    host: 'prod.demo.clusters.isthmus.internal',
    servers: ['https://198.51.100.10', 'https://198.51.100.11'],
    authority: 'PEM',
    browser: { state: 'no_domain', detail: '' },
    conditions: [],
  },
});
const CALLER = { command: '/usr/bin/node', arguments: ['/opt/isthmus.mjs'] };
const PROFILE = { url: 'https://control.example.net', key: 'isk_demo_ada_secret' };

let directory: string;
let settings: Settings;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-cli-'));
  settings = { environment: {}, home: directory };
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('a kubeconfig', () => {
  const config = parse(kubeconfigText(kubeconfigOf(CLUSTER, 'demo', CALLER)));

  test('holds no secret (scenario 7), leads to each hub by the name of the cluster, and trusts the site alone', () => {
    expect(config.users).toEqual([
      {
        name: 'isthmus-demo-prod',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: '/usr/bin/node',
            args: ['/opt/isthmus.mjs', 'credential', 'prod', '--tenant', 'demo'],
            interactiveMode: 'Never',
            provideClusterInfo: false,
          },
        },
      },
    ]);
    expect(
      config.clusters.map(({ name, cluster }: { name: string; cluster: object }) => ({ name, ...cluster })),
    ).toEqual(
      ['198.51.100.10', '198.51.100.11'].map((address, index) => ({
        name: index === 0 ? 'isthmus-demo-prod' : 'isthmus-demo-prod-hub2',
        server: `https://${address}`,
        'tls-server-name': 'prod.demo.clusters.isthmus.internal',
        'certificate-authority-data': Buffer.from('PEM').toString('base64'),
      })),
    );
  });

  test('is merged beside what is there; the same again changes nothing', () => {
    const others =
      'apiVersion: v1\nkind: Config\nclusters: [{name: own, cluster: {server: x}}]\nusers: []\ncontexts: []\ncurrent-context: own\n';
    const once = mergedKubeconfig(others, kubeconfigOf(CLUSTER, 'demo', CALLER));
    expect(parse(once).clusters.map(({ name }: { name: string }) => name)).toEqual([
      'own',
      'isthmus-demo-prod',
      'isthmus-demo-prod-hub2',
    ]);
    expect(parse(once)['current-context']).toBe('isthmus-demo-prod');
    expect(mergedKubeconfig(once, kubeconfigOf(CLUSTER, 'demo', CALLER))).toBe(once);
  });

  test.each(['- a list', 'clusters: 7', 'a: [b'])(
    'is not merged into something else: %j stays as it is',
    (text) => {
      expect(() => mergedKubeconfig(text, kubeconfigOf(CLUSTER, 'demo', CALLER))).toThrow(
        'nothing was changed',
      );
    },
  );

  test('is refused while no hub leads there', () => {
    const alone = { ...CLUSTER, status: { ...CLUSTER.status, servers: [] } };
    expect(() => kubeconfigOf(alone, 'demo', CALLER)).toThrow('Install a hub first');
  });
});

describe('a credential (scenario 7)', () => {
  const asked: string[] = [];
  const api: Api = {
    told: () => Promise.reject(new Error('not asked')),
    get: () => Promise.reject(new Error('not asked')),
    find: () => Promise.reject(new Error('not asked')),
    put: () => Promise.reject(new Error('not asked')),
    remove: () => Promise.reject(new Error('not asked')),
    list: () => Promise.reject(new Error('not asked')),
    tenant: async () => 'demo',
    post: async ({ path }, schema) => {
      asked.push(path);
      const expiresAt = new Date(Date.parse(AT) + 900_000).toISOString();
      return schema.parse({
        token: `token-${asked.length}`,
        expiresAt,
        subject: 's',
        groups: [],
        role: 'viewer',
      });
    },
  };
  const want = (afterMs: number) =>
    credentialFor(
      { api, profile: PROFILE, settings },
      { cluster: 'prod', tenant: 'demo', nowMs: Date.parse(AT) + afterMs },
    );

  test('is asked for once, kept for its owner alone, and asked for again before it ends', async () => {
    const tokens = [await want(0), await want(60_000), await want(839_000), await want(841_000)].map(
      ({ token }) => token,
    );
    expect(tokens).toEqual(['token-1', 'token-1', 'token-1', 'token-2']);
    expect(asked[0]).toBe('/v1/tenants/demo/clusters/prod/credentials');
    const kept = join(directory, '.cache/isthmus/credentials');
    expect(readdirSync(kept).map((name) => statSync(join(kept, name)).mode & 0o777)).toEqual([0o600]);
    expect(readFileSync(join(kept, readdirSync(kept)[0] ?? ''), 'utf8')).not.toContain(PROFILE.key);
  });

  test('is told to kubectl with an end that leaves it time to ask anew', async () => {
    expect(execCredential({ ...(await want(0)), token: 't' })).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 't', expirationTimestamp: '2026-01-31T12:14:00Z' },
    });
  });
});

describe('a profile', () => {
  test('is for its owner alone; variables win over it', () => {
    const path = writeProfile(settings, PROFILE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readProfile(settings)).toEqual(PROFILE);
    expect(readProfile({ ...settings, environment: { ISTHMUS_TENANT: 'other' } })).toEqual({
      ...PROFILE,
      tenant: 'other',
    });
  });

  test('that is missing says what to do', () => {
    expect(() => readProfile(settings)).toThrow('isthmus login');
  });
});

describe('what people read', () => {
  test('is aligned', () => {
    expect(tableOf(['A', 'LONG'], [['bbb', 'c']])).toBe('A    LONG\nbbb  c');
    expect([ageText(5), ageText(600), ageText(7_300), ageText(900_000)]).toEqual([
      '5 s',
      '10 min',
      '2 h',
      '10 d',
    ]);
    expect([bytesText(12), bytesText(1_500), bytesText(25_000_000)]).toEqual(['12 B', '1.5 kB', '25 MB']);
  });
});
