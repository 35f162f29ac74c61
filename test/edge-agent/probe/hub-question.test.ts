/** A person's probes of a hub's real responder, on loopback addresses. */
import { expect, test } from 'vitest';
import { askHub } from '../../../edge-agent/probe/hub-question.ts';
import { Responder } from '../../../edge-agent/probe/responder.ts';

const EDGE = '127.0.62.1';
const HUB = '127.0.62.2';
const port = 27_862;
const now = () => performance.now();

test('are answered one by one, few if few are enough, and leave no trace at the hub; a stranger is not answered', async () => {
  const responder = new Responder({ now, port });
  responder.answer(HUB, new Set([EDGE]));
  const question = { from: EDGE, to: HUB, port, sizeBytes: 1_400 };
  try {
    const times = await askHub({ ...question, count: 3 }, now);
    expect(times).toHaveLength(3);
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(await askHub({ ...question, count: 3, enough: 1 }, now)).toHaveLength(1);
    expect(responder.ageMs(EDGE)).toBeUndefined();
    expect(await askHub({ ...question, from: '127.0.62.9', count: 1 }, now)).toEqual([]);
  } finally {
    responder.stop();
  }
});

test('are refused from an address that this host has not', async () => {
  await expect(askHub({ from: '192.0.2.1', to: HUB, port, sizeBytes: 64, count: 1 }, now)).rejects.toThrow(
    'EADDRNOTAVAIL',
  );
});
