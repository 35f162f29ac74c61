/** How an app of Marathon is told of, state by state, and what is read of a Marathon itself. */
import { expect, test } from 'vitest';
import { factsOfTasks, oldVersion } from '../../../edge-agent/clusters/marathon-facts.ts';
import { marathonInstance } from '../../../edge-agent/clusters/marathon-status.ts';
import { App, Info, QueueItem } from '../../../edge-agent/marathon/wire.ts';
import { workloadOf } from './driver-contract.ts';

const [OLD, NEW] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
const LABELS = { 'isthmus.dev/app': 'web', 'isthmus.dev/namespace': 'acme' };

interface Seen {
  readonly tasks?: readonly object[];
  readonly lastTaskFailure?: object;
  readonly queued?: object;
  readonly failures?: number;
  readonly labels?: Record<string, string>;
}

function instance({ queued, failures = 0, ...seen }: Seen) {
  const app = App.parse({
    id: '/acme/web',
    instances: 1,
    labels: LABELS,
    healthChecks: [{ protocol: 'MESOS_HTTP' }],
    version: NEW,
    versionInfo: { lastConfigChangeAt: NEW },
    ...seen,
  });
  return marathonInstance({
    workload: { ...workloadOf('web', 'local/tool:1', { replicas: 1 }), release: 4 },
    app,
    isTold: true,
    queued: queued === undefined ? undefined : QueueItem.parse(queued),
    news: { version: NEW, failures },
    addresses: new Map([['box', '10.0.0.9']]),
    lastLines: ['bye'],
  });
}

const running = (more: object = {}) => ({
  id: 't1',
  state: 'TASK_RUNNING',
  version: NEW,
  host: 'box',
  ...more,
});
const alive = { healthCheckResults: [{ alive: true }] };

test.each([
  ['made', { state: 'TASK_STAGING' }, ['starting', 'none']],
  ['up, not asked yet', {}, ['starting', 'none']],
  ['up, and answers', alive, ['ready', 'none']],
  [
    'up, and fails',
    { healthCheckResults: [{ alive: false, lastFailureCause: 'refused' }] },
    ['running', 'probe_failing'],
  ],
  ['not heard of', { state: 'TASK_UNREACHABLE' }, ['waiting', 'node_lost']],
  ['going', { state: 'TASK_KILLING' }, ['stopping', 'none']],
])('a task that is %s', (_, more, [state, reason]) => {
  expect(instance({ tasks: [running(more)] }).containers).toMatchObject([
    { name: 't1', node: 'box', state, reason },
  ]);
});

test('a task is published at the ports of its agent, by the names of the manifest', () => {
  const published = (more: object) =>
    instance({ tasks: [running({ ...alive, ports: [31_002], ...more })] }).containers[0]?.published;
  expect(published({})).toEqual([{ name: 'http', address: '10.0.0.9', port: 31_002 }]);
  expect(published({ host: '10.0.0.7' })).toEqual([{ name: 'http', address: '10.0.0.7', port: 31_002 }]);
  expect(published({ host: 'elsewhere' })).toBeUndefined();
  expect(published({ ports: null })).toBeUndefined();
});

test.each([
  ['Container exited with status 7', 'TASK_FAILED', 'crash_loop'],
  ['Failed to pull image: manifest unknown', 'TASK_FAILED', 'image_pull'],
  ['Memory limit exceeded: 64MB', 'TASK_FAILED', 'out_of_memory'],
  ['Command exited', 'TASK_KILLED', 'probe_failing'],
  ['Task is invalid', 'TASK_ERROR', 'other'],
])('a task that ended with "%s" (%s) is %s', (message, state, reason) => {
  const { containers, statements } = instance({
    lastTaskFailure: { message, state, taskId: 't0', version: NEW },
    queued: { delay: { timeLeftSeconds: 8 } },
    failures: 3,
  });
  expect(containers).toMatchObject([{ state: 'waiting', reason, restarts: 3, lastLines: ['bye'] }]);
  expect(statements[0]).toMatchObject({ type: 'Available', status: 'False', reason });
});

