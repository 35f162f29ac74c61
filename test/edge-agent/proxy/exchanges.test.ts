/** Scenarios 8 and 27: withdrawn access ends what runs, and nobody takes everybody's place. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Access, type Claimant, NO_ACCESS, requesterOf } from '../../../edge-agent/proxy/access.ts';
import {
  Exchanges,
  HEARTBEATS_MAX,
  REQUESTS_MAX,
  SESSIONS_MAX,
  TOTAL_MAX,
} from '../../../edge-agent/proxy/exchanges.ts';
import { bearerUser } from '../../../protocol/identity.ts';

fc.configureGlobal({ seed: 8 });

const HOST = 'prod.demo.clusters.isthmus.internal';
const requester = (subject: string, group: string) => ({ subject, user: `u:${subject}`, groups: [group] });

const key = (subject: string, group: string) => ({
  requester: requester(subject, group),
  claimant: { subject },
});

type Step =
  | { readonly kind: 'begin'; readonly subject: string }
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'grant'; readonly access: Readonly<Record<string, string>> };

/** `p` and `q` signed in, and are named by bindings. */
const subject = fc.constantFrom('a', 'b', 'c', 'p', 'q');
const PEOPLE = ['p', 'q'];
const ISSUER = 'https://login.example.com';
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), subject }),
  fc.record({ kind: fc.constant('end' as const), at: fc.nat(20) }),
  fc.record({
    kind: fc.constant('grant' as const),
    access: fc.dictionary(subject, fc.constantFrom('x', 'y')),
  }),
);

function claimantOf(name: string): Claimant {
  if (!PEOPLE.includes(name)) return { subject: name };
  const who = { kind: 'person' as const, issuer: ISSUER, subject: name, groups: [], claims: {} };
  return { subject: bearerUser(who), who };
}

/** What a document says that gives each of these a group. */
function accessOf(access: Readonly<Record<string, string>>): Access {
  const given = Object.entries(access);
  return {
    access: given.filter(([name]) => !PEOPLE.includes(name)).map(([name, group]) => requester(name, group)),
    bindings: given
      .filter(([name]) => PEOPLE.includes(name))
      .map(([name, group]) => ({
        who: { kind: 'person', issuer: ISSUER, subject: name },
        groups: [group],
      })),
  };
}

describe('what is under way', () => {
  test('is exactly what the newest access allows, as it was begun (scenario 8)', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const exchanges = new Exchanges();
        let access: Readonly<Record<string, string>> = { a: 'x', b: 'x', c: 'x', p: 'x', q: 'x' };
        let open: { subject: string; group: string; end: () => void; isCut: () => boolean }[] = [];
        for (const one of steps) {
          if (one.kind === 'begin') {
            const claimant = claimantOf(one.subject);
            const admitted = requesterOf(claimant, accessOf(access));
            const group = access[one.subject];
            expect(admitted?.groups).toEqual(group === undefined ? undefined : [group]);
            if (admitted === undefined || group === undefined) continue;
            const state = { cut: false };
            const cut = () => {
              state.cut = true;
            };
            const end = exchanges.begin({ host: HOST, requester: admitted, claimant, kind: 'request', cut });
            open.push({ subject: one.subject, group, end: end ?? (() => undefined), isCut: () => state.cut });
          }
          if (one.kind === 'end') for (const gone of open.splice(one.at, 1)) gone.end();
          if (one.kind !== 'grant') continue;
          access = one.access;
          exchanges.enforce(HOST, accessOf(access));
          for (const running of open) expect(running.isCut()).toBe(access[running.subject] !== running.group);
          open = open.filter((running) => !running.isCut());
        }
        expect(exchanges.size).toBe(open.length);
      }),
      { numRuns: 300 },
    );
  });

  test('of another cluster is not touched', () => {
    const exchanges = new Exchanges();
    exchanges.begin({ host: 'other', ...key('a', 'x'), kind: 'request', cut: () => undefined });
    expect(exchanges.enforce(HOST, NO_ACCESS)).toEqual([]);
    expect([exchanges.size, exchanges.sizeAt('other'), exchanges.sizeAt(HOST)]).toEqual([1, 1, 0]);
  });
});

describe('limits (scenario 27)', () => {
  const begin = (exchanges: Exchanges, who: string, kind: 'request' | 'session' | 'heartbeat') =>
    exchanges.begin({ host: HOST, ...key(who, 'x'), kind, cut: () => undefined });

  test.each([
    ['request', REQUESTS_MAX],
    ['session', SESSIONS_MAX],
  ] as const)(
    'a flood of one subject: the %s after %i is refused, another subject’s is not',
    (kind, most) => {
      const exchanges = new Exchanges();
      const ends = Array.from({ length: most }, () => begin(exchanges, 'a', kind));
      expect(ends.every((end) => end !== undefined)).toBe(true);
      expect(begin(exchanges, 'a', kind)).toBeUndefined();
      expect(begin(exchanges, 'b', kind)).toBeDefined();
      expect(begin(exchanges, 'a', 'heartbeat')).toBeDefined();
      ends[0]?.();
      expect(begin(exchanges, 'a', kind)).toBeDefined();
    },
  );

  test('everybody’s place taken by everybody: health is still asked, by each a few times at once', () => {
    const exchanges = new Exchanges();
    for (let at = 0; at < TOTAL_MAX; at += 1)
      expect(begin(exchanges, `s${at % 20}`, 'request')).toBeDefined();
    expect(begin(exchanges, 'new', 'request')).toBeUndefined();
    const asked = Array.from({ length: HEARTBEATS_MAX }, () => begin(exchanges, 'a', 'heartbeat'));
    expect(asked.every((end) => end !== undefined)).toBe(true);
    expect(begin(exchanges, 'a', 'heartbeat')).toBeUndefined();
    expect(begin(exchanges, 'b', 'heartbeat')).toBeDefined();
  });
});
