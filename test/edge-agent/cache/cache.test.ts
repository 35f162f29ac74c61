/** What the cache does of its own: one watch for all, proofs, access, memory, and the words of its answers. */
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Follower } from './follower.ts';
import { listed, PATH, scene } from './scene.ts';

describe('freshness', () => {
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
      const upstream = reads.filter(({ by }) => by === 'upstream');
      expect([...new Set(reads.map(({ by }) => by))].sort()).toEqual(['coalesced', 'upstream']);
      expect([upstream.length, upstream.length <= 3]).toEqual([server.asked.proofs, true]);
    }));

  test('who asks for a table alone is relieved of nothing, however often', () =>
    scene(async ({ server, front }) => {
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
      const ways = [];
      for (let round = 0; round < 3; round++) ways.push((await front.read(PATH, { accept })).by);
      expect([ways, server.asked.proofs]).toEqual([['upstream', 'upstream', 'upstream'], 3]);
    }));

  test('one object of a type that nobody lists goes upstream', () =>
    scene(async ({ server, front }) => {
      const { status } = await front.read('/api/v1/namespaces/a/configmaps/x');
      expect([status, server.asked]).toEqual([0, { lists: 0, proofs: 0, watches: 0, reviews: 0 }]);
    }));
});
