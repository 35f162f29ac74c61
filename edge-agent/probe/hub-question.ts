/**
 * Probes of one hub on a person's behalf, beside those of the running agent: some of one size, and how long each answer took.
 * They never say that this end hears the hub, so that no verdict of the hub rests on them.
 */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROBE_PORT } from '../../protocol/document.ts';
import { decodeProbe, encodeProbe } from './packet.ts';

const INTERVAL_MS = 200;
const WAIT_MS = 1_000;

export interface HubQuestion {
  /** This host's tunnel address, and the hub's. */
  readonly from: string;
  readonly to: string;
  readonly count: number;
  /** Of the IP packet, and of that which brings the answer. */
  readonly sizeBytes: number;
  /** So many answers are enough; all are waited for if absent. */
  readonly enough?: number;
  /** Port of the hub's responder; another one in tests. */
  readonly port?: number;
}

/** Milliseconds of each probe that was answered, in their order of arrival. Rejects if `from` is no address of this host. */
export async function askHub(question: HubQuestion, now: () => number): Promise<readonly number[]> {
  const socket = await boundTo(question.from);
  try {
    return await exchange(socket, question, now);
  } finally {
    socket.close();
  }
}

function boundTo(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind({ address, port: 0, exclusive: true }, () => {
      socket.off('error', reject);
      // A probe that can't leave is a lost one.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

async function exchange(
  socket: Socket,
  question: HubQuestion,
  now: () => number,
): Promise<readonly number[]> {
  const { to, count, sizeBytes, enough = count, port = PROBE_PORT } = question;
  const sentMs = new Map<number, number>();
  const times: number[] = [];
  const answered = new AbortController();
  socket.on('message', (bytes, from) => {
    const packet = decodeProbe(bytes);
    const atMs = sentMs.get(packet?.number ?? 0);
    if (packet?.kind !== 'reply' || from.address !== to || atMs === undefined) return;
    sentMs.delete(packet.number);
    times.push(now() - atMs);
    if (times.length >= enough) answered.abort();
  });
  for (let number = 1; number <= count && times.length < enough; number += 1) {
    sentMs.set(number, now());
    socket.send(encodeProbe({ kind: 'probe', number }, sizeBytes), port, to, () => undefined);
    const waitMs = number < count ? INTERVAL_MS : WAIT_MS;
    await sleep(waitMs, undefined, { signal: answered.signal }).catch(() => undefined);
  }
  return times;
}
