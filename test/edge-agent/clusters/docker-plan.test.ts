/** Laws of plans for plain engines: they come to what was asked for, wherever they are cut off, and never below what the app allows on the way. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planDocker } from '../../../edge-agent/clusters/docker-plan.ts';
import { poolAddresses } from '../../../edge-agent/clusters/docker-pool.ts';
import { ADDRESS_LABEL, contentIn, slotOf } from '../../../edge-agent/clusters/docker-seen.ts';
import type { DockerWanted } from '../../../edge-agent/clusters/docker-step.ts';
import { refusedOf } from '../../../edge-agent/clusters/docker-trial.ts';
import { nodeRulesOf, Placement } from '../../../protocol/placement.ts';
import { ModelEngines, nodeNamed, wantedOf } from './docker-engines.ts';

const PASSES_MAX = 80;
const volumes = [{ name: 'data', path: '/data', sizeMib: 1 }];

/** Passes until nothing is left to do. */
function settle(engines: ModelEngines, wanted: DockerWanted, look: () => void = () => undefined): void {
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const steps = engines.pass(wanted);
    look();
    engines.wait();
    if (steps === 0 && engines.pass(wanted) === 0) return;
  }
  throw new Error(`it does not come to an end: ${JSON.stringify(planDocker(wanted, engines.seen()).steps)}`);
}

const ways = fc.record({
  replicas: fc.integer({ min: 0, max: 4 }),
  maxUnavailable: fc.integer({ min: 1, max: 3 }),
  hasVolumes: fc.boolean(),
  hasPool: fc.boolean(),
  onChange: fc.constantFrom('rolling', 'rebuildInPlace'),
});

type Way = typeof ways extends fc.Arbitrary<infer T> ? T : never;

function appOf(
  { replicas, maxUnavailable, hasVolumes, hasPool, onChange }: Way,
  change: Partial<Omit<DockerWanted, 'template'>>,
) {
  return wantedOf({
    replicas,
    pool: hasPool ? poolAddresses(['10.9.0.0/28'], false) : undefined,
    ...change,
    template: { maxUnavailable, onChange, ...(hasVolumes ? { volumes } : {}) },
  });
}

function ground(): ModelEngines {
  return new ModelEngines([nodeNamed('a'), nodeNamed('b'), nodeNamed('c')]);
}

/** Exactly one good container in each place, of this content, each with an address of its own. */
function expectWhole(engines: ModelEngines, wanted: DockerWanted, content = wanted.content): void {
  const names = engines.containers.map(({ name }) => name).sort();
  expect(names).toEqual(Array.from({ length: wanted.replicas }, (_, index) => `acme_web.${index + 1}`));
  expect(engines.containers.every((container) => contentIn(container) === content)).toBe(true);
  expect(engines.serving()).toHaveLength(wanted.replicas);
  expect(engines.containers.map(({ limits }) => limits.restartPolicy)).not.toContain('no');
  if (wanted.pool === undefined) return;
  const addresses = engines.containers.map(({ networks }) => networks['pool']);
  expect(new Set(addresses).size).toBe(wanted.replicas);
  expect(addresses).not.toContain(undefined);
}

