/** When tunnels count as busy, from counts that are a little late at times. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginTraffic, isBusy, nextTraffic } from '../../../edge-agent/plan/traffic.ts';

const ROUND_MS = 100;
const AWAKE_MS = 5_000;

type Count = number | undefined;

/** Plays foreign packets of one tunnel a round, and says from when to when it was busy. */
function play(count: (round: number) => Count, rounds: number): readonly string[] {
  let traffic = beginTraffic(0);
  const seen: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const atMs = round * ROUND_MS;
    traffic = nextTraffic(traffic, atMs, { a: count(round), b: 0 });
    const now = isBusy(traffic, atMs) ? 'busy' : 'idle';
    if (seen.at(-1)?.startsWith(now) !== true) seen.push(`${now} ${round}`);
  }
  return seen;
}

const stepAt = (at: number, packets: number) => (round: number) => (round >= at ? packets : 0);

describe('tunnels', () => {
  const cases: readonly (readonly [string, (round: number) => Count, readonly string[]])[] = [
    ['are busy for five seconds at first', () => 0, ['busy 1', 'idle 50']],
    [
      'are busy in the round that sees three packets, and at least five seconds longer',
      stepAt(100, 3),
      // The window still holds the count before for a second.
      ['busy 1', 'idle 50', 'busy 100', 'idle 159'],
    ],
    ['are idle with two packets', stepAt(100, 2), ['busy 1', 'idle 50']],
    ['are idle with two packets a second', (round) => Math.floor(round / 6), ['busy 1', 'idle 50']],
    [
      'are busy with four packets a second',
      (round) => Math.floor(Math.max(0, round - 100) / 2.5),
      ['busy 1', 'idle 50', 'busy 108'],
    ],
    ['are busy while a device cannot be read', () => undefined, ['busy 1']],
    [
      'do not become busy because a device was made anew, nor stay blind to what follows',
      (round) => (round < 100 ? 50_000 : round < 150 ? -20_000 : -19_000),
      ['busy 1', 'idle 50', 'busy 150'],
    ],
    [
      'are busy although probes that never left are subtracted in vain',
      (round) => -round + (round >= 150 ? 20 : 0),
      ['busy 1', 'idle 50', 'busy 150'],
    ],
  ];

  test.each(cases)('%s', (_, count, expected) => {
    expect(play(count, 200).slice(0, expected.length)).toEqual(expected);
  });

  test('for any counts that are one packet late or early at times: they become idle and stay so', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 60, maxLength: 120 }), (late) => {
        expect(play((round) => late[round] ?? 0, late.length)).toEqual([
          'busy 1',
          `idle ${AWAKE_MS / ROUND_MS}`,
        ]);
      }),
    );
  });
});
