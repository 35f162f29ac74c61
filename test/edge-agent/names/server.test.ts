/** The name server on real sockets: edges, hubs and foreign name servers are servers on loopback addresses. */
import { decode, encode } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { framed, upstreamsIn } from '../../../edge-agent/names/upstream.ts';
import { ask, EDGE, HUB, Place, PORT, question, SERVICE, short, tcp, udp } from './places.ts';

let edge: Place;
let hubs: readonly [Place, Place];
let far: Place;

beforeEach(async () => {
  edge = new Place('127.0.53.1', EDGE);
  hubs = [new Place('127.0.53.2', HUB), new Place('127.0.53.3', HUB)];
  far = new Place('127.0.53.4', {
    ...EDGE,
    domain: 'example.com',
    services: [{ ...SERVICE, real: '192.0.2.1' }],
  });
  for (const place of [edge, ...hubs, far]) await place.server.listen([place.address]);
  edge.hubs = hubs.map((hub) => hub.upstream);
  edge.upstreams = [far.upstream];
});
afterEach(() => {
  for (const place of [edge, ...hubs, far]) place.server.stop();
});

describe('a service of the own site', () => {
  test('is answered by UDP and by TCP, with the case of the question and 30 s to live', async () => {
    const reply = await ask(edge, 'dB.berlin.acme.isthmus.internal');
    expect(short(reply)).toBe('0 10.0.0.5 30');
    expect(reply.answers?.[0]?.name).toBe('dB.berlin.acme.isthmus.internal');
    expect([reply.flag_aa, reply.flag_ra, reply.flag_rd]).toEqual([true, true, true]);
    const stream = await tcp(edge, framed(question('db.berlin.acme.isthmus.internal')));
    expect(short(decode(stream.subarray(2)))).toBe('0 10.0.0.5 30');
  });

  test('has no AAAA record, and a name that does not exist says so: both with an SOA', async () => {
    const noData = await ask(edge, '', {
      questions: [{ type: 'AAAA', name: 'db.berlin.acme.isthmus.internal' }],
    });
    expect([short(noData), noData.authorities?.[0]?.type]).toEqual(['0', 'SOA']);
    const noName = await ask(edge, 'web.berlin.acme.isthmus.internal');
    expect([short(noName), noName.authorities?.[0]?.type]).toEqual(['3', 'SOA']);
  });

  test('is answered three times on one connection', async () => {
    const one = framed(question('db.berlin.acme.isthmus.internal'));
    const stream = await tcp(edge, Buffer.concat([one, one, one]));
    expect(stream.length).toBe(3 * (stream.readUInt16BE(0) + 2));
  });
});

describe('a service of another site', () => {
  const NAME = 'db.paris.acme.isthmus.internal';

  test('is asked of a hub once in its time to live', async () => {
    expect(short(await ask(edge, NAME))).toBe('0 100.67.0.5 30');
    edge.nowMs = 10_000;
    expect(short(await ask(edge, NAME))).toBe('0 100.67.0.5 20');
    expect(hubs.map(({ asked }) => asked)).toEqual([1, 0]);
    edge.nowMs = 31_000;
    expect(short(await ask(edge, NAME))).toBe('0 100.67.0.5 30');
    expect(hubs.map(({ asked }) => asked)).toEqual([2, 0]);
  });

  test('is asked of the other hub when the first is away', async () => {
    hubs[0].server.stop();
    expect(short(await ask(edge, NAME))).toBe('0 100.67.0.5 30');
    expect(hubs[1].asked).toBe(1);
  });

  test('is served stale for a day with no hub at all, five seconds at a time', async () => {
    await ask(edge, NAME);
    for (const hub of hubs) hub.server.stop();
    edge.nowMs = 86_000_000;
    expect(short(await ask(edge, NAME))).toBe('0 100.67.0.5 5');
    edge.nowMs = 86_500_000;
    expect(short(await ask(edge, NAME))).toBe('2');
  });

  test('that does not exist is told so, and a failure without a cache is SERVFAIL', async () => {
    expect(short(await ask(edge, 'web.paris.acme.isthmus.internal'))).toBe('3');
    for (const hub of hubs) hub.server.stop();
    expect(short(await ask(edge, NAME))).toBe('2');
  });

  test('is not believed outside the pools', async () => {
    const liar = new Place('127.0.53.5', {
      ...HUB,
      services: [{ ...SERVICE, site: 'paris', virtual: '10.0.0.1' }],
    });
    await liar.server.listen([liar.address]);
    edge.hubs = [liar.upstream];
    expect(short(await ask(edge, NAME))).toBe('2');
    liar.server.stop();
  });

  test('is asked once for a hundred clients at the same time', async () => {
    const replies = await Promise.all(Array.from({ length: 60 }, () => ask(edge, NAME)));
    expect(new Set(replies.map(short))).toEqual(new Set(['0 100.67.0.5 30']));
    expect(hubs[0].asked).toBe(1);
  });
});

