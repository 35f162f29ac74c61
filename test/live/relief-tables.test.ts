/** Tables from memory beside those of the API server: the same cells, ages too, while objects change; and what kubectl prints of both. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type ApiServer, startApiServer } from '../fixtures/kube/api-server.ts';
import { askDirectly, askRelieved, eventsOf, openRelieved } from './relief-clients.ts';
import { GROUND, TABLE } from './relief-questions.ts';
import { ADMIN, impersonating, type ReliefStand, startReliefStand } from './relief-stand.ts';

const PODS = '/api/v1/namespaces/quiet/pods';
const RESTARTED = 'restarted';
const Table = z.looseObject({
  kind: z.literal('Table'),
  metadata: z.looseObject({ resourceVersion: z.string() }),
  columnDefinitions: z.array(z.looseObject({ name: z.string() })).nullable(),
  rows: z.array(z.looseObject({ cells: z.array(z.unknown()), object: z.unknown() })).nullable(),
});
const stand: { api?: ApiServer; relief?: ReliefStand } = {};

function there(): { readonly api: ApiServer; readonly relief: ReliefStand } {
  const { api, relief } = stand;
  if (api === undefined || relief === undefined) throw new Error('the stand is not up');
  return { api, relief };
}

async function kubectl(...[words, input = '']: [readonly string[], string?]): Promise<void> {
  const { code, stderr } = await there().api.kubectl(words, { input });
  if (code !== 0) throw new Error(stderr);
}

function restartedStatus(agoMs: number): string {
  const finishedAt = new Date(Date.now() - agoMs).toISOString().replace(/\.\d+/, '');
  const terminated = { exitCode: 1, finishedAt, startedAt: finishedAt };
  const status = {
    name: 'a',
    image: 'a',
    imageID: '',
    ready: false,
    restartCount: 3,
    lastState: { terminated },
    state: { waiting: { reason: 'CrashLoopBackOff' } },
  };
  return JSON.stringify({ status: { phase: 'Running', containerStatuses: [status] } });
}

beforeAll(async () => {
  stand.api = await startApiServer();
  stand.relief = await startReliefStand({ kubeconfig: stand.api.kubeconfig });
  await kubectl(['apply', '-f', '-'], GROUND);
  const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"${RESTARTED}","namespace":"quiet"},"spec":{"containers":[{"name":"a","image":"a"}]}}`;
  await kubectl(['apply', '-f', '-'], pod);
  await kubectl([
    ...['-n', 'quiet', 'patch', 'pod', RESTARTED, '--subresource=status', '--type=merge'],
    ...['-p', restartedStatus(300_000)],
  ]);
});

afterAll(async () => {
  await stand.relief?.close();
  await stand.api?.close();
});

/** The table from memory, between two of the server: the ages must lie between theirs. */
async function compare(path: string, by: 'cache' | 'coalesced'): Promise<z.infer<typeof Table>> {
  const { relief } = there();
  const ask = { path, accept: TABLE };
  await askRelieved(relief.url, ask);
  const before = await askDirectly(relief.client, ask);
  const relieved = await askRelieved(relief.url, ask);
  const after = await askDirectly(relief.client, ask);
  expect(relief.answeredBy.get(path.includes('?') ? path : `${path}?`)).toBe(by);
  expect(relief.cache.analysis().types.some(({ resource }) => resource.endsWith(' (table)'))).toBe(true);
  const isOne = [before, after].some(({ body }) => JSON.stringify(body) === JSON.stringify(relieved.body));
  // Three reads within two seconds may show three ages.
  if (!isOne) expect([withoutSeconds(before.body)]).toEqual([withoutSeconds(relieved.body)]);
  return Table.parse(relieved.body);
}

function withoutSeconds(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body).replaceAll(/(\d)\d*s( ago\))?"/g, '"'));
}

