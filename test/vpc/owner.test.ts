/** Who owns the routes: the cases of a hub's own decision and of the arbiter's. Laws over histories: owner-laws.test.ts. */
import { describe, expect, test } from 'vitest';
import type { RouteOwner } from '../../protocol/slot.ts';
import {
  arbitrate,
  type ClaimState,
  type ClaimView,
  claimByHub,
  FIRST_CLAIM_STATE,
  MISSED_MAX,
  TURN_TICKS,
} from '../../vpc/plan/owner.ts';

function owner(hub: string, epoch: number): RouteOwner {
  return { vpc: 'vpc-12345678', hub, epoch, since: '2026-01-01T00:00:00.000Z', reason: 'test' };
}

const VIEW: ClaimView = {
  self: 'hub-b',
  hubs: ['hub-a', 'hub-b'],
  owner: owner('hub-a', 1),
  heard: [],
  late: false,
};

/** The decisions over ticks, from a state. */
function ticks(views: readonly Partial<ClaimView>[], from: ClaimState = FIRST_CLAIM_STATE) {
  let state = from;
  return views.map((view) => {
    const next = claimByHub(state, { ...VIEW, ...view });
    state = next.state;
    return next.decision;
  });
}

const hears = (hub: string) => ({ heard: [hub] });
const times = <T>(count: number, value: T) => Array.from({ length: count }, () => value);

describe('a hub that is not the owner', () => {
  test('claims the next epoch when the owner that it heard falls silent, and not before', () => {
    const decisions = ticks([hears('hub-a'), ...times(MISSED_MAX, {})]);
    expect(decisions.slice(0, -1).map((decision) => decision.do)).toEqual(times(MISSED_MAX, 'wait'));
    expect(decisions.at(-1)).toEqual({ do: 'claim', epoch: 2, reason: 'hub-b no longer hears hub-a' });
  });

  test('never claims from an owner that it has not heard in this epoch', () => {
    const silent = ticks([hears('hub-a'), ...times(100, { owner: owner('hub-a', 2) })]);
    expect(new Set(silent.map((decision) => decision.do))).toEqual(new Set(['wait']));
  });

  test('begins to count again with each answer', () => {
    const views = [hears('hub-a'), ...times(20, [...times(MISSED_MAX - 1, {}), hears('hub-a')]).flat()];
    expect(new Set(ticks(views).map((decision) => decision.do))).toEqual(new Set(['wait']));
  });

  test('blames nobody for ticks that came late themselves', () => {
    const views = [hears('hub-a'), ...times(50, [...times(MISSED_MAX - 1, {}), { late: true }]).flat()];
    expect(new Set(ticks(views).map((decision) => decision.do))).toEqual(new Set(['wait']));
  });

  test('hears others without taking them for the owner', () => {
    const views = [hears('hub-a'), ...times(MISSED_MAX, hears('hub-c'))];
    expect(ticks(views).at(-1)?.do).toBe('claim');
  });
});

describe('an owner', () => {
  const OWNS = claimByHub(FIRST_CLAIM_STATE, { ...VIEW, owner: owner('hub-b', 3) }).state;

  test('keeps the routes, whomever it does not hear', () => {
    const decisions = ticks(times(50, { owner: owner('hub-b', 3) }), OWNS);
    expect(new Set(decisions.map((decision) => decision.do))).toEqual(new Set(['own']));
  });

  test('yields once when it reads a higher epoch of another, and then does not claim back unheard', () => {
    const decisions = ticks(times(100, { owner: owner('hub-a', 4) }), OWNS);
    expect(decisions.map((decision) => decision.do)).toEqual(['yield', ...times(99, 'wait')]);
  });

  test('that yielded may claim again after it heard the new owner and lost it', () => {
    const after = { owner: owner('hub-a', 4) };
    const decisions = ticks([after, { ...after, heard: ['hub-a'] }, ...times(MISSED_MAX, after)], OWNS);
    expect(decisions.at(-1)).toMatchObject({ do: 'claim', epoch: 5 });
  });
});

describe('without an owner', () => {
  test('the first hub by name claims epoch 1 at once', () => {
    const [first] = ticks([{ self: 'hub-a', owner: undefined }]);
    expect(first).toEqual({ do: 'claim', epoch: 1, reason: 'hub-a is the first hub here' });
  });

  test('the second waits for its turn', () => {
    const decisions = ticks(times(TURN_TICKS + 1, { owner: undefined }));
    expect(decisions.slice(0, -1).every((decision) => decision.do === 'wait')).toBe(true);
    expect(decisions.at(-1)).toMatchObject({ do: 'claim', epoch: 1 });
  });

  test('a hub that is not listed never claims', () => {
    const decisions = ticks(times(200, { self: 'hub-x', owner: undefined }));
    expect(decisions.every((decision) => decision.do === 'wait')).toBe(true);
  });

  test('a table that was restored from before the first owner begins again', () => {
    const [first] = ticks(
      [{ self: 'hub-a', owner: undefined }],
      claimByHub(FIRST_CLAIM_STATE, { ...VIEW, self: 'hub-a', owner: owner('hub-a', 7) }).state,
    );
    expect(first).toMatchObject({ do: 'claim', epoch: 1 });
  });
});

describe('the arbiter', () => {
  const hub = (name: string, ageSeconds: number | undefined, enrolled = true) => ({
    name,
    ageSeconds,
    enrolled,
  });

  test('gives routes that nobody owns to the first hub that is alive', () => {
    expect(arbitrate(undefined, [hub('hub-b', 5), hub('hub-a', 61), hub('hub-c', 5)])).toEqual({
      do: 'claim',
      hub: 'hub-b',
      epoch: 1,
      reason: 'The control plane: nobody owned the routes',
    });
  });

  test.each([
    ['the owner reports', [hub('hub-a', 5), hub('hub-b', 5)]],
    ['the owner is late, but not long enough', [hub('hub-a', 89), hub('hub-b', 0)]],
    ['the owner is silent and so is the other', [hub('hub-a', 600), hub('hub-b', 61)]],
    ['the owner is silent and the other is not enrolled', [hub('hub-a', 600), hub('hub-b', 5, false)]],
    ['the owner is silent and the other has never reported', [hub('hub-a', 600), hub('hub-b', undefined)]],
    ['there is no other', [hub('hub-a', 600)]],
  ])('keeps the owner while %s', (_, hubs) => {
    expect(arbitrate(owner('hub-a', 4), hubs)).toEqual({ do: 'keep' });
  });

  test.each([
    ['hub-a has been silent for 90 seconds', [hub('hub-a', 90), hub('hub-b', 60)]],
    ['hub-a has never reported', [hub('hub-a', undefined), hub('hub-b', 1)]],
    ['hub-a is not enrolled', [hub('hub-a', 1, false), hub('hub-b', 1)]],
    ['hub-a is no hub of this VPC any more', [hub('hub-b', 1)]],
  ])('moves ownership to a live hub when %s', (why, hubs) => {
    expect(arbitrate(owner('hub-a', 4), hubs)).toEqual({
      do: 'claim',
      hub: 'hub-b',
      epoch: 5,
      reason: `The control plane: ${why}`,
    });
  });
});