describe('every other name', () => {
  const NAME = 'db.berlin.acme.example.com';

  test('is passed on by the transport it came by', async () => {
    expect(short(await ask(edge, NAME))).toBe('0 192.0.2.1 30');
    const stream = await tcp(edge, framed(question(NAME)));
    const reply = decode(stream.subarray(2));
    expect([short(reply), reply.id]).toEqual(['0 192.0.2.1 30', 4_711]);
  });

  test('is asked of the next name server when one is silent', async () => {
    edge.upstreams = [{ address: '127.0.53.99', port: PORT }, far.upstream];
    expect(short(await ask(edge, NAME))).toBe('0 192.0.2.1 30');
  });

  test('is SERVFAIL without a name server', async () => {
    edge.upstreams = [];
    expect(short(await ask(edge, NAME))).toBe('2');
  });
});

describe('the server', () => {
  test('tells a broken question, an unknown operation, and is silent to answers', async () => {
    const broken = Buffer.concat([question('a.b').subarray(0, 12), Buffer.from([63, 1])]);
    expect((await udp(edge, broken)).readUInt16BE(2) & 15).toBe(1);
    const update = question('a.b');
    update.writeUInt16BE(5 << 11, 2);
    expect((await udp(edge, update)).readUInt16BE(2) & 15).toBe(4);
    const answer = encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'a.b' }] });
    await expect(udp(edge, answer)).rejects.toThrow('no answer');
  });

  test('answers EDNS with EDNS', async () => {
    const option = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 4_096,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    } as const;
    const reply = await ask(edge, 'db.berlin.acme.isthmus.internal', {
      additionals: [{ ...option, options: [] }],
    });
    expect(reply.additionals?.map(({ type }) => type)).toEqual(['OPT']);
  });

  test('cuts a connection that sends more than a question can be', async () => {
    const flood = Buffer.alloc(70_000, 0xff);
    expect((await tcp(edge, flood).catch(() => Buffer.alloc(0))).length).toBe(0);
  });

  test('sets the addresses it listens on, keeps those that stay, and names those that fail', async () => {
    await edge.server.listen([edge.address, '127.0.53.6', '192.0.2.77']);
    expect(edge.server.listening.map(({ address, state }) => [address, state])).toEqual([
      [edge.address, 'listening'],
      ['127.0.53.6', 'listening'],
      ['192.0.2.77', 'failed'],
    ]);
    await edge.server.listen(['127.0.53.6']);
    expect(edge.server.listening.map(({ address }) => address)).toEqual(['127.0.53.6']);
  });
});

test('name servers of the host are read without ourselves, at most three', () => {
  const text =
    '# x\nnameserver 10.0.0.1\n nameserver 10.0.0.2\nsearch a\nnameserver ::1\nnameserver 10.0.0.1\nnameserver 10.0.0.3\nnameserver 10.0.0.4\nnameserver 10.0.0.5';
  expect(upstreamsIn(text, ['10.0.0.1']).map(({ address }) => address)).toEqual([
    '10.0.0.2',
    '10.0.0.3',
    '10.0.0.4',
  ]);
});
