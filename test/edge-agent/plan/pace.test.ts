/** How often hubs are asked, played with the very rules that judge their answers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Asking,
  answered,
  isJudged,
  NOT_ASKED,
  nextAsking,
  type PaceNow,
} from '../../../edge-agent/plan/pace.ts';
import { NO_PATH, nextPath, withHubs } from '../../../edge-agent/plan/path.ts';
import { LEG_LOST_MS } from '../../../edge-agent/plan/twins.ts';

const INTERVAL_MS = 100;
const PACE = { probeIntervalMs: INTERVAL_MS, standbyEvery: 3 };
const SETTINGS = { missesToDown: 3, goodToReturn: 10 };
const HUBS = ['a', 'b'] as const;
/** Rounds from the first question to the verdict at full pace. */
const FULL_ROUNDS = 3;

type Name = (typeof HUBS)[number];

interface Line {
  readonly rttMs: number;
  readonly isBusy: (round: number) => boolean;
  /** True: the question of this round, or its answer, is lost. */
  readonly lost?: (name: Name, round: number) => boolean;
}

interface Played {
  /** Rounds in which each hub was asked. */
  readonly asked: Readonly<Record<Name, number[]>>;
  /** Rounds in which each hub was found down. */
  readonly down: Readonly<Record<Name, number[]>>;
}

function play(line: Line, rounds: number): Played {
  const askings: Record<Name, Asking> = { a: NOT_ASKED, b: NOT_ASKED };
  const played: Played = { asked: { a: [], b: [] }, down: { a: [], b: [] } };
  const answers: { readonly name: Name; readonly sentMs: number }[] = [];
  let path = withHubs(NO_PATH, HUBS);
  for (let round = 0; round < rounds; round += 1) {
    const atMs = round * INTERVAL_MS;
    while (answers[0] !== undefined && answers[0].sentMs + line.rttMs <= atMs) {
      const { name, sentMs } = answers.shift() ?? { name: 'a', sentMs: 0 };
      askings[name] = { ...answered(askings[name], sentMs), rttMs: line.rttMs };
    }
    const before = path;
    const resting = HUBS.filter((name) => !isJudged(askings[name], INTERVAL_MS));
    path = nextPath(
      path,
      { answered: HUBS.filter((name) => askings[name].isAnswered), resting, late: false },
      SETTINGS,
    );
    for (const name of HUBS) {
      const now = { state: path.hubs[name]?.state, was: before.hubs[name]?.state };
      if (now.state === 'down' && now.was === 'up') played.down[name].push(round);
      const hub = path.hubs[name] ?? { state: 'unknown', misses: 0, goods: 0 };
      const isActive = path.active === name;
      const next = nextAsking(askings[name], { atMs, isBusy: line.isBusy(round), isActive, path: hub }, PACE);
      askings[name] = next.asking;
      if (!next.isDue) continue;
      played.asked[name].push(round);
      if (line.lost?.(name, round) !== true) answers.push({ name, sentMs: atMs });
    }
  }
  return played;
}

/** Busy, then idle, then busy: the numbers are rounds. */
const pattern = fc
  .array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 })
  .map((lengths) => (round: number) => {
    let left = round % lengths.reduce((sum, length) => sum + length, 0);
    const index = lengths.findIndex((length) => {
      left -= length;
      return left < 0;
    });
    return index % 2 === 0;
  });

