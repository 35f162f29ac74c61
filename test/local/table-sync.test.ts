/** Syncs are shared by those who wait, but never answer for what was written after they began. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grouped } from '../../local/table-sync.ts';

describe('grouped syncs', () => {
  it('answer each caller by a run that began after the call, one run at a time', async () => {
    const calls = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(calls, async (pauses) => {
        let moment = 0;
        let active = 0;
        let begunAt = -1;
        const sync = grouped(async () => {
          begunAt = moment++;
          active++;
          expect(active).toBe(1);
          for (let turn = 0; turn < 3; turn++) await Promise.resolve();
          active--;
        });
        const waits: Promise<void>[] = [];
        for (const turns of pauses) {
          const calledAt = moment++;
          waits.push(sync().then(() => expect(begunAt).toBeGreaterThan(calledAt)));
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        }
        await Promise.all(waits);
      }),
    );
  });

  it('serve a burst with two runs', async () => {
    let runs = 0;
    const sync = grouped(async () => {
      runs++;
      await Promise.resolve();
    });
    const first = sync();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.all([first, ...Array.from({ length: 100 }, sync)]);
    expect(runs).toBe(2);
  });

  it('fail for those who waited for the run that failed, and not for the next', async () => {
    let runs = 0;
    const sync = grouped(async () => {
      runs++;
      if (runs === 1) throw new Error('The disk is full');
    });
    await expect(sync()).rejects.toThrow('The disk is full');
    await expect(sync()).resolves.toBeUndefined();
  });
});
