/** The two ways in which the agent runs things: one pass at a time, and tasks that repeat. */
import { describe, expect, test } from 'vitest';
import { Poll } from '../../edge-agent/poll.ts';
import { Serial } from '../../edge-agent/serial.ts';

/** A promise that the test settles. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const waiting: (() => void)[] = [];
  const opened = new Promise<void>((resolve) => waiting.push(resolve));
  return { opened, open: () => waiting.forEach((resolve) => resolve()) };
}

const soon = (milliseconds = 20) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('passes', () => {
  test('run one at a time, and what comes in meanwhile is one more pass', async () => {
    const first = gate();
    const passes: string[][] = [];
    const serial = new Serial<'a' | 'b' | 'c'>(async (causes) => {
      passes.push([...causes]);
      if (passes.length === 1) await first.opened;
    });
    const requests = [serial.request('a'), serial.request('b'), serial.request('c'), serial.request('b')];
    await soon();
    expect(passes).toEqual([['a']]);
    first.open();
    await Promise.all(requests);
    expect(passes).toEqual([['a'], ['b', 'c']]);
  });

  test('a request is answered by a pass that began after it', async () => {
    let value = 0;
    const seen: number[] = [];
    const serial = new Serial<'x'>(async () => {
      const read = value;
      await soon(5);
      seen.push(read);
    });
    for (value = 1; value <= 5; value += 1) {
      await serial.request('x');
      expect(seen.at(-1)).toBe(value);
    }
  });
});

describe('a task', () => {
  test('comes again after the wait that it asked for', async () => {
    let runs = 0;
    const poll = new Poll(() => {
      runs += 1;
      return Promise.resolve(runs < 3 ? 1 : 60_000);
    });
    poll.wake();
    await soon(50);
    expect(runs).toBe(3);
    poll.stop();
  });

  test('woken a hundred times during a run runs once more', async () => {
    const first = gate();
    let runs = 0;
    const poll = new Poll(async () => {
      runs += 1;
      if (runs === 1) await first.opened;
      return 60_000;
    });
    for (let count = 0; count < 100; count += 1) poll.wake();
    first.open();
    await soon();
    expect(runs).toBe(2);
    poll.stop();
  });

  test('is not ended by a run that throws, and runs no more when it was stopped', async () => {
    let runs = 0;
    const poll = new Poll(() => {
      runs += 1;
      return Promise.reject(new Error('no'));
    });
    poll.wake();
    await soon();
    poll.wake();
    await soon();
    expect(runs).toBe(2);
    poll.stop();
    poll.wake();
    await soon();
    expect(runs).toBe(2);
  });
});