describe('a hub', () => {
  const up = { state: 'up', misses: 0, goods: 10 } as const;
  const quick: Asking = { ...NOT_ASKED, isAnswered: true, rttMs: 5 };
  const calm = { path: up, isActive: true, isBusy: false };
  type Case = Pick<PaceNow, 'path' | 'isActive' | 'isBusy'> & { readonly asking?: Partial<Asking> };
  const open = { open: [-INTERVAL_MS] };
  const missed = { ...up, misses: 1 };
  const down = { state: 'down', misses: 3, goods: 0 } as const;
  const unknown = { state: 'unknown', misses: 0, goods: 0 } as const;

  /** The number: rounds that it rests between two questions. */
  const cases: readonly (readonly [string, Case, number])[] = [
    ['that carries packets is asked in every round', { ...calm, isBusy: true }, 0],
    ['that stands by is asked in every third', { ...calm, isBusy: true, isActive: false }, 2],
    ['is asked in every fifth while nothing passes', calm, 4],
    ['that stands by is as well', { ...calm, isActive: false }, 4],
    ['that owes an answer is asked in every round', { ...calm, asking: open }, 0],
    ['that missed a question is asked in every round', { ...calm, path: missed }, 0],
    ['that is down is asked in every round', { ...calm, path: down }, 0],
    ['that was never heard is asked in every round', { ...calm, path: unknown }, 0],
    [
      'that owes nothing yet, for it is 200 ms away, may rest',
      { ...calm, asking: { open: [-2 * INTERVAL_MS], rttMs: 200 } },
      4,
    ],
    ['that is more than 240 ms away never rests', { ...calm, asking: { rttMs: 250 } }, 0],
  ];

  test.each(cases)('%s', (_, { asking, ...now }, expected) => {
    const isDue = (roundsRested: number) =>
      nextAsking({ ...quick, ...asking, roundsRested }, { ...now, atMs: 0 }, PACE).isDue;
    expect([0, 1, 2, 3, 4, 5].find(isDue)).toBe(expected);
  });

  test('is asked half a second apart at any interval, or in every round', () => {
    const rests = [20, 100, 200, 400, 1_000].map((probeIntervalMs) => {
      const isDue = (roundsRested: number) =>
        nextAsking({ ...quick, roundsRested }, { ...calm, atMs: 0 }, { ...PACE, probeIntervalMs }).isDue;
      return [0, 1, 4, 24].find(isDue);
    });
    expect(rests).toEqual([24, 4, 1, 0, 0]);
  });
});

describe('for any traffic', () => {
  test('and any delay, a hub that answers everything is never found down', () => {
    fc.assert(
      fc.property(pattern, fc.integer({ min: 1, max: 3_000 }), (isBusy, rttMs) => {
        expect(play({ isBusy, rttMs }, 200).down).toEqual({ a: [], b: [] });
      }),
    );
  });

  test('one lost question finds nobody down, and the next one follows in the round after it', () => {
    fc.assert(
      fc.property(pattern, fc.integer({ min: 1, max: 79 }), fc.nat(60), (isBusy, rttMs, after) => {
        const whole = play({ isBusy, rttMs }, 120).asked.a.find((round) => round >= 30 + after) ?? 0;
        const { asked, down } = play(
          { isBusy, rttMs, lost: (name, round) => name === 'a' && round === whole },
          120,
        );
        expect(down).toEqual({ a: [], b: [] });
        expect(asked.a).toContain(whole + 1);
      }),
    );
  });

  test('a hub hears an edge so often that one lost question makes it lose no leg', () => {
    fc.assert(
      fc.property(pattern, fc.integer({ min: 1, max: 900 }), fc.nat(60), (isBusy, rttMs, after) => {
        const first = play({ isBusy, rttMs }, 160).asked.b.find((round) => round >= 60 + after) ?? 0;
        const { asked } = play({ isBusy, rttMs, lost: (_, round) => round === first }, 160);
        const heard = asked.b.filter((round) => round !== first);
        const gaps = heard.map((round, index) => (round - (heard[index - 1] ?? 0)) * INTERVAL_MS);
        expect(Math.max(...gaps)).toBeLessThan(LEG_LOST_MS);
      }),
    );
  });

  test('a hub that dies is found down three rounds after the first question at full pace, and never sooner', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.integer({ min: 1, max: 79 }),
        fc.integer({ min: 30, max: 90 }),
        (isBusy, rttMs, dies) => {
          const { asked, down } = play(
            { isBusy, rttMs, lost: (name, round) => name === 'a' && round >= dies },
            130,
          );
          const [verdict = Number.POSITIVE_INFINITY] = down.a;
          expect([1, 2, 3].every((before) => asked.a.includes(verdict - before))).toBe(true);
          expect(verdict - dies).toBeGreaterThanOrEqual(FULL_ROUNDS);
          // Half a second until it is asked, a round in which that is overdue.
          expect(verdict - dies).toBeLessThanOrEqual(4 + 1 + FULL_ROUNDS);
          const busy = Array.from({ length: 130 }, (_, round) => round).find(
            (round) => round >= dies && isBusy(round),
          );
          if (busy !== undefined && isBusy(busy + 1) && isBusy(busy + 2))
            expect(verdict).toBeLessThanOrEqual(busy + FULL_ROUNDS);
        },
      ),
    );
  });
});
