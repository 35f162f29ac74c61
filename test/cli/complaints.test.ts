/** What the command says when it can't do what it was asked: what is wrong, where, and what to do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { confirmTenant, openApi } from '../../cli/api.ts';
import { readCluster } from '../../cli/clusters.ts';
import { etcdText } from '../../cli/etcd.ts';
import { apply } from '../../cli/manifest.ts';
import { newProfile } from '../../cli/profile.ts';
import { ensureCertificate, type Tls } from '../../local/certificate.ts';
import { Cluster } from '../../protocol/cluster.ts';

const AT = '2026-01-31T12:00:00.000Z';
const directory = mkdtempSync(join(tmpdir(), 'complaints-'));
const servers: Server[] = [];
const PROD = {
  metadata: { name: 'prod', createdAt: AT, updatedAt: AT, generation: 1, version: 1 },
  spec: { site: 'berlin' },
  status: {
    kind: 'kubernetes',
    edge: 'e',
    host: 'h',
    servers: [],
    authority: 'a',
    browser: { state: 'no_domain', detail: '' },
    conditions: [],
  },
};
const WRONG = {
  ...{ type: 'about:blank', code: 'invalid', status: 422, title: 'A field is wrong' },
  detail: '/spec/image: Give one. There are 2 wrong fields in all.',
  errors: [
    { pointer: '/spec/image', detail: 'Give one.' },
    { pointer: '/spec/ports/0', detail: 'Too large.' },
  ],
};
const MISSING = {
  type: 'about:blank',
  code: 'not_found',
  status: 404,
  title: 'Nothing',
  detail: 'No tenant.',
};

let tls: Tls;
let url = '';

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

beforeAll(async () => {
  tls = await ensureCertificate(directory, [], Date.now());
  const answers: Readonly<Record<string, readonly [number, unknown]>> = {
    '/v1/tenants/acme/clusters': [200, { items: [PROD] }],
    '/v1/tenants/acme/apps': [422, WRONG],
  };
  const port = await listen(
    createServer({ cert: tls.certificate, key: tls.key }, ({ url: path = '' }, response) => {
      const [status, body] = answers[path] ?? [404, MISSING];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }),
  );
  url = `https://127.0.0.1:${port}`;
});

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

function api(ca = tls.authority, tenant = 'acme') {
  return openApi({ url, key: 'isk_acme_ada_x', tenant, ...(ca === undefined ? {} : { ca }) });
}

describe('what can not be reached', () => {
  test('a certificate that nobody vouches for: say which authority does', async () => {
    const alone = openApi({ url, key: 'k', tenant: 'acme' });
    await expect(readCluster(alone, 'prod')).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(readCluster(alone, 'prod')).rejects.toThrow(/nobody known has signed .*--ca FILE/);
    const other = await ensureCertificate(mkdtempSync(join(directory, 'other-')), [], Date.now());
    await expect(readCluster(api(other.authority), 'prod')).rejects.toThrow(/is another one; fetch it anew/);
  });

  test('a port that speaks no TLS', async () => {
    const port = await listen(createPlainServer((_, response) => response.end('x')));
    const plain = openApi({ url: `https://127.0.0.1:${port}`, key: 'k', tenant: 'acme' });
    await expect(readCluster(plain, 'prod')).rejects.toThrow('does not speak TLS there');
  });
});

describe('a login', () => {
  const key = () => file('key', 'isk_acme_ada_x\n');

  test.each([
    ['a key file that is no key', () => ({ url, keyFile: file('two', 'one two') }), 'holds no API key'],
    ['an empty one', () => ({ url, keyFile: file('none', '\n') }), 'holds no API key'],
    ['http', () => ({ url: 'http://a', keyFile: key() }), 'http://a is no address of a control plane'],
    ['no certificate', () => ({ url, keyFile: key(), caFile: key() }), 'holds no certificate'],
  ] as const)('is refused by %s', (_, login, said) => {
    expect(() => newProfile(login())).toThrow(said);
  });

  test('is refused for a tenant that is not there', async () => {
    expect(newProfile({ url: `${url}/`, keyFile: key() })).toEqual({ url, key: 'isk_acme_ada_x' });
    await expect(confirmTenant(api(tls.authority, 'nope'))).rejects.toThrow('No tenant.');
  });
});

describe('a manifest', () => {
  test.each(['metadata: { name: web', 'a: b: c'])(
    'that is no YAML is told with its line: %s',
    async (text) => {
      await expect(apply(api(), text)).rejects.toThrow(
        /no YAML, so nothing was changed: .* at line 1, column/,
      );
    },
  );

  test('that lacks something is told what', async () => {
    await expect(apply(api(), 'kind: planet\nmetadata: { name: a }')).rejects.toThrow(/Of kind: /);
  });

  test('is told all of its wrong fields', async () => {
    const refused = apply(api(), 'metadata: { name: web }\nspec: {}');
    await expect(refused).rejects.toThrow('\n  /spec/image: Give one.\n  /spec/ports/0: Too large.');
  });
});

test('of a misspelled cluster, those that there are', async () => {
  await expect(readCluster(api(), 'prdo')).rejects.toThrow('There is no cluster prdo. There are prod.');
});

test('an etcd for which nobody set a quota has the default one; of one that is silent it is not known', () => {
  const member = (healthy: boolean) => ({
    ...{ endpoint: 'https://e:2379', id: '1', version: '3.6.4', healthy, isLeader: healthy, alarms: [] },
    ...{ databaseBytes: 1_000, databaseInUseBytes: 1_000, quotaBytes: 0, raftTerm: 1, raftIndex: 1 },
    ...{ detail: '', leaderChanges: 1, fsyncP99Ms: null, commitP99Ms: null },
  });
  const sum = { cpuMillis: 1, memoryMib: 1, pods: 1 };
  const facts = {
    ...{ version: 'v1.34.4', capacity: sum, allocatable: sum, nodes: [], statements: [] },
    etcd: { members: [member(true), member(false)], backups: [], drills: [], advice: [] },
  };
  const lines = etcdText(Cluster.parse({ ...PROD, status: { ...PROD.status, facts } }), 0).split('\n');
  expect(lines[1]).toMatch(/1\.0 kB of 1\.0 kB +default +-/);
  expect(lines[2]).toMatch(/1\.0 kB of 1\.0 kB +- +-/);
});
