/** Laws of the choice of a number, whatever is measured and in whatever order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Held, hold, mostOf } from '../../../functions/scaling/held.ts';
import { type Load, recommend } from '../../../functions/scaling/recommend.ts';
import { type Choice, RISE_MS, scale } from '../../../functions/scaling/scale.ts';
import { SCALING_TOLERANCE, type Scaling } from '../../../protocol/scaling.ts';

const load = fc.record({
  containers: fc.double({ min: 0, max: 200, noNaN: true }),
  missing: fc.integer({ min: 0, max: 20 }),
  gap: fc.constantFrom(undefined, 'a is silent.'),
});
type Measured = Pick<Load, 'containers' | 'missing' | 'gap'>;

const policy = fc
  .record({
    min: fc.integer({ min: 1, max: 20 }),
    more: fc.integer({ min: 0, max: 60 }),
    holdSeconds: fc.integer({ min: 0, max: 600 }),
  })
  .map(({ min, more, holdSeconds }): Scaling => ({ min, max: min + more, cpuPercent: 70, holdSeconds }));

/** A measure, and how long after the one before it. */
const step = fc.record({ afterSeconds: fc.integer({ min: 1, max: 200 }), load });

const named = (one: Measured): Load => ({ name: 'CPU', words: 'as it is', ...one });

const isoOf = (ms: number) => new Date(ms).toISOString();

interface Seen {
  readonly choice: Choice;
  readonly before: Choice | undefined;
  readonly nowMs: number;
  readonly load: Measured;
}

function run(
  rules: Scaling,
  steps: readonly { readonly afterSeconds: number; readonly load: Measured }[],
): Seen[] {
  const seen: Seen[] = [];
  let nowMs = 1_700_000_000_000;
  let before: Choice | undefined;
  for (const { afterSeconds, load: measured } of steps) {
    nowMs += afterSeconds * 1_000;
    const choice = scale({
      policy: rules,
      before,
      there: 3,
      loads: () => [named(measured)],
      now: isoOf(nowMs),
    });
    seen.push({ choice, before, nowMs, load: measured });
    before = choice;
  }
  return seen;
}

describe('one measure', () => {
  test('asks for as many as would carry it, and never for fewer while something is not told', () => {
    fc.assert(
      fc.property(load, fc.integer({ min: 1, max: 100 }), (one, current) => {
        const asked = recommend(named(one), current);
        if (one.containers > current * (1 + SCALING_TOLERANCE)) expect(asked).toBeGreaterThan(current);
        if (asked > current) expect(asked - 1).toBeLessThan(one.containers);
        if (one.gap !== undefined) expect(asked).toBeGreaterThanOrEqual(current);
        if (asked < current) expect(asked).toBeGreaterThanOrEqual(one.containers + one.missing - 1e-3);
      }),
    );
  });

  test('asks for more where more is measured', () => {
    fc.assert(
      fc.property(load, load, fc.integer({ min: 1, max: 100 }), (one, other, current) => {
        const [less, more] = [one, other].toSorted((a, b) => a.containers - b.containers);
        const same = { missing: one.missing, gap: one.gap };
        const asked = (containers: number) => recommend(named({ ...same, containers }), current);
        expect(asked(less?.containers ?? 0)).toBeLessThanOrEqual(asked(more?.containers ?? 0));
      }),
    );
  });

  test('that asks for a number is content with it', () => {
    fc.assert(
      fc.property(load, fc.integer({ min: 1, max: 100 }), (one, current) => {
        const asked = recommend(named(one), current);
        // Fewer than are missing: who is asked for less has fewer that are missing, and may ask again.
        const missing = asked < current ? 0 : one.missing + asked - current;
        fc.pre(asked >= current || one.missing === 0);
        expect(recommend(named({ ...one, missing }), asked)).toBe(asked);
      }),
    );
  });
});

