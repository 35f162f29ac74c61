/** The cache against the model of a server: whatever happens, each answer is the truth of a version that the request allows. */
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KubeServer } from '../../fakes/kube-server.ts';
import { Follower } from './follower.ts';
import { type Front, openFront } from './front.ts';

const PATH = '/api/v1/configmaps';
const RUNS = 30;
const LAG_MS = 15;

interface Listed {
  readonly version: number;
  readonly state: Map<string, number>;
  readonly next: string;
}

interface Item {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
}

function listed(body: string): Listed {
  const list: { metadata: { resourceVersion: string; continue?: string }; items: Item[] } = JSON.parse(body);
  return {
    version: Number(list.metadata.resourceVersion),
    state: new Map(
      list.items.map(({ metadata }) => [
        `${metadata.namespace}/${metadata.name}`,
        Number(metadata.resourceVersion),
      ]),
    ),
    next: list.metadata.continue ?? '',
  };
}

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

interface Scene {
  readonly server: KubeServer;
  readonly front: Front;
  readonly followers: Follower[];
}

async function scene(play: (scene: Scene) => Promise<void>, budgetBytes?: number): Promise<void> {
  const server = new KubeServer();
  const front = await openFront(server, budgetBytes);
  try {
    await play({ server, front, followers: [] });
  } finally {
    await front.close();
  }
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

  test('one list and one watch serve everybody', () =>
    scene(async ({ server, front }) => {
      server.write('a/x', false);
      await Promise.all(Array.from({ length: 30 }, () => front.read(`${PATH}?resourceVersion=0`)));
      const followers = Array.from({ length: 30 }, () => new Follower(server.version));
      await Promise.all(followers.map((follower) => follower.follow(front, PATH)));
      server.write('a/x', true);
      await pause(40);
      for (const follower of followers) follower.check(server);
      expect([server.asked.lists, server.asked.watches]).toEqual([1, 1]);
    }));
});

describe('freshness', () => {
  test('a read begun before does not serve those who came later', () =>
    scene(async ({ server, front }) => {
      await front.read(PATH);
      const first = front.read(PATH);
      server.write('a/x', false);
      const { body } = await front.read(PATH);
      expect(listed(body).state.has('a/x')).toBe(true);
      await first;
    }));

  test('if the watch lags, whole lists serve all who wait', () =>
    scene(async ({ server, front }) => {
      await front.read(PATH);
      server.isLagging = true;
      server.write('a/x', false);
      const before = server.asked.lists;
      const reads = await Promise.all(Array.from({ length: 20 }, () => front.read(PATH)));
      expect(reads.every(({ body }) => listed(body).state.has('a/x'))).toBe(true);
      // Those who came with the first, and those who came after it had begun.
      expect(server.asked.lists - before).toBeLessThanOrEqual(4);
    }));

  test('if only others change, versions prove that memory is up to date', () =>
    scene(async ({ server, front }) => {
      server.write('a/x', false);
      await front.read(PATH);
      server.writeElsewhere();
      const before = { ...server.asked };
      const { body } = await front.read(PATH);
      expect(listed(body).version).toBe(server.version);
      expect([server.asked.lists - before.lists, server.asked.proofs - before.proofs]).toEqual([1, 1]);
    }));

  test('while the server is away any version is answered, the newest is not', () =>
    scene(async ({ server, front }) => {
      await front.read(PATH);
      server.isAway = true;
      server.disconnect();
      const [any, fresh] = [await front.read(`${PATH}?resourceVersion=0`), await front.read(PATH)];
      expect([any.status, fresh.status]).toEqual([200, 0]);
    }));
});

describe('access', () => {
  test('whoever may not read is left to the server; the word is asked for once', () =>
    scene(async ({ server, front }) => {
      server.mayRead = (user) => user === 'reader';
      const ask = async (user: string) =>
        (await front.read(`${PATH}?resourceVersion=0`, { 'x-user': user })).status;
      expect([await ask('reader'), await ask('reader'), await ask('other'), await ask('other')]).toEqual([
        200, 200, 0, 0,
      ]);
      expect(server.asked.reviews).toBe(2);
    }));

  test('if the server can not be asked, nothing is answered', () =>
    scene(async ({ server, front }) => {
      await front.read(PATH);
      server.isAway = true;
      expect((await front.read(`${PATH}?resourceVersion=0`, { 'x-user': 'new' })).status).toBe(0);
    }));
});

