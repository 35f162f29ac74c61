/**
 * The cache beside the API server that it relieves: the same question to both, the same answer, while objects come, change and go; and what becomes of
 * watchers when the API server restarts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../fixtures/kube/api-server.ts';
import {
  askDirectly,
  askRelieved,
  Copier,
  eventsOf,
  Listed,
  openRelieved,
  type SeenEvent,
} from './relief-clients.ts';
import { CHURN, GROUND, LISTS, MAPS, SAME, WIDGET_OBJECTS, WIDGET_TYPE } from './relief-questions.ts';
import { ADMIN, impersonating, type ReliefStand, startReliefStand } from './relief-stand.ts';

const stand: { api?: ApiServer; relief?: ReliefStand; churning: boolean; churned: number } = {
  churning: true,
  churned: 0,
};
const CHURN_MS = 20;
const ANY_VERSION = '/api/v1/namespaces/quiet/configmaps?resourceVersion=0';
const PROTOBUF = 'application/vnd.kubernetes.protobuf,application/json';

function there(): { readonly api: ApiServer; readonly relief: ReliefStand } {
  const { api, relief } = stand;
  if (api === undefined || relief === undefined) throw new Error('the stand is not up');
  return { api, relief };
}

async function send(method: 'POST' | 'PUT' | 'DELETE', path: string, object?: unknown): Promise<void> {
  const { relief } = there();
  const body = object === undefined ? undefined : JSON.stringify(object);
  await relief.client.text({ method, path, body }).catch((cause: unknown) => {
    if (stand.churning) throw cause;
  });
}

function map(namespace: string, name: string, labels: Record<string, string> = {}) {
  const data = { text: 'é ü "quoted" \\', number: '1' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, labels }, data };
}

/** Creates, changes, moves out of selectors and deletes, in the namespace `churn`. */
async function churn(): Promise<void> {
  while (stand.churning) {
    const round = stand.churned++;
    const name = `c${round % 7}`;
    const labels = { even: String(round % 2 === 0), round: String(round) };
    try {
      if (round % 14 < 7) await send('POST', CHURN, map('churn', name, labels));
      else if (round % 5 === 0) await send('PUT', `${CHURN}/${name}`, map('churn', name));
      if (round % 14 >= 7) await send('DELETE', `${CHURN}/${name}`);
    } catch {
      // The server is away, or a round met another's leavings.
    }
    await pause(CHURN_MS);
  }
}

beforeAll(async () => {
  stand.api = await startApiServer();
  stand.relief = await startReliefStand({ kubeconfig: stand.api.kubeconfig });
  const { api } = there();
  const apply = async (input: string) => {
    const made = await api.kubectl(['apply', '-f', '-'], { input });
    if (made.code !== 0) throw new Error(made.stderr);
  };
  await apply(GROUND);
  await apply(WIDGET_TYPE);
  await api.kubectl(['wait', '--for=condition=Established', 'crd/widgets.example.isthmus.dev']);
  await apply(WIDGET_OBJECTS);
  for (const namespace of ['quiet', 'other'])
    for (let index = 0; index < 12; index++)
      await send(
        'POST',
        `/api/v1/namespaces/${namespace}/configmaps`,
        map(namespace, `m${index}`, {
          tier: index % 3 === 0 ? 'web' : 'db',
          index: String(index),
          'isthmus.dev/app': 'a',
        }),
      );
  void churn();
});

afterAll(async () => {
  stand.churning = false;
  await pause(2 * CHURN_MS);
  await stand.relief?.close();
  await stand.api?.close();
});

function withVersion(path: string, version: string): string {
  const kept = path.replace(/resourceVersion=\d+&?/, '').replace(/[?&]$/, '');
  return `${kept}${kept.includes('?') ? '&' : '?'}resourceVersion=${version}&resourceVersionMatch=Exact`;
}

