/** Probes, answers and nudges on real sockets; the tunnel addresses are loopback addresses. */
import { createSocket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import type { Round } from '../../../edge-agent/plan/path.ts';
import { NudgeListener, NudgeSender } from '../../../edge-agent/probe/nudge.ts';
import { decodeProbe, encodeProbe, keyMark, replyTo } from '../../../edge-agent/probe/packet.ts';
import { Prober } from '../../../edge-agent/probe/prober.ts';
import { Responder } from '../../../edge-agent/probe/responder.ts';

const PORT = 27_861;
const EDGE = '127.0.61.1';
const HUBS = [
  { name: 'a', tunnelAddress: '127.0.61.2' },
  { name: 'b', tunnelAddress: '127.0.61.3' },
] as const;
const SETTINGS = {
  probeIntervalMs: 20,
  probeMisses: 3,
  probeGoodToReturn: 5,
  mtuVerifyMs: 100,
  mtuRaiseMs: 60_000,
};
const now = () => performance.now();

async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const endMs = now() + timeoutMs;
  while (!condition()) {
    if (now() > endMs) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function respond(address: string, peers: readonly string[] = [EDGE]): Responder {
  const responder = new Responder({ now, port: PORT });
  responder.answer(address, new Set(peers));
  return responder;
}

describe('a datagram', () => {
  test('is as long as the packet it stands for, and its answer is as long as itself', () => {
    const probe = encodeProbe({ kind: 'probe', number: 7 }, 1_420);
    expect(probe.length + 28).toBe(1_420);
    expect(decodeProbe(replyTo(probe))).toEqual({ kind: 'reply', number: 7, accepts: 0 });
    expect(replyTo(probe).length).toBe(probe.length);
  });

  test('of an answer says which next key the hub takes', () => {
    const reply = replyTo(encodeProbe({ kind: 'probe', number: 7 }), keyMark('a key'));
    expect(decodeProbe(reply)).toEqual({ kind: 'reply', number: 7, accepts: keyMark('a key') });
    expect(keyMark('a key')).not.toBe(keyMark('another key'));
  });

  test('of somebody else is nothing', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(100, 1)])
      expect(decodeProbe(bytes)).toBeUndefined();
  });
});