test('an end of an older configuration is no fault of this one, and why there is no place is said', () => {
  const { containers } = instance({
    lastTaskFailure: { message: 'x', state: 'TASK_FAILED', version: OLD },
    queued: {
      processedOffersSummary: {
        rejectSummaryLastOffers: [
          { reason: 'UnfulfilledRole', declined: 0, processed: 2 },
          { reason: 'InsufficientCpus', declined: 2, processed: 2 },
        ],
      },
    },
  });
  expect(containers).toMatchObject([
    {
      reason: 'unschedulable',
      message: 'No agent takes it: too few CPUs are free (2 offers).',
      lastLines: [],
    },
  ]);
});

test('what is wrong stays said while the next try begins, and a task that is made much later is none', () => {
  const timestamp = '2026-01-03T00:00:00.000Z';
  const lastTaskFailure = { message: 'exit 3', state: 'TASK_FAILED', version: NEW, timestamp };
  const seen = (stagedAt: string, state = 'TASK_STAGING') =>
    instance({ lastTaskFailure, tasks: [running({ state, stagedAt, ...alive })] }).containers.map((one) => [
      one.state,
      one.reason,
      one.lastLines,
    ]);
  expect(seen('2026-01-03T00:00:30.000Z')).toEqual([['starting', 'crash_loop', ['bye']]]);
  expect(seen('2026-01-03T00:00:30.000Z', 'TASK_RUNNING')).toEqual([['ready', 'none', []]]);
  expect(seen('2026-01-03T01:00:00.000Z')).toEqual([['starting', 'none', []]]);
  expect(seen('2026-01-02T23:59:59.000Z')).toEqual([['starting', 'none', []]]);
});

test('while old ones serve, a new one that fails is told of beside them', () => {
  const { ready, updated, containers } = instance({
    tasks: [running({ version: OLD, ...alive })],
    lastTaskFailure: { message: 'exit 3', state: 'TASK_FAILED', version: NEW },
  });
  expect([ready, updated, containers.map(({ reason, release }) => [reason, release])]).toEqual([
    1,
    0,
    [
      ['none', 0],
      ['crash_loop', 4],
    ],
  ]);
});

test('an app of somebody else, or one that stays for its volumes alone, is none', () => {
  for (const labels of [{}, { ...LABELS, 'isthmus.dev/removed': 'true' }])
    expect(instance({ labels, tasks: [running(alive)] })).toMatchObject({
      wanted: 1,
      ready: 0,
      containers: [],
    });
});

test('a Marathon without its Mesos has hosts and no capacity, and an old one is none', () => {
  const app = App.parse({ id: '/x', instances: 1, tasks: [running(), { id: 't2', host: 'box' }] });
  const { nodes, capacity, statements } = factsOfTasks(Info.parse({ version: '1.11.24' }), [app]);
  expect([nodes.map(({ name }) => name), capacity.cpuMillis]).toEqual([['box'], 0]);
  expect(statements.map(({ type, status }) => `${type} ${status}`)).toEqual([
    'Reachable True',
    'NodesReady Unknown',
  ]);
  // Masters that are named and say nothing are a silence, which moves nothing; zero of everything would.
  const silent = factsOfTasks(Info.parse({ version: '1.11.24' }), [app], 'connect ECONNREFUSED');
  expect(silent.statements.map(({ type, status }) => `${type} ${status}`)).toEqual([
    'Reachable False',
    'NodesReady Unknown',
  ]);
  expect(silent.statements[0]?.message).toContain('connect ECONNREFUSED');
  expect(
    ['1.5.0', '1.11.24', '2.0', '1.4.9', '0.16.0', ''].map((one) => oldVersion(one) === undefined),
  ).toEqual([true, true, true, false, false, false]);
});
