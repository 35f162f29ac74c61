/** Releases: what counts as up, as failed and as nothing yet, and what runs meanwhile. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterVerdict, judge, releaseInForce, templateBehind } from '../../../functions/domain/rollout.ts';
import type { Releases } from '../../../functions/domain/rollout-stage.ts';
import { AppInstance, AppTemplate } from '../../../protocol/app.ts';
import { DEADLINE_EXCEEDED } from '../../../protocol/app-change.ts';

const GOOD = AppTemplate.parse({ image: 'web:1' });
const NEW = AppTemplate.parse({ image: 'web:2' });
const BEFORE: Releases = { release: 2, good: { release: 1, template: GOOD } };

const LATE = {
  type: 'Progressing',
  status: 'False',
  reason: DEADLINE_EXCEEDED,
  message: 'Not up after 60 s.',
};
const PULL = { type: 'Available', status: 'False', reason: 'image_pull', message: 'No image web:2.' };

function told(cluster: string, more: object = {}): AppInstance {
  return AppInstance.parse({
    cluster,
    release: 2,
    wanted: 2,
    ready: 2,
    updated: 2,
    statements: [{ type: 'Available', status: 'True', reason: 'Ready', message: '' }],
    containers: [],
    ...more,
  });
}

const verdictOf = (...instances: AppInstance[]) =>
  judge({ releases: BEFORE, clusters: ['a', 'b'], instances });

describe('a release', () => {
  test.each([
    ['nobody has told', []],
    ['one of two clusters has it', [told('a')]],
    ['one tells of the release before', [told('a'), told('b', { release: 1 })]],
    ['one has too few', [told('a'), told('b', { ready: 1 })]],
    ['one has old ones among them', [told('a'), told('b', { updated: 1 })]],
    ['one says that something is wrong, in time', [told('a'), told('b', { statements: [PULL] })]],
    ['one was late with the release before', [told('a'), told('b', { release: 1, statements: [LATE] })]],
  ])('is coming while %s', (_, instances) => {
    expect(verdictOf(...instances)).toEqual({ kind: 'coming' });
  });

  test('is up once all clusters have it, whatever becomes of isolation', () => {
    const enforced = { type: 'Enforced', status: 'False', reason: 'Ignored', message: '' };
    expect(verdictOf(told('a'), told('b', { statements: [enforced] }))).toEqual({ kind: 'up' });
  });

  test('has failed once a cluster had it for too long, with what people can act on', () => {
    const container = { name: 'web-1', node: 'n', address: '', state: 'waiting', restarts: 0, release: 2 };
    const broken = told('b', {
      ready: 0,
      statements: [PULL, LATE],
      containers: [{ ...container, reason: 'crash_loop', message: 'It ends.', lastLines: ['no database'] }],
    });
    expect(verdictOf(told('a'), broken)).toEqual({
      kind: 'failed',
      reason: 'b: web-1: It ends. Its last line: no database',
    });
    expect(verdictOf(told('b', { statements: [LATE, PULL] }))).toEqual({
      kind: 'failed',
      reason: 'b: No image web:2.',
    });
  });

  test('that a cluster will never take has failed at once', () => {
    const refused = { type: 'Applied', status: 'False', reason: 'Refused', message: 'Too many ports.' };
    expect(verdictOf(told('a', { statements: [refused] }))).toEqual({
      kind: 'failed',
      reason: 'a: Too many ports.',
    });
  });

  test('keeps its verdict', () => {
    const failed = { ...BEFORE, failed: { release: 2, reason: 'x' } };
    expect(judge({ releases: failed, clusters: ['a'], instances: [told('a')] }).kind).toBe('failed');
    const good = { release: 2, good: { release: 2, template: NEW } };
    const broken = [told('a', { statements: [LATE] })];
    expect(judge({ releases: good, clusters: ['a'], instances: broken }).kind).toBe('up');
  });
});

describe('what runs', () => {
  const failed = { kind: 'failed' as const, reason: 'x' };

  test('is the last good release once the newest has failed, until there is a newer one', () => {
    const after = afterVerdict(BEFORE, NEW, failed);
    if (after === undefined) throw new Error('nothing new');
    expect(releaseInForce(after, NEW)).toEqual({ release: 1, template: GOOD });
    expect(releaseInForce({ ...after, release: 3 }, NEW)).toEqual({ release: 3, template: NEW });
  });

  test('is the newest where there is nothing to go back to, or nobody wants to', () => {
    expect(afterVerdict({ release: 1 }, NEW, failed)).toBeUndefined();
    const stay = AppTemplate.parse({ image: 'web:2', upgrade: { kind: 'rolling', rollback: false } });
    expect(afterVerdict(BEFORE, stay, failed)).toBeUndefined();
    expect(releaseInForce(BEFORE, stay).release).toBe(2);
  });

  test('is always a release that was wanted or was good, and a verdict is told once', () => {
    const verdict = fc.constantFrom(failed, { kind: 'up' as const }, { kind: 'coming' as const });
    fc.assert(
      fc.property(fc.array(fc.tuple(verdict, fc.boolean())), (steps) => {
        let releases: Releases = { release: 1 };
        const good = new Set<number>();
        for (const [what, isReleased] of steps) {
          const next = afterVerdict(releases, NEW, what);
          if (next !== undefined) {
            if (what.kind === 'up') good.add(releases.release);
            releases = next;
            expect(afterVerdict(releases, NEW, what)).toBeUndefined();
          }
          const { release } = releaseInForce(releases, NEW);
          expect(release === releases.release || good.has(release)).toBe(true);
          if (isReleased) releases = { ...releases, release: releases.release + 1 };
        }
      }),
    );
  });
});

describe('what a container was made from', () => {
  const STAGED = AppTemplate.parse({ image: 'web:3' });
  const stage = { release: 3, template: STAGED, kind: 'canary', step: 0, since: '' } as const;
  test.each([
    ['the newest', { own: 2, told: 2 }, NEW],
    ['the good one, by its number', { own: 1, told: 2 }, GOOD],
    ['the good one, as what is older than the newest', { own: 0, told: 2 }, GOOD],
    ['the one that failed, as what stands beside the good one', { own: 0, told: 1 }, NEW],
    ['the newest, if it is not kept', { own: 9, told: 9 }, NEW],
  ])('is %s', (_, numbers, expected) => {
    expect(templateBehind(BEFORE, NEW, numbers)).toBe(expected);
  });

  test('is that of a stage which a newer one overtook', () => {
    expect(templateBehind({ ...BEFORE, release: 4, stage }, NEW, { own: 3, told: 3 })).toBe(STAGED);
  });

  test('is the newest while none was good', () => {
    expect(templateBehind({ release: 2 }, NEW, { own: 0, told: 2 })).toBe(NEW);
  });
});