describe('an edge', () => {
  test('asks a standby that answers less often, finds it down all the same, and tells of every round', async () => {
    const responders = HUBS.map(({ tunnelAddress }) => respond(tunnelAddress));
    const rounds: Round[] = [];
    const prober = new Prober({
      settings: SETTINGS,
      now,
      port: PORT,
      standbyEvery: 3,
      onChange: () => undefined,
      onRound: (round) => rounds.push(round),
    });
    prober.probe(EDGE, HUBS);
    await until(() => prober.view().every(({ state }) => state === 'up'));
    rounds.length = 0;
    await until(() => rounds.length >= 30);
    const resting = rounds.filter((round) => round.resting?.includes('b')).length;
    expect(resting / rounds.length).toBeGreaterThan(0.4);
    expect(rounds.every((round) => round.resting?.includes('a') === false)).toBe(true);
    responders[1]?.stop();
    await until(() => prober.view()[1]?.state === 'down');
    expect(prober.active).toBe('a');
    responders[0]?.stop();
    prober.stop();
  });

  test('asks seldom while nothing passes, and finds a hub that died down all the same', async () => {
    const responders = HUBS.map(({ tunnelAddress }) => respond(tunnelAddress));
    const packets: number[] = [];
    let isBusy = false;
    const prober = new Prober({
      settings: SETTINGS,
      now,
      port: PORT,
      onChange: () => undefined,
      isBusy: ({ a = 0 }) => {
        packets.push(a);
        return isBusy;
      },
    });
    /** Of the first hub, both ways, in so many rounds. */
    const packetsIn = async (rounds: number) => {
      const from = packets.length;
      await until(() => packets.length >= from + rounds);
      return (packets.at(-1) ?? 0) - (packets[from] ?? 0);
    };
    prober.probe(EDGE, HUBS);
    await until(() => prober.view().every(({ state, isMtuMeasured }) => state === 'up' && isMtuMeasured));
    expect(await packetsIn(50)).toBeLessThan(30);
    isBusy = true;
    expect(await packetsIn(50)).toBeGreaterThan(70);
    isBusy = false;
    const silentMs = now();
    responders[0]?.stop();
    await until(() => prober.active === 'b');
    expect(now() - silentMs).toBeLessThan(2_000);
    prober.stop();
    responders[1]?.stop();
  });

  test('finds its hubs up, and moves when the active one falls silent', async () => {
    const responders = HUBS.map(({ tunnelAddress }) => respond(tunnelAddress));
    let changes = 0;
    const prober = new Prober({ settings: SETTINGS, now, port: PORT, onChange: () => (changes += 1) });
    prober.probe(EDGE, HUBS);
    await until(() => prober.view().every(({ state, isMtuMeasured }) => state === 'up' && isMtuMeasured));
    expect(prober.active).toBe('a');
    expect(prober.view().map(({ mtuBytes, rttMs }) => [mtuBytes, (rttMs ?? 99) < 99])).toEqual([
      [1_420, true],
      [1_420, true],
    ]);
    const before = changes;
    const silentMs = now();
    responders[0]?.stop();
    await until(() => prober.active === 'b');
    expect(now() - silentMs).toBeLessThan(1_000);
    expect(changes).toBeGreaterThan(before);
    prober.stop();
    for (const responder of responders) responder.stop();
  });

  test('SCENARIO 22: takes a hub that hears but is not heard for down', async () => {
    const deaf = respond(HUBS[0].tunnelAddress, []);
    const good = respond(HUBS[1].tunnelAddress);
    const prober = new Prober({ settings: SETTINGS, now, port: PORT, onChange: () => undefined });
    prober.probe(EDGE, HUBS);
    await until(() => prober.active === 'b');
    expect(prober.view().map(({ state }) => state)).toEqual(['unknown', 'up']);
    for (const one of [prober, deaf, good]) one.stop();
  });

  test('does not believe an answer from another address, nor one it did not ask for', async () => {
    const liar = createSocket('udp4');
    await new Promise<void>((resolve) => liar.bind(PORT, HUBS[0].tunnelAddress, resolve));
    liar.on('message', (bytes, from) => {
      const other = createSocket('udp4');
      other.bind(0, '127.0.61.9', () =>
        other.send(replyTo(bytes), from.port, from.address, () => other.close()),
      );
      liar.send(encodeProbe({ kind: 'reply', number: 4_000_000_000 }), from.port, from.address);
    });
    const prober = new Prober({ settings: SETTINGS, now, port: PORT, onChange: () => undefined });
    prober.probe(EDGE, [HUBS[0]]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(prober.view().map(({ state }) => state)).toEqual(['unknown']);
    prober.stop();
    liar.close();
  });
});

describe('a hub', () => {
  test('answers its peers alone, and knows how long ago each one asked', async () => {
    const responder = respond(HUBS[0].tunnelAddress, ['127.0.61.5']);
    await until(() => responder.isListening);
    const replies: string[] = [];
    for (const address of ['127.0.61.5', '127.0.61.6']) {
      const socket = createSocket('udp4');
      socket.on('message', () => replies.push(address));
      await new Promise<void>((resolve) => socket.bind(0, address, resolve));
      socket.send(encodeProbe({ kind: 'probe', number: 1, heard: true }), PORT, HUBS[0].tunnelAddress);
      await new Promise((resolve) => setTimeout(resolve, 100));
      socket.close();
    }
    expect(replies).toEqual(['127.0.61.5']);
    expect(responder.ageMs('127.0.61.5')).toBeGreaterThan(0);
    expect(responder.ageMs('127.0.61.6')).toBeUndefined();
    responder.answer(HUBS[0].tunnelAddress, new Set());
    expect(responder.ageMs('127.0.61.5')).toBeUndefined();
    responder.stop();
  });
});

test('SCENARIO 22: a hub answers who does not hear it, but does not count the tunnel as open', async () => {
  const responder = respond(HUBS[0].tunnelAddress, ['127.0.61.5']);
  await until(() => responder.isListening);
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.61.5', resolve));
  const reply = new Promise((resolve) => socket.once('message', resolve));
  socket.send(encodeProbe({ kind: 'probe', number: 1, heard: false }), PORT, HUBS[0].tunnelAddress);
  await reply;
  expect(responder.ageMs('127.0.61.5')).toBeUndefined();
  socket.close();
  responder.stop();
});

describe('a nudge', () => {
  const NUDGE_PORT = 27_862;

  async function nudged(from: string, times: number): Promise<readonly number[]> {
    const heardMs: number[] = [];
    const listener = new NudgeListener({ now, port: NUDGE_PORT, onNudge: () => heardMs.push(now()) });
    listener.listen(EDGE, new Set([HUBS[0].tunnelAddress]));
    await until(() => listener.port === NUDGE_PORT);
    const sender = new NudgeSender(NUDGE_PORT);
    sender.listen(from);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (let count = 0; count < times; count += 1) sender.nudge(EDGE);
    await new Promise((resolve) => setTimeout(resolve, 700));
    sender.stop();
    listener.stop();
    return heardMs;
  }

  test('of a hub is heard', async () => {
    expect(await nudged(HUBS[0].tunnelAddress, 1)).toHaveLength(1);
  });

  test('of anybody else is not', async () => {
    expect(await nudged('127.0.61.9', 3)).toHaveLength(0);
  });

  test('a hundred times over is heard at most every 200 ms', async () => {
    const heardMs = await nudged(HUBS[0].tunnelAddress, 100);
    expect(heardMs.length).toBeGreaterThanOrEqual(1);
    expect(heardMs.length).toBeLessThanOrEqual(2);
    const [first = 0, second] = heardMs;
    if (second !== undefined) expect(second - first).toBeGreaterThanOrEqual(190);
  });
});