/** What may differ: how long ago, in words and in numbers. */
function timeless(body: unknown): unknown {
  const text = JSON.stringify(body)
    .replaceAll(/"\d+[smhd]([\d]+[smhd])?"/g, '"AGE"')
    .replaceAll(/, current: \d+/g, ', current: N')
    .replaceAll(/"resourceVersion":"\d+"(,"continue":"[\w-]+")?(,"remainingItemCount":\d+)?\}/g, '}');
  return JSON.parse(text);
}

describe('the cache answers as the API server does, while objects churn', () => {
  test.each(LISTS)('%s', async (path) => {
    const { relief } = there();
    const relieved = await askRelieved(relief.url, { path });
    const { metadata } = Listed.parse(relieved.body);
    const direct = await askDirectly(relief.client, { path: withVersion(path, metadata.resourceVersion) });
    expect(relieved).toEqual(direct);
    expect(relief.answeredBy.get(path.includes('?') ? path : `${path}?`)).not.toBe('upstream');
  });

  test.each(SAME)('$path as $user in $accept', async (ask) => {
    const { relief } = there();
    const [relieved, direct] = await Promise.all([
      askRelieved(relief.url, ask),
      askDirectly(relief.client, ask),
    ]);
    expect({ ...relieved, body: timeless(relieved.body) }).toEqual({
      ...direct,
      body: timeless(direct.body),
    });
  });

  test('whoever prefers protobuf and takes JSON gets JSON from memory', async () => {
    const { relief } = there();
    const { status, body } = await askRelieved(relief.url, {
      path: '/api/v1/namespaces/quiet/configmaps?limit=4',
      accept: PROTOBUF,
    });
    expect([status, Listed.parse(body).items?.length]).toEqual([200, 4]);
  });

  test('pages of one list are of one version, whoever answers them', async () => {
    const { relief } = there();
    const names: string[] = [];
    const versions = new Set<string>();
    let token = '';
    for (let page = 0; page < 20 && (page === 0 || token !== ''); page++) {
      const path = `${MAPS}?limit=3${token === '' ? '' : `&continue=${token}`}`;
      // Every second page is asked of the API server itself.
      const { body } =
        page % 2 === 0 ? await askRelieved(relief.url, { path }) : await askDirectly(relief.client, { path });
      const { items, metadata } = Listed.parse(body);
      names.push(...(items ?? []).map((item) => `${item.metadata.namespace}/${item.metadata.name}`));
      versions.add(metadata.resourceVersion);
      token = metadata.continue ?? '';
    }
    const [version = ''] = versions;
    const whole = await askDirectly(relief.client, { path: withVersion(MAPS, version) });
    expect(versions.size).toBe(1);
    expect(names).toEqual(
      Listed.parse(whole.body).items?.map((item) => `${item.metadata.namespace}/${item.metadata.name}`),
    );
  });

  test('a read without a version sees what was written before it was asked', async () => {
    const { relief } = there();
    for (let round = 0; round < 20; round++) {
      const name = `fresh-${round}`;
      await send('POST', '/api/v1/namespaces/fresh/configmaps', map('fresh', name));
      const { body } = await askRelieved(relief.url, { path: '/api/v1/namespaces/fresh/configmaps' });
      expect(Listed.parse(body).items?.map((item) => item.metadata.name)).toContain(name);
    }
  });

  test('while only other types change, versions are compared and no list is read whole', async () => {
    const { relief } = there();
    const path = '/apis/apps/v1/deployments';
    await askRelieved(relief.url, { path });
    await pause(700);
    const before = relief.cache.analysis().upstreamLists;
    const { body } = await askRelieved(relief.url, { path });
    // One small read for the version, one of metadata for the proof.
    expect(relief.cache.analysis().upstreamLists - before).toBe(2);
    expect(Listed.parse(body).items?.length).toBe(1);
  });

  test('many who ask at once are answered by few reads of the server', async () => {
    const { relief } = there();
    const before = relief.cache.analysis();
    await Promise.all(Array.from({ length: 100 }, () => askRelieved(relief.url, { path: MAPS })));
    const after = relief.cache.analysis();
    expect(after.upstreamLists - before.upstreamLists).toBeLessThanOrEqual(20);
  });
});

