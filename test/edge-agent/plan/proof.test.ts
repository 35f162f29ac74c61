/** What a trial of an isolation shows, and what becomes of a verdict when a packet is lost, a hub is late or something passes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  APPLY_MS_MAX,
  afterOpenTrial,
  afterTrial,
  beginProof,
  type ProofState,
  restMs,
  type Trial,
  verdictOf,
} from '../../../edge-agent/plan/proof.ts';

const REFUSED: Trial = {
  before: { hub: 4, peer: 0 },
  after: { hub: 8, peer: 0 },
  freshAnswered: false,
  runningAnswered: false,
};
const PASSED: Trial = { ...REFUSED, freshAnswered: true };
const UNREACHED: Trial = { ...REFUSED, after: { hub: 8, peer: undefined } };
const UNCOUNTED: Trial = { ...REFUSED, after: REFUSED.before };

describe('a trial', () => {
  test.each([
    ['is refused where the hub counted it', REFUSED, 'refused'],
    ['is refused where the other edge did', { ...UNCOUNTED, after: { hub: 4, peer: 2 } }, 'refused'],
    [
      'is refused where a firewall was loaded anew meanwhile',
      { ...REFUSED, after: { hub: 2, peer: 0 } },
      'refused',
    ],
    ['passed, whatever else', { ...UNREACHED, runningAnswered: true }, 'passed'],
    ['shows nothing where the control was not answered', UNREACHED, 'unreached'],
    [
      'shows nothing where the control was answered at its end only',
      { ...REFUSED, before: { hub: 4, peer: undefined } },
      'unreached',
    ],
    ['shows nothing where nobody counted it', UNCOUNTED, 'uncounted'],
    [
      'shows nothing where the hub is not heard',
      { ...REFUSED, before: { hub: undefined, peer: 0 } },
      'uncounted',
    ],
    [
      'shows nothing where a firewall was loaded anew and counted none',
      { ...REFUSED, after: { hub: 0, peer: 0 } },
      'uncounted',
    ],
  ] as const)('%s', (_, trial, verdict) => {
    expect(verdictOf(trial)).toBe(verdict);
  });
});

const LATER = APPLY_MS_MAX + 1;

function after(trials: readonly Trial[], atMs: number, from: ProofState = beginProof(0)): ProofState {
  return trials.reduce((state, trial) => afterTrial(state, trial, atMs), from);
}

describe('a verdict', () => {
  test('is good at the first refusal that is proved', () => {
    expect(after([REFUSED], 100)).toMatchObject({ verdict: 'refused', cut: false });
  });

  test('stays open while a hub may still have the rules of before, and is bad from then on', () => {
    expect(after([PASSED], 100).verdict).toBe('pending');
    expect(after([PASSED], LATER).verdict).toBe('passed');
    expect(after([PASSED, REFUSED], 100).verdict).toBe('refused');
  });

  test('bears two lost packets, and no third', () => {
    const good = after([REFUSED], 100);
    expect(after([UNREACHED, UNCOUNTED], LATER, good).verdict).toBe('refused');
    expect(after([UNREACHED, UNCOUNTED, UNREACHED], LATER, good).verdict).toBe('unreached');
    expect(after([UNREACHED, UNREACHED, REFUSED, UNREACHED], LATER, good).verdict).toBe('refused');
  });

  test('is bad at the first packet that passes', () => {
    expect(after([PASSED], LATER, after([REFUSED], 100)).verdict).toBe('passed');
  });

  test('says that a flow was cut if one ran when the isolation was told, and only then', () => {
    const ran = afterOpenTrial(beginProof(0), true, 50_000);
    expect(after([REFUSED], 60_000, beginProof(60_000, ran.ranMs)).cut).toBe(true);
    expect(after([REFUSED], 200_000, beginProof(200_000, ran.ranMs)).cut).toBe(false);
    expect(afterOpenTrial(beginProof(0), false, 50_000).ranMs).toBeUndefined();
  });

  test('is never good unless the last trial that showed anything was a refusal', () => {
    const trial = fc.constantFrom(REFUSED, PASSED, UNREACHED, UNCOUNTED);
    fc.assert(
      fc.property(fc.array(trial, { minLength: 1 }), (trials) => {
        const { verdict } = after(trials, LATER);
        const telling = trials.findLast((one) => one === REFUSED || one === PASSED);
        if (verdict === 'refused') expect(telling).toBe(REFUSED);
        if (trials.at(-1) === PASSED) expect(verdict).toBe('passed');
        if (trials.at(-1) === REFUSED) expect(verdict).toBe('refused');
      }),
    );
  });
});

test('a trial comes soon while something is in doubt, less often if that lasts, and every minute once all is proved', () => {
  const good = after([REFUSED], 100);
  const bad = after([PASSED], LATER);
  expect(restMs([good, good], 200, true)).toBe(60_000);
  expect(restMs([good, beginProof(0)], 200, true)).toBe(250);
  expect(restMs([good, bad], 100_000, true)).toBe(5_000);
  expect(restMs([after([UNREACHED], LATER, good)], 100_000, true)).toBe(250);
  expect(restMs([beginProof(0), afterOpenTrial(beginProof(0), true, 10)], 200, false)).toBe(1_000);
  expect(restMs([afterOpenTrial(beginProof(0), true, 10)], 200, false)).toBe(30_000);
  expect(restMs([beginProof(0)], 100_000, false)).toBe(30_000);
});