describe('a plan for plain engines', () => {
  test('comes to what was asked for, and to nothing more then, wherever it was cut off', () => {
    fc.assert(
      fc.property(
        ways,
        fc.array(fc.nat({ max: 3 }), { maxLength: 12 }),
        fc.nat({ max: 4 }),
        (way, cuts, after) => {
          const engines = ground();
          const first = appOf(way, {});
          settle(engines, first);
          expectWhole(engines, first);
          const second = appOf({ ...way, replicas: after }, { content: 'two', release: 2 });
          for (const cut of cuts) {
            engines.pass(second, cut);
            if (cut % 2 === 0) engines.wait();
          }
          settle(engines, second);
          expectWhole(engines, second);
        },
      ),
    );
  });

  test('has no fewer that serve than the app allows, while it is changed', () => {
    fc.assert(
      fc.property(ways, (way) => {
        const engines = ground();
        settle(engines, appOf(way, {}));
        const second = appOf(way, { content: 'two', release: 2 });
        const atLeast = way.hasVolumes ? Math.max(0, way.replicas - way.maxUnavailable) : way.replicas;
        settle(engines, second, () => expect(engines.serving().length).toBeGreaterThanOrEqual(atLeast));
      }),
    );
  });

  test('leaves what runs where a release is no good, tries it in no more places than the app allows, and once', () => {
    fc.assert(
      fc.property(ways, (way) => {
        fc.pre(way.replicas > 0);
        const engines = ground();
        engines.bad.add('two');
        settle(engines, appOf(way, {}));
        const second = appOf(way, { content: 'two', release: 2 });
        settle(engines, second);
        const serving = engines.serving();
        expect(serving.map(contentIn)).toEqual(serving.map(() => 'one'));
        expect(serving).toHaveLength(way.replicas);
        expect(refusedOf(second, engines.containers)).toBeDefined();
        expect(engines.containers.length - serving.length).toBeLessThanOrEqual(way.maxUnavailable);
        const third = appOf(way, { content: 'three', release: 3 });
        settle(engines, third);
        expectWhole(engines, third);
      }),
    );
  });

  test('mends a release that never came up by the next one, in all places', () => {
    fc.assert(
      fc.property(ways, fc.nat({ max: 6 }), (way, passes) => {
        const engines = ground();
        engines.bad.add('one');
        for (let pass = 0; pass <= passes; pass += 1) {
          engines.pass(appOf(way, {}));
          engines.wait();
        }
        const second = appOf(way, { content: 'two', release: 2 });
        settle(engines, second);
        expectWhole(engines, second);
      }),
    );
  });

  test('keeps slots at their nodes and addresses through a rebuild', () => {
    fc.assert(
      fc.property(ways, (way) => {
        const engines = ground();
        const held = { ...way, onChange: 'rebuildInPlace' } as const;
        settle(engines, appOf(held, {}));
        const placesOf = () =>
          engines.containers
            .map((one) => [slotOf(one), one.node, one.labels[ADDRESS_LABEL]].join(' '))
            .sort();
        const before = placesOf();
        settle(engines, appOf(held, { content: 'two', release: 2 }));
        expect(placesOf()).toEqual(before);
      }),
    );
  });

  test('never has two of one volume at work', () => {
    const engines = ground();
    const way = {
      replicas: 3,
      maxUnavailable: 3,
      hasVolumes: true,
      hasPool: false,
      onChange: 'rolling',
    } as const;
    settle(engines, appOf(way, {}));
    settle(engines, appOf(way, { content: 'two', release: 2 }), () => {
      const slots = engines.containers.filter(({ phase }) => phase === 'running').map(slotOf);
      expect(new Set(slots).size).toBe(slots.length);
    });
  });

  test('makes nothing twice while an engine is silent, until the app says so, and keeps one of two then', () => {
    const engines = new ModelEngines([nodeNamed('a'), nodeNamed('b')]);
    const keep = (reconcile: string) =>
      wantedOf({ template: { disconnect: { lostAfterSeconds: 60, replace: true, reconcile } } });
    const wanted = keep('keep_newest');
    settle(engines, wanted);
    const silent = engines.containers.find(({ node }) => node === 'b');
    const lose = (silentMs: number) => {
      engines.lost = [{ name: 'b', silentMs, slots: [Number(silent === undefined ? 0 : slotOf(silent))] }];
    };
    lose(59_999);
    expect(planDocker(wanted, engines.seen())).toMatchObject({
      steps: [],
      waiting: [{ reason: 'node_lost' }],
    });
    expect(
      planDocker(wantedOf(), { ...engines.seen(), lost: [{ name: 'b', silentMs: 1e9, slots: undefined }] })
        .steps,
    ).toEqual([]);
    lose(60_000);
    settle(engines, wanted);
    expect(engines.containers).toHaveLength(3);
    engines.lost = [];
    const ends = (reconcile: string) => planDocker(keep(reconcile), engines.seen()).steps;
    expect(ends('keep_newest')).toMatchObject([{ kind: 'stop', container: { node: 'b' } }]);
    expect(ends('keep_oldest')).toMatchObject([{ kind: 'stop', container: { node: 'a' } }]);
    settle(engines, wanted);
    expectWhole(engines, wanted);
  });

  test('says what an exhausted pool and a full node are', () => {
    const pool = poolAddresses(['10.9.0.0/30'], false);
    expect(pool).toEqual(['10.9.0.2']);
    expect(planDocker(wantedOf({ pool, template: { pool: 'web' } }), ground().seen())).toMatchObject({
      steps: [{ kind: 'create', address: '10.9.0.2' }],
      waiting: [{ slot: 2, reason: 'address_pending', why: expect.stringContaining('add a range') }],
    });
    const small = new ModelEngines([
      nodeNamed('a', { cpuMillis: 500 }),
      nodeNamed('b', { labels: { zone: 'b' } }),
    ]);
    const rules = nodeRulesOf(Placement.parse({ constraints: ['node.zone != b'] }));
    const asking = wantedOf({ replicas: 1, rules, template: { resources: { cpuMillis: 700 } } });
    expect(planDocker(asking, small.seen()).waiting).toMatchObject([
      {
        reason: 'unschedulable',
        why: 'No node takes it: a: 200 CPU millis short; b: its labels are not those asked for.',
      },
    ]);
  });
});

describe('addresses of a pool', () => {
  test('leave out what a network of its own needs, and nothing of a part of a LAN', () => {
    expect(poolAddresses(['10.0.0.0/29'], false)).toEqual([
      '10.0.0.2',
      '10.0.0.3',
      '10.0.0.4',
      '10.0.0.5',
      '10.0.0.6',
    ]);
    expect(poolAddresses(['10.0.0.248/30', '10.0.1.0/31'], true)).toEqual([
      '10.0.0.248',
      '10.0.0.249',
      '10.0.0.250',
      '10.0.0.251',
      '10.0.1.0',
      '10.0.1.1',
    ]);
  });
});