describe('memory', () => {
  test('a type that does not fit is dropped, told, and goes upstream', () =>
    scene(async ({ server, front }) => {
      for (let index = 0; index < 20; index++) server.write(`a/x${index}`, false);
      await front.read(PATH);
      const { status } = await front.read(`${PATH}?resourceVersion=0`);
      expect([status, front.cache.analysis().types.map(({ state }) => state)]).toEqual([0, ['dropped']]);
    }, 5_000));
});

describe('watches', () => {
  test('of a version that is not remembered end with 410, others do not', () =>
    scene(async ({ server, front }) => {
      server.write('a/x', false);
      await front.read(PATH);
      server.write('a/x', false);
      const { body } = await front.read(`${PATH}?watch=true&resourceVersion=${server.listedAt - 1}`);
      const follower = new Follower(server.listedAt);
      await follower.follow(front, PATH);
      server.write('a/x', true);
      await pause(40);
      expect(JSON.parse(body)).toMatchObject({ type: 'ERROR', object: { reason: 'Expired', code: 410 } });
      expect(follower.seen.length).toBe(2);
      follower.check(server);
    }));

  test('who does not read is cut off, and nobody else', () =>
    scene(async ({ server, front }) => {
      server.write('a/x', false);
      const slow = await front.open(`${PATH}?watch=true&resourceVersion=${server.version}`);
      const follower = new Follower(server.version);
      await follower.follow(front, PATH);
      slow.pause();
      server.padding = 'x'.repeat(1_000_000);
      for (let index = 0; index < 30; index++) {
        server.write('a/x', false);
        await pause(15);
      }
      expect(front.cache.analysis().types.map(({ watchers }) => watchers)).toEqual([1]);
      await pause(100);
      follower.check(server);
      slow.destroy();
    }, 200_000_000));
});

describe('answers', () => {
  test('one object, and the lack of one, are told as the server tells them', () =>
    scene(async ({ server, front }) => {
      server.write('a/x', false);
      await front.read(PATH);
      const one = await front.read('/api/v1/namespaces/a/configmaps/x');
      const none = await front.read('/api/v1/namespaces/a/configmaps/y?resourceVersion=0');
      expect([one.status, JSON.parse(one.body).kind, JSON.parse(one.body).metadata.name]).toEqual([
        200,
        'ConfigMap',
        'x',
      ]);
      expect([none.status, JSON.parse(none.body)]).toEqual([
        404,
        {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'configmaps "y" not found',
          reason: 'NotFound',
          details: { name: 'y', kind: 'configmaps' },
          code: 404,
        },
      ]);
    }));

  test('large ones are compressed for who takes that, once for all', () =>
    scene(async ({ server, front }) => {
      server.padding = 'x'.repeat(200_000);
      server.write('a/x', false);
      const plain = await front.read(`${PATH}?resourceVersion=0`);
      const packed = await front.readBytes(`${PATH}?resourceVersion=0`, { 'accept-encoding': 'gzip' });
      expect(gunzipSync(packed).toString()).toBe(plain.body);
    }));

  test('a table is read once for all who ask for it at a time', () =>
    scene(async ({ server, front }) => {
      server.readMs = 50;
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
      const reads = await Promise.all(Array.from({ length: 20 }, () => front.read(PATH, { accept })));
      expect([...new Set(reads.map(({ by }) => by))]).toEqual(['coalesced']);
      expect(server.asked.proofs).toBeLessThanOrEqual(3);
    }));

  test('one object of a type that nobody lists goes upstream', () =>
    scene(async ({ server, front }) => {
      const { status } = await front.read('/api/v1/namespaces/a/configmaps/x');
      expect([status, server.asked]).toEqual([0, { lists: 0, proofs: 0, watches: 0, reviews: 0 }]);
    }));
});
