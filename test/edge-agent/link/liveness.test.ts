/** When a hub tells of its edges, and that many of them go in requests that the control plane takes. */
import { describe, expect, test } from 'vitest';
import type { Answer, Call } from '../../../edge-agent/link/client.ts';
import { LivenessSender, requestsOf } from '../../../edge-agent/link/liveness.ts';
import { BODY_BYTES_MAX } from '../../../functions/api/body.ts';
import { canonicalJson } from '../../../protocol/canonical.ts';
import { Liveness } from '../../../protocol/report.ts';
import { AGENT } from './documents.ts';

describe('liveness', () => {
  const PEER = { agent: AGENT, up: true, receivedBytes: 1, sentBytes: 1, spoofedPackets: 0 };

  test('is sent when an edge goes up or down or is spoofed, else every 30 s', async () => {
    const clock = { nowMs: 0 };
    const sent: string[] = [];
    const call = async ({ body = '' }: Call): Promise<Answer> => {
      sent.push(body);
      return { kind: 'answer', status: 204, headers: {}, body: '' };
    };
    const sender = new LivenessSender({ call }, () => clock.nowMs);
    const send = async (peer: typeof PEER) => (await sender.send({ peers: [peer] })).kind;
    expect(await send(PEER)).toBe('sent');
    expect(await send({ ...PEER, receivedBytes: 9 })).toBe('unchanged');
    expect(await send({ ...PEER, up: false })).toBe('sent');
    expect(await send({ ...PEER, up: false, spoofedPackets: 1 })).toBe('sent');
    clock.nowMs = 30_000;
    expect(await send({ ...PEER, up: false, spoofedPackets: 1 })).toBe('sent');
    expect(sent).toHaveLength(4);
  });

  test('is sent when the silence of an edge passes one of the steps that apps wait for, or its requests are others by a tenth', async () => {
    let count = 0;
    const call = async (): Promise<Answer> => {
      count += 1;
      return { kind: 'answer', status: 204, headers: {}, body: '' };
    };
    const sender = new LivenessSender({ call }, () => 0);
    const send = async (probeAgeSeconds: number, perSecond: number) => {
      const requests = [{ tenant: 'acme', app: 'web', port: 'http', perSecond }];
      await sender.send({ peers: [{ ...PEER, probeAgeSeconds }], requests });
      return count;
    };
    expect(await send(0, 100)).toBe(1);
    expect(await send(9, 101)).toBe(1);
    expect(await send(10, 101)).toBe(2);
    expect(await send(14, 101)).toBe(2);
    expect(await send(15, 101)).toBe(3);
    expect(await send(15, 120)).toBe(4);
    // As rates nearly always are.
    expect(await send(15, 20.26)).toBe(5);
  });

  test('of many edges goes in several requests below the limit of a body, the head last', async () => {
    const peers = Array.from({ length: 7_000 }, (_, index) => ({
      ...PEER,
      agent: `edge.${'t'.repeat(63)}.${String(index).padStart(63, '0')}`,
      handshakeAgeSeconds: 2_147_483_647,
      probeAgeSeconds: 2_147_483_647,
      receivedBytes: Number.MAX_SAFE_INTEGER,
      sentBytes: Number.MAX_SAFE_INTEGER,
      spoofedPackets: Number.MAX_SAFE_INTEGER,
    }));
    const requests = requestsOf({ peers }, 4);
    expect(requests.map(({ part }) => part)).toEqual(
      [2, 1, 0].map((index) => ({ round: 4, index, count: 3 })),
    );
    expect([...requests].reverse().flatMap((request) => request.peers)).toEqual(peers);
    for (const request of requests) {
      expect(Buffer.byteLength(canonicalJson(request))).toBeLessThan(BODY_BYTES_MAX);
      expect(Liveness.safeParse(request).success).toBe(true);
    }
  });

  test('in parts stays in its round until all of them have arrived', async () => {
    const peers = Array.from({ length: 3_001 }, (_, index) => ({ ...PEER, agent: `edge.acme.e${index}` }));
    const sent: unknown[] = [];
    const answers = [204, 503, 204, 204, 204, 204];
    const call = async ({ body = '' }: Call): Promise<Answer> => {
      sent.push(Liveness.parse(JSON.parse(body)).part);
      return { kind: 'answer', status: answers.shift() ?? 0, headers: {}, body: '' };
    };
    const clock = { nowMs: 0 };
    const sender = new LivenessSender({ call }, () => clock.nowMs);
    expect((await sender.send({ peers })).kind).not.toBe('sent');
    expect((await sender.send({ peers })).kind).toBe('sent');
    clock.nowMs = 30_000;
    expect((await sender.send({ peers })).kind).toBe('sent');
    const parts = (round: number) => [1, 0].map((index) => ({ round, index, count: 2 }));
    expect(sent).toEqual([...parts(0), ...parts(0), ...parts(1)]);
  });
});
