/** SCENARIOS 21 and 22: which hub carries the traffic, from answers alone. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_PATH, nextPath, type PathState, withHubs } from '../../../edge-agent/plan/path.ts';

const SETTINGS = { missesToDown: 3, goodToReturn: 10 };
const HUBS = ['a', 'b'];

/** Plays rounds such as `ab a - L`: who answered; `-` nobody, `L` nobody but our timer was late. */
function play(rounds: string, from: PathState = withHubs(NO_PATH, HUBS)): PathState {
  return rounds.split(' ').reduce((state, round) => {
    const answered = HUBS.filter((hub) => round.includes(hub));
    return nextPath(state, { answered, late: round.includes('L') }, SETTINGS);
  }, from);
}

function times(count: number, round: string): string {
  return Array.from({ length: count }, () => round).join(' ');
}

function summary(state: PathState): string {
  return `${state.active} ${HUBS.map((hub) => state.hubs[hub]?.state).join(' ')}`;
}

describe('the active hub (scenario 21)', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['is the first of the document before anything is known', '-', 'a unknown unknown'],
    ['is the first that answers', 'b', 'b unknown up'],
    ['stays the one that answered first', 'b ab ab', 'b up up'],
    ['stays after two rounds of silence', 'ab b b', 'a up up'],
    ['moves after three rounds of silence', 'ab b b b', 'b down up'],
    ['stays where it is while nobody answers', 'ab - - - - -', 'a down down'],
    ['moves to the one that answers again first', `ab - - - ${times(10, 'b')}`, 'b down up'],
    ['does not go back to one that has answered nine times', `ab b b b ${times(9, 'ab')}`, 'b down up'],
    ['stays when the other one is back', `ab b b b ${times(30, 'ab')}`, 'b up up'],
    ['moves to the one that is back when the other fails', `ab b b b ${times(10, 'ab')} a a a`, 'a up down'],
    ['is not blamed for our own late timer', 'ab bL bL bL bL b b', 'a up up'],
    ['counts an answer even if our timer was late', 'ab abL', 'a up up'],
  ];

  test.each(cases)('%s', (_, rounds, expected) => {
    expect(summary(play(rounds))).toBe(expected);
  });

  test('a flapping hub is not taken back until ten answers in a row', () => {
    const flapping = `ab b b b ${times(20, `${times(9, 'ab')} b`)}`;
    expect(summary(play(flapping))).toBe('b down up');
  });
});

describe('a new list of hubs', () => {
  test('keeps what is known of those that stay', () => {
    const state = withHubs(play('ab b b b'), ['b', 'c']);
    expect([state.active, state.hubs['b']?.state, state.hubs['c']?.state]).toEqual(['b', 'up', 'unknown']);
  });

  test('without the active one moves to one that is up, before one that is unknown', () => {
    expect(withHubs(play('ab'), ['c', 'b']).active).toBe('b');
    expect(withHubs(play('ab'), []).active).toBeUndefined();
  });
});

test('for any rounds: the active hub is known, and is up whenever any hub is up', () => {
  const round = fc.record({ answered: fc.subarray(HUBS), late: fc.boolean() });
  fc.assert(
    fc.property(fc.array(round, { maxLength: 80 }), (rounds) => {
      let state = withHubs(NO_PATH, HUBS);
      for (const one of rounds) {
        const before = state;
        state = nextPath(state, one, SETTINGS);
        const up = HUBS.filter((hub) => state.hubs[hub]?.state === 'up');
        expect(HUBS).toContain(state.active);
        if (up.length > 0) expect(up).toContain(state.active);
        if (before.hubs[before.active ?? '']?.state === 'up' && up.includes(before.active ?? ''))
          expect(state.active).toBe(before.active);
      }
    }),
  );
});

test('who was not asked is not blamed, and an answer of theirs counts', () => {
  const state = play('ab ab');
  const silent = { answered: ['a'], late: false, resting: ['b'] };
  const rested = Array.from({ length: 20 }).reduce<PathState>(
    (now) => nextPath(now, silent, SETTINGS),
    state,
  );
  expect(summary(rested)).toBe('a up up');
  expect(nextPath(state, { answered: ['b'], late: false, resting: ['b'] }, SETTINGS).hubs['b']?.goods).toBe(
    3,
  );
});
