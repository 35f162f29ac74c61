/** Names of apps on real sockets: an edge with its own site's containers, and hubs that know those of all. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { APP, ask, EDGE, HUB, Place, short } from './places.ts';

let edge: Place;
let hubs: readonly [Place, Place];

beforeEach(async () => {
  edge = new Place('127.0.53.11', EDGE);
  hubs = [new Place('127.0.53.12', HUB), new Place('127.0.53.13', HUB)];
  for (const place of [edge, ...hubs]) await place.server.listen([place.address]);
  edge.hubs = hubs.map((hub) => hub.upstream);
});
afterEach(() => {
  for (const place of [edge, ...hubs]) place.server.stop();
});

describe('an app', () => {
  const NAME = 'web.acme.isthmus.internal';

  test('has here the containers of this site as the site sees them, then those that hubs know elsewhere', async () => {
    const reply = await ask(edge, NAME);
    expect(short(reply)).toBe('0 10.0.0.7 2 100.67.0.7 2');
  });

  test('keeps the containers of this site when no hub answers', async () => {
    edge.hubs = [];
    expect(short(await ask(edge, NAME))).toBe('0 10.0.0.7 2');
  });

  test('is led away by a hub from sites that it does not hear of, while there are others', async () => {
    const asked = async (...silent: readonly string[]) => {
      hubs[0].silent = new Set(silent);
      return short(await ask(hubs[0], NAME))
        .split(' ')
        .sort()
        .join(' ');
    };
    expect(await asked()).toBe('0 100.65.0.9 100.67.0.7 2 2');
    expect(await asked('acme/paris')).toBe('0 100.65.0.9 2');
    expect(await asked('acme/paris', 'acme/berlin')).toBe('0 100.65.0.9 100.67.0.7 2 2');
  });

  test('is answered in turns with as many addresses as the smallest datagram takes', async () => {
    const endpoints = Array.from({ length: 30 }, (_, index) => ({
      real: `10.0.0.${index}`,
      virtual: `100.67.0.${index}`,
    }));
    const large = new Place('127.0.53.9', { ...HUB, apps: [{ ...APP, site: 'paris', endpoints }] });
    await large.server.listen([large.address]);
    try {
      const replies = await Promise.all(Array.from({ length: 40 }, () => ask(large, NAME)));
      expect(replies.map(({ answers = [], flag_tc }) => [answers.length, flag_tc])).toEqual(
        replies.map(() => [8, false]),
      );
      expect(new Set(replies.flatMap((reply) => short(reply).match(/100[.\d]+/g))).size).toBe(30);
    } finally {
      large.server.stop();
    }
  });
});
