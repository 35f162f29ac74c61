/** Apps, offers and tasks for tests of our Mesos framework. */
import fc from 'fast-check';
import { keyOf, type MesosApp } from '../../../edge-agent/mesos/app.ts';
import type { TaskRecord } from '../../../edge-agent/mesos/tasks.ts';
import type { Offer } from '../../../edge-agent/mesos/wire.ts';

export function appOf(change: Partial<MesosApp> = {}): MesosApp {
  return {
    app: 'web',
    namespace: 'acme',
    tenant: 'acme',
    release: 1,
    content: 'bbbbbbbb',
    instances: 2,
    surge: 1,
    floor: 2,
    cpus: 0.5,
    memoryMib: 64,
    ports: [0],
    constraints: [],
    isChecked: true,
    disconnect: { lostAfterMs: 10_000, replace: false, reconcile: 'keep_newest' },
    task: {},
    ...change,
  };
}

export function taskOf(change: Partial<TaskRecord> = {}): TaskRecord {
  return {
    id: 't1',
    key: keyOf(appOf()),
    agent: 'a1',
    content: 'bbbbbbbb',
    release: 1,
    state: 'TASK_RUNNING',
    healthy: true,
    address: '',
    ports: [],
    message: '',
    reason: '',
    sinceMs: 0,
    unreachableSinceMs: undefined,
    isKilled: false,
    ...change,
  };
}

interface OfferFacts {
  readonly agent: string;
  readonly cpus?: number;
  readonly memoryMib?: number;
  readonly ports?: number;
  readonly rack?: string;
}

export function offerOf({ agent, cpus = 1, memoryMib = 256, ports = 4, rack = 'r1' }: OfferFacts): Offer {
  return {
    id: { value: `offer-of-${agent}` },
    agent_id: { value: agent },
    hostname: `host-${agent}`,
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
      { name: 'mem', type: 'SCALAR', scalar: { value: memoryMib } },
      ...(ports === 0
        ? []
        : [
            {
              name: 'ports',
              type: 'RANGES',
              ranges: { range: [{ begin: 31_000, end: 31_000 + ports - 1 }] },
            },
          ]),
    ],
    attributes: [{ name: 'rack', text: { value: rack } }],
  };
}

export const offers = fc
  .array(
    fc.record({
      cpus: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 10),
      memoryMib: fc.integer({ min: 0, max: 1_024 }),
      ports: fc.integer({ min: 0, max: 6 }),
      rack: fc.constantFrom('r1', 'r2', 'r3'),
    }),
    { maxLength: 6 },
  )
  .map((all) => all.map((facts, index) => offerOf({ ...facts, agent: `a${index}` })));

export const constraint = fc.oneof(
  fc.record({ field: fc.constantFrom('hostname', 'rack'), operator: fc.constant('unique' as const) }),
  fc.record({
    field: fc.constantFrom('hostname', 'rack', 'agent'),
    operator: fc.constant('max_per' as const),
    count: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    field: fc.constant('rack'),
    operator: fc.constant('cluster' as const),
    value: fc.constant('r1'),
  }),
  fc.record({
    field: fc.constant('rack'),
    operator: fc.constant('unlike' as const),
    value: fc.constant('r[12]'),
  }),
);

export const apps = fc.array(
  fc.record({
    app: fc
      .record({
        cpus: fc.integer({ min: 1, max: 20 }).map((tenths) => tenths / 10),
        memoryMib: fc.integer({ min: 1, max: 512 }),
        ports: fc.array(fc.constantFrom(0, 0, 31_000, 31_003), { maxLength: 2 }),
        constraints: fc.array(constraint, { maxLength: 2 }),
      })
      .map(appOf),
    count: fc.integer({ min: 0, max: 5 }),
  }),
  { maxLength: 4 },
);
