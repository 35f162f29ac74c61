/** Who asks what: sums over a moving window, quantiles, and advice. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adviceOf } from '../../../edge-agent/relief/advice.ts';
import { Analysis, HALF_WINDOW_MS, talkersOf } from '../../../edge-agent/relief/analysis.ts';
import { quantileMs, rangeOf } from '../../../edge-agent/relief/sketch.ts';

const ASKED = {
  subject: 'demo/ci',
  program: 'kubectl',
  verb: 'list',
  resource: 'pods',
  isFresh: true,
  hasLimit: false,
};
const TOLD = { by: 'coalesced', status: 200, bytes: 5_000_000, milliseconds: 20 } as const;

test('a quantile is off by at most an eighth', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1 }), (values) => {
      const counts: number[] = [];
      for (const value of values) counts[rangeOf(value)] = (counts[rangeOf(value)] ?? 0) + 1;
      const sorted = [...values].sort((one, other) => one - other);
      const truth = sorted[Math.ceil(values.length / 2) - 1] ?? 0;
      expect(
        Math.abs(
          quantileMs(
            Array.from(counts, (count) => count ?? 0),
            0.5,
          ) /
            truth -
            1,
        ),
      ).toBeLessThan(0.126);
    }),
  );
});

describe('the window', () => {
  test('sums by who, program, verb and type, the most first', () => {
    const analysis = new Analysis(0);
    for (let at = 0; at < 30; at++) analysis.record(ASKED, TOLD, at * 2_000);
    analysis.record(
      { ...ASKED, verb: 'get' },
      { by: 'upstream', status: 404, bytes: 100, milliseconds: 1 },
      60_000,
    );
    expect(talkersOf(analysis.sums(60_000), analysis.windowMs(60_000))).toEqual([
      {
        subject: 'demo/ci',
        program: 'kubectl',
        verb: 'list',
        resource: 'pods',
        requests: 30,
        perMinute: 30,
        bytes: 150_000_000,
        p50Ms: 19.06,
        p99Ms: 19.06,
        fromCache: 0,
        coalesced: 30,
        upstream: 0,
        errors: 0,
      },
      expect.objectContaining({ verb: 'get', requests: 1, upstream: 1, errors: 1 }),
    ]);
  });

  test('forgets what is older than both halves', () => {
    const analysis = new Analysis(0);
    analysis.record(ASKED, TOLD, 0);
    const counts = [1, 1.5, 2.1, 5].map((halves) => {
      const nowMs = halves * HALF_WINDOW_MS;
      return analysis.sums(nowMs).reduce((sum, { requests }) => sum + requests, 0);
    });
    expect(counts).toEqual([1, 1, 0, 0]);
  });

  test('is bounded: those who come late are summed as others', () => {
    const analysis = new Analysis(0);
    for (let index = 0; index < 1_500; index++) analysis.record({ ...ASKED, subject: `s${index}` }, TOLD, 1);
    const sums = analysis.sums(2);
    expect([sums.length, sums[0]?.asked.subject, sums[0]?.requests]).toEqual([1_001, 'others', 500]);
  });
});

describe('advice', () => {
  const advise = (
    asked: Partial<typeof ASKED>,
    told: { readonly status?: number; readonly bytes?: number },
    count = 30,
  ) => {
    const analysis = new Analysis(0);
    for (let at = 0; at < count; at++)
      analysis.record({ ...ASKED, ...asked }, { ...TOLD, ...told }, at * 2_000);
    return adviceOf(analysis.sums(60_000), 60_000);
  };

  test('names who polls, what, and the remedy', () => {
    expect(advise({}, {})).toEqual([
      'kubectl of demo/ci lists pods every 2 s: let it watch instead (an informer, kubectl get -w).',
      'kubectl of demo/ci asks for the most recent pods each time: with resourceVersion=0 memory alone would answer it.',
      'kubectl of demo/ci lists pods with 4.8 MB an answer and no limit: let it select by label or namespace, or ask for pages.',
    ]);
  });

  test('sees watches that do not last, and asking for what is not there', () => {
    expect(advise({ verb: 'watch' }, { bytes: 10 })).toEqual([
      'kubectl of demo/ci begins a watch of pods every 2 s: let it keep one open, and read faster if it is cut for being slow.',
    ]);
    expect(advise({ verb: 'get' }, { status: 404, bytes: 10 })).toEqual([
      'kubectl of demo/ci asks 30 times for pods that are not there: let it watch for the object, or stop asking.',
    ]);
    expect(advise({ verb: 'get' }, { status: 403, bytes: 10 })).toEqual([
      'kubectl of demo/ci is refused 30 times at get of pods: mend its access or stop it.',
    ]);
  });

  test('is silent about what is seldom, or well asked', () => {
    expect([
      advise({}, {}, 5),
      advise({ verb: 'get' }, { bytes: 10 }),
      advise({ verb: 'watch' }, {}, 3),
    ]).toEqual([[], [], []]);
  });
});