describe('a table from memory is the server’s', () => {
  test.each([
    PODS,
    '/api/v1/pods',
    `${PODS}?limit=500`,
    `${PODS}?limit=1`,
    `${PODS}?labelSelector=app%3Dweb`,
    `${PODS}?fieldSelector=spec.nodeName%3Dnode-1`,
    '/api/v1/namespaces/nowhere/pods',
    '/api/v1/namespaces',
    '/api/v1/services',
    '/api/v1/namespaces/quiet/serviceaccounts?limit=500',
    '/apis/apps/v1/deployments',
    '/apis/apps/v1/namespaces/quiet/deployments?limit=500',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?limit=500',
    '/apis/scheduling.k8s.io/v1/priorityclasses',
  ])('%s', async (path) => {
    await compare(path, 'coalesced');
  });

  test.each([
    `${PODS}?resourceVersion=0`,
    '/apis/apps/v1/deployments?resourceVersion=0&limit=5',
    `${PODS}/${RESTARTED}?resourceVersion=0`,
  ])('%s', async (path) => {
    await askRelieved(there().relief.url, { path: path.replace(`/${RESTARTED}`, ''), accept: TABLE });
    await compare(path, 'cache');
  });

  test('and its ages go on', async () => {
    const path = `${PODS}/${RESTARTED}`;
    const cellsOf = async () => (await compare(path, 'coalesced')).rows?.[0]?.cells;
    const first = await cellsOf();
    await pause(2_500);
    const later = await cellsOf();
    expect(first?.[3]).toMatch(/^3 \(5m\d*s? ago\)$/);
    expect(later?.[3]).not.toEqual(first?.[3]);
    expect(later?.[4]).not.toEqual(first?.[4]);
  });
});

test.each([
  '/api/v1/events',
  '/apis/batch/v1/jobs',
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  `${PODS}?includeObject=Object`,
  `${PODS}?includeObject=None`,
])('%s is the server’s to tell', async (path) => {
  const { relief } = there();
  const { body } = await askRelieved(relief.url, { path, accept: TABLE });
  expect(Table.parse(body).kind).toBe('Table');
  expect(relief.answeredBy.get(path.includes('?') ? path : `${path}?`)).toBe('upstream');
  expect(relief.cache.analysis().types.map(({ resource }) => resource)).not.toContain('events (table)');
});

test('many who list tables at once cost the server few reads', async () => {
  const { relief } = there();
  const ask = { path: `${PODS}?limit=500`, accept: TABLE };
  await askRelieved(relief.url, ask);
  const before = relief.cache.analysis();
  const answers = await Promise.all(Array.from({ length: 100 }, () => askRelieved(relief.url, ask)));
  const after = relief.cache.analysis();
  expect(answers.every(({ body }) => Table.parse(body).rows?.length === 3)).toBe(true);
  // How many rounds it takes depends on how the readers come; each costs one or two.
  expect(after.upstreamLists - before.upstreamLists).toBeLessThanOrEqual(20);
  expect(after.upstreamWatches).toBe(before.upstreamWatches);
});

test('a watch of a table tells what the server’s does, columns in the first event', async () => {
  const { relief } = there();
  const { body } = await askDirectly(relief.client, { path: PODS, accept: TABLE });
  const query = `?watch=true&timeoutSeconds=3&resourceVersion=${Table.parse(body).metadata.resourceVersion}`;
  const relieved = openRelieved(relief.url, { path: PODS + query, accept: TABLE }).then((answer) =>
    eventsOf(answer),
  );
  const direct = relief.client
    .stream({
      method: 'GET',
      path: PODS + query,
      headers: { ...impersonating(ADMIN), accept: TABLE },
    })
    .then((answer) => eventsOf(answer));
  await pause(500);
  for (const label of ['one', 'two'])
    await kubectl(['-n', 'quiet', 'label', '--overwrite', 'pod', 'waiting', `step=${label}`]);
  await kubectl(['-n', 'quiet', 'delete', '--grace-period=0', '--force', 'pod', 'waiting']);
  const [mine, theirs] = await Promise.all([relieved, direct]);
  const types = theirs.map(({ type }) => type);
  expect([types.length >= 3, types[0], types.at(-1)]).toEqual([true, 'MODIFIED', 'DELETED']);
  expect(withoutSeconds(mine)).toEqual(withoutSeconds(theirs));
  expect(relief.answeredBy.get(PODS + query)).toBe('cache');
  const columns = mine.map(({ object }) => Table.parse(object).columnDefinitions?.length ?? 0);
  expect(columns[0]).toBeGreaterThan(3);
  expect(columns.slice(1).every((count) => count === 0)).toBe(true);
});
