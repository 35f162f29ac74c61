/** Laws: whatever happens, each answer of the cache is the truth of a version that the request allows, as a model of the server tells it. */
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeServer } from '../../fakes/kube-server.ts';
import { Follower } from './follower.ts';
import type { Front } from './front.ts';
import { type Listed, listed, PATH, type Scene, scene } from './scene.ts';

const RUNS = 30;
const LAG_MS = 15;

const key = fc.constantFrom('a/x', 'a/y', 'a-b/x', 'b/x', 'b/z');
const deed = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write'), key, isGone: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('elsewhere', 'lag', 'catch_up') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('disconnect', 'forget') }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('fresh', 'any', 'not_older', 'exact', 'pages', 'odd') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('watch'), back: fc.integer({ min: -2, max: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('state') }) },
);
type Deed = typeof deed extends fc.Arbitrary<infer Value> ? Value : never;

async function readAnd(front: Front, query: string, check: (list: Listed) => void): Promise<void> {
  const { status, body } = await front.read(`${PATH}${query}`);
  if (status === 0) return;
  expect(status).toBe(200);
  check(listed(body));
}

function isTrue(server: KubeServer, { version, state }: Listed): void {
  const truth = [...server.stateAt(version)].sort(([one], [other]) => (one < other ? -1 : 1));
  expect([...state]).toEqual(truth);
}

const READS: Readonly<Record<string, (server: KubeServer, front: Front) => Promise<void>>> = {
  fresh: (server, front) => {
    const least = server.version;
    return readAnd(front, '', (list) => {
      expect(list.version).toBeGreaterThanOrEqual(least);
      isTrue(server, list);
    });
  },
  any: (server, front) => readAnd(front, '?resourceVersion=0', (list) => isTrue(server, list)),
  not_older: (server, front) => {
    const least = server.version - 2;
    return readAnd(front, `?resourceVersion=${least}`, (list) => {
      expect(list.version).toBeGreaterThanOrEqual(least);
      isTrue(server, list);
    });
  },
  exact: (server, front) => {
    const version = server.version - 3;
    return readAnd(front, `?resourceVersion=${version}&resourceVersionMatch=Exact`, (list) => {
      expect(list.version).toBe(version);
      isTrue(server, list);
    });
  },
  odd: (server, front) =>
    readAnd(front, '?labelSelector=odd%3D1', ({ version, state }) => {
      const truth = [...server.stateAt(version)].filter(([, at]) => at % 2 === 1);
      expect([...state].sort()).toEqual(truth.sort());
    }),
  pages: async (server, front) => {
    const whole = new Map<string, number>();
    const versions = new Set<number>();
    let next = '';
    for (let page = 0; page < 6; page++) {
      const { status, body } = await front.read(`${PATH}?limit=2${next === '' ? '' : `&continue=${next}`}`);
      if (status === 0) return;
      const list = listed(body);
      for (const [name, at] of list.state) whole.set(name, at);
      versions.add(list.version);
      server.write('b/between', page % 2 === 1);
      next = list.next;
      if (next === '') break;
    }
    const [version = 0] = versions;
    expect(versions.size).toBe(1);
    isTrue(server, { version, state: whole, next });
  },
};

async function act({ server, front, followers }: Scene, what: Deed): Promise<void> {
  if ('isGone' in what) return server.write(what.key, what.isGone);
  const deeds: Readonly<Record<string, () => void>> = {
    elsewhere: () => server.writeElsewhere(),
    lag: () => {
      server.isLagging = true;
      setTimeout(() => server.catchUp(), LAG_MS).unref();
    },
    catch_up: () => server.catchUp(),
    disconnect: () => server.disconnect(),
    forget: () => server.forget(),
  };
  deeds[what.kind]?.();
  await READS[what.kind]?.(server, front);
  if (what.kind !== 'watch' && what.kind !== 'state') return;
  const follower = new Follower('back' in what ? server.version - what.back : undefined);
  followers.push(follower);
  await follower.follow(front, PATH);
}

/** A broken watch is begun again after a moment. */
async function settled({ server, followers }: Scene): Promise<void> {
  for (let round = 0; round < 30 && !followers.every((follower) => follower.isDone(server)); round++)
    await pause(15);
}

describe('laws', () => {
  test('every list is the truth of a version that was allowed, and no watch loses or doubles an event', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 30 }), (deeds) =>
        scene(async (all) => {
          for (const one of deeds) await act(all, one);
          all.server.catchUp();
          await READS['fresh']?.(all.server, all.front);
          await settled(all);
          for (const follower of all.followers) follower.check(all.server);
        }),
      ),
      { numRuns: RUNS },
    );
  });
});
