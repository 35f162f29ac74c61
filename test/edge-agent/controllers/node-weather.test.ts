/** Laws of verdicts, and of what follows from them, in a world whose truth is known: nodes die, links break and come back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Judgement,
  judge,
  type Memory,
  remember,
} from '../../../edge-agent/controllers/node-verdict.ts';
import { podsToRelease } from '../../../edge-agent/controllers/replacement.ts';

const STEP_MS = 5_000;

/** Who lives, and which links stand, for so many steps. */
interface Weather {
  readonly steps: number;
  readonly isAlive: readonly boolean[];
  readonly nodeToServer: readonly boolean[];
  readonly edgeToNode: readonly boolean[];
  readonly edgeToServer: boolean;
}

const NODES = ['n0', 'n1', 'n2', 'n3', 'n4'];
const LOST_AFTER_SECONDS = 90;
const each = (weight: number) =>
  fc.array(fc.oneof({ weight, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }), {
    minLength: NODES.length,
    maxLength: NODES.length,
  });
const WEATHER: fc.Arbitrary<Weather> = fc.record({
  steps: fc.integer({ min: 1, max: 40 }),
  isAlive: each(4),
  nodeToServer: each(2),
  edgeToNode: each(2),
  edgeToServer: fc.oneof(
    { weight: 5, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
});

interface Told {
  readonly name: string;
  readonly judgement: Judgement;
  readonly isMoved: boolean;
  /** Since when nobody who can speak has heard of it: neither the edge itself nor the cluster, to the edge's knowledge. */
  readonly unvouchedMs: number;
  /** Since when it is dead, the edge hears the API server, and no more than two nodes are out of hearing. */
  readonly plainlyDeadMs: number;
}

function live(weathers: readonly Weather[]): Told[] {
  const state = {
    atMs: 0,
    memory: undefined as Memory | undefined,
    leases: NODES.map(() => 't0'),
    read: NODES.map(() => 't0'),
    vouchedAtMs: NODES.map(() => 0),
    plainSinceMs: NODES.map(() => 0),
  };
  const told: Told[] = [];
  for (const weather of weathers)
    for (let step = 0; step < weather.steps; step++) {
      state.atMs += STEP_MS;
      const hears = (index: number) => weather.isAlive[index] === true && weather.edgeToNode[index] === true;
      const renews = (index: number) =>
        weather.isAlive[index] === true && weather.nodeToServer[index] === true && state.atMs % 10_000 === 0;
      state.leases = state.leases.map((lease, index) => (renews(index) ? `t${state.atMs}` : lease));
      state.vouchedAtMs = state.vouchedAtMs.map((then, index) => {
        const isNews = weather.edgeToServer && state.leases[index] !== state.read[index];
        return hears(index) || isNews ? state.atMs : then;
      });
      if (weather.edgeToServer) state.read = state.leases;
      const isQuiet = NODES.filter((_, index) => !hears(index)).length <= 2;
      state.plainSinceMs = state.plainSinceMs.map((then, index) =>
        weather.isAlive[index] === false && weather.edgeToServer && isQuiet ? then : state.atMs,
      );
      state.memory = remember(state.memory, {
        atMs: state.atMs,
        isApiServerThere: weather.edgeToServer,
        nodes: NODES.map((name, index) => ({
          name,
          ready: 'True',
          renewTime: state.read[index],
          testimony: hears(index) ? 'answers' : 'silent',
        })),
      });
      told.push(...NODES.map((name, index) => tell({ name, index, state })));
    }
  return told;
}

function tell({
  name,
  index,
  state,
}: {
  name: string;
  index: number;
  state: { atMs: number; memory: Memory | undefined; vouchedAtMs: number[]; plainSinceMs: number[] };
}): Told {
  const { memory, atMs } = state;
  if (memory === undefined) throw new Error('nobody looked');
  const disconnect = {
    lostAfterSeconds: LOST_AFTER_SECONDS,
    replace: true,
    reconcile: 'keep_newest' as const,
  };
  const pod = { namespace: 'acme', name: 'web-0', uid: 'u', node: name, labels: { app: 'web' } };
  const released = podsToRelease([pod], {
    contracts: [{ namespace: 'acme', labels: { app: 'web' }, disconnect }],
    judgementOf: (node) => judge(memory, node),
  });
  return {
    name,
    judgement: judge(memory, name),
    isMoved: released.length === 1,
    unvouchedMs: atMs - (state.vouchedAtMs[index] ?? 0),
    plainlyDeadMs: atMs - (state.plainSinceMs[index] ?? 0),
  };
}

describe('in any weather', () => {
  const weathers = fc.array(WEATHER, { minLength: 1, maxLength: 6 });

  test('nothing is moved while somebody vouches, nor sooner than the app says', () => {
    fc.assert(
      fc.property(weathers, (all) => {
        const rash = live(all).filter((one) => one.isMoved && one.unvouchedMs < LOST_AFTER_SECONDS * 1_000);
        expect(rash).toEqual([]);
      }),
    );
  });

  test('what is plainly dead for as long as the app says is moved', () => {
    fc.assert(
      fc.property(weathers, (all) => {
        // Its last lease may be ten seconds old, and the first look counts as hearing.
        const dueMs = LOST_AFTER_SECONDS * 1_000 + 2 * STEP_MS;
        expect(live(all).filter((one) => one.plainlyDeadMs > dueMs && !one.isMoved)).toEqual([]);
      }),
    );
  });

  test('a node is called dead only if nobody has heard of it for as long as a lease lasts', () => {
    fc.assert(
      fc.property(weathers, (all) => {
        const wrong = live(all).filter(
          ({ judgement, unvouchedMs }) => judgement.verdict === 'dead' && unvouchedMs < 30_000,
        );
        expect(wrong).toEqual([]);
      }),
    );
  });
});