describe('watches', () => {
  test.each([
    CHURN,
    MAPS,
    `${MAPS}?labelSelector=even%3Dtrue`,
    `${MAPS}?labelSelector=!round`,
    `${MAPS}?fieldSelector=metadata.name%3Dc3`,
  ])('%s tells the same events as the server, object for object', async (path) => {
    const { relief } = there();
    const { body } = await askDirectly(relief.client, { path });
    const { resourceVersion } = Listed.parse(body).metadata;
    const query = `${path.includes('?') ? '&' : '?'}watch=true&timeoutSeconds=2&resourceVersion=${resourceVersion}`;
    const [relieved, direct] = await Promise.all([
      openRelieved(relief.url, { path: path + query }).then((answer) => eventsOf(answer)),
      relief.client
        .stream({ method: 'GET', path: path + query, headers: impersonating(ADMIN) })
        .then((answer) => eventsOf(answer)),
    ]);
    const both = Math.min(relieved.length, direct.length);
    expect(both).toBeGreaterThan(3);
    expect(relieved.slice(0, both)).toEqual(direct.slice(0, both));
    expect(Math.abs(relieved.length - direct.length)).toBeLessThan(10);
  });

  test('initial events end with a bookmark, and then come changes', async () => {
    const { relief } = there();
    const path = `${MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1`;
    const events = await eventsOf(await openRelieved(relief.url, { path }));
    const end = events.findIndex(({ type }) => type === 'BOOKMARK');
    expect(events.slice(0, end).every(({ type }) => type === 'ADDED')).toBe(true);
    expect(JSON.stringify(events[end]?.object)).toContain('k8s.io/initial-events-end');
    const later = events.slice(end + 1).map(({ version }) => version);
    expect(later.length).toBeGreaterThan(1);
    expect(later).toEqual([...later].sort((one, other) => one - other));
  });

  test('a version that is not remembered ends the watch with 410', async () => {
    const { relief } = there();
    const path = `${MAPS}?watch=true&resourceVersion=1`;
    const events = await eventsOf(await openRelieved(relief.url, { path }));
    expect(events.map(({ type, version }: SeenEvent) => [type, version])).toEqual([['ERROR', 410]]);
  });
});

describe('the API server restarts', () => {
  test('under 50 watchers no event is lost or doubled, and few requests go up', async () => {
    const { api, relief } = there();
    const copiers = Array.from({ length: 50 }, () => new Copier(relief.url, MAPS));
    const running = copiers.map((copier) => copier.run());
    await pause(500);
    const before = relief.cache.analysis();
    // The word on access holds for seconds; without one nothing is answered.
    await askRelieved(relief.url, { path: ANY_VERSION });
    await api.stopApiServer();
    await pause(500);
    const anyVersion = await askRelieved(relief.url, { path: ANY_VERSION });
    const fresh = await askRelieved(relief.url, { path: '/api/v1/namespaces/quiet/configmaps' });
    await api.startApiServer();
    await pause(3_000);
    stand.churning = false;
    await pause(1_000);
    const after = relief.cache.analysis();
    const { body } = await askDirectly(relief.client, { path: MAPS });
    const truth = (Listed.parse(body).items ?? []).map((item) => [
      `${item.metadata.namespace}/${item.metadata.name}`,
      Number(item.metadata.resourceVersion),
    ]);
    for (const copier of copiers) copier.stop();
    await Promise.all(running);
    expect(anyVersion.status).toBe(200);
    expect(fresh.status).toBe(502);
    for (const copier of copiers) {
      expect(copier.faults).toEqual([]);
      expect([...copier.objects].sort()).toEqual([...truth].sort());
    }
    expect(after.upstreamWatches - before.upstreamWatches).toBeLessThan(60);
  });
});