describe('the number of containers', () => {
  test('stays within its bounds', () => {
    fc.assert(
      fc.property(policy, fc.array(step, { maxLength: 40 }), (rules, steps) => {
        for (const { choice } of run(rules, steps)) {
          expect(choice.wanted).toBeGreaterThanOrEqual(rules.min);
          expect(choice.wanted).toBeLessThanOrEqual(rules.max);
        }
      }),
    );
  });

  test('falls only to what was enough for the whole hold', () => {
    fc.assert(
      fc.property(policy, fc.array(step, { maxLength: 40 }), (rules, steps) => {
        const seen = run(rules, steps);
        for (const [index, { choice, before, nowMs }] of seen.entries()) {
          if (before === undefined || choice.wanted >= before.wanted) continue;
          const since = nowMs - (rules.holdSeconds ?? 0) * 1_000;
          const within = seen.filter((one, at) => at === index || (at < index && one.nowMs > since));
          const asked = within.map((one) =>
            recommend(named(one.load), one.before?.wanted ?? Math.max(rules.min, Math.min(rules.max, 3))),
          );
          expect(choice.wanted).toBeGreaterThanOrEqual(Math.min(...asked, before.wanted));
          expect(Math.max(rules.min, ...asked)).toBeLessThanOrEqual(Math.max(rules.min, choice.wanted));
        }
      }),
    );
  });

  test('never falls while somebody is silent', () => {
    fc.assert(
      fc.property(policy, fc.array(step, { maxLength: 40 }), (rules, steps) => {
        for (const {
          choice,
          before,
          load: { gap },
        } of run(rules, steps))
          if (before !== undefined && gap !== undefined)
            expect(choice.wanted).toBeGreaterThanOrEqual(Math.min(before.wanted, rules.max));
      }),
    );
  });

  test('rises to no more than twice as many, or four more, within the time of a rise', () => {
    fc.assert(
      fc.property(policy, fc.array(step, { maxLength: 40 }), (rules, steps) => {
        const seen = run(rules, steps);
        for (const [index, { choice, nowMs }] of seen.entries()) {
          if (index === 0) continue;
          const from = seen.slice(0, index).findLast((one) => one.nowMs <= nowMs - RISE_MS);
          const low = seen.slice(0, index).filter((one) => one.nowMs > nowMs - RISE_MS);
          const least = Math.min(...low.map((one) => one.choice.wanted), from?.choice.wanted ?? Infinity);
          // Two bursts may touch within any such time.
          expect(choice.wanted).toBeLessThanOrEqual(Math.max(4 * least, 2 * (least + 4), least + 8));
        }
      }),
    );
  });

  test('is the same when looked at again at the same moment', () => {
    fc.assert(
      fc.property(policy, fc.array(step, { minLength: 1, maxLength: 20 }), (rules, steps) => {
        const last = run(rules, steps).at(-1);
        if (last === undefined || last.choice.wanted !== last.before?.wanted) return;
        const loads = () => [named(last.load)];
        const again = scale({ policy: rules, before: last.choice, there: 3, loads, now: isoOf(last.nowMs) });
        expect([again.wanted, again.held]).toEqual([last.choice.wanted, last.choice.held]);
      }),
    );
  });
});

describe('what is held', () => {
  const recommended = fc.array(
    fc.record({ wanted: fc.integer({ min: 1, max: 500 }), afterMs: fc.integer({ min: 1, max: 60_000 }) }),
    { minLength: 1, maxLength: 60 },
  );

  test('is at least the most of the hold, and exactly that as long as it need not be cut', () => {
    fc.assert(
      fc.property(recommended, (list) => {
        const holdMs = 300_000;
        let held: Held = [];
        let nowMs = 0;
        const seen: { wanted: number; untilMs: number }[] = [];
        for (const { wanted, afterMs } of list) {
          nowMs += afterMs;
          const last = seen.at(-1);
          if (last !== undefined) last.untilMs = nowMs;
          seen.push({ wanted, untilMs: nowMs });
          held = hold(held, { wanted, nowMs, holdMs });
          const most = Math.max(
            ...seen.filter((one) => one.untilMs > nowMs - holdMs).map((one) => one.wanted),
          );
          expect(mostOf(held)).toBeGreaterThanOrEqual(most);
          if (held.length < 16) expect(mostOf(held)).toBe(most);
          expect(held.length).toBeLessThanOrEqual(16);
        }
      }),
    );
  });
});
