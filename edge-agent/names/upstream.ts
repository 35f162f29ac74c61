/**
 * Asks another name server, by UDP or TCP, with a number and a source port that an outsider cannot guess. One try,
 * one deadline; who is asked and how often is the caller's matter.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { isReplyTo, withId } from './message.ts';

const REPLY_BYTES_MAX = 65_535;

export interface Upstream {
  readonly address: string;
  readonly port: number;
}

export interface Ask {
  readonly upstream: Upstream;
  readonly query: Buffer;
  readonly transport: 'udp' | 'tcp';
  readonly timeoutMs: number;
  /** Source address; absent: the kernel's choice. */
  readonly from?: string | undefined;
}

/** The reply under the query's own number, or undefined: refused, too late, or not an answer to it. */
export async function askUpstream(ask: Ask): Promise<Buffer | undefined> {
  const question = withId(ask.query, randomInt(0x1_0000));
  const reply = await (ask.transport === 'udp' ? byDatagram(ask, question) : byStream(ask, question));
  return reply === undefined ? undefined : withId(reply, ask.query.readUInt16BE(0));
}

/** The socket is connected, so that the kernel drops what others send. */
function byDatagram(ask: Ask, question: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (reply: Buffer | undefined) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(() => finish(undefined), ask.timeoutMs);
    socket.on('error', () => finish(undefined));
    socket.on('message', (reply) => {
      if (isReplyTo(question, reply)) finish(reply);
    });
    socket.bind({ port: 0, ...(ask.from === undefined ? {} : { address: ask.from }) }, () => {
      socket.connect(ask.upstream.port, ask.upstream.address, () => {
        socket.send(question, (cause) => {
          if (cause) finish(undefined);
        });
      });
    });
  });
}

function byStream(ask: Ask, question: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const { address: host, port } = ask.upstream;
    const socket = connect({ host, port, ...(ask.from === undefined ? {} : { localAddress: ask.from }) });
    const chunks: Buffer[] = [];
    const finish = (reply: Buffer | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(() => finish(undefined), ask.timeoutMs);
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
    socket.on('connect', () => socket.write(framed(question)));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const length = bytes.length >= 2 ? bytes.readUInt16BE(0) : REPLY_BYTES_MAX;
      if (bytes.length < length + 2) return;
      const reply = bytes.subarray(2, length + 2);
      finish(isReplyTo(question, reply) ? reply : undefined);
    });
  });
}

/** A message as TCP carries it: after its length. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length, 0);
  return Buffer.concat([length, message]);
}

/** Name servers of a resolv.conf, without those that are this server itself. */
export function upstreamsIn(resolvConf: string, own: readonly string[]): readonly Upstream[] {
  const addresses = resolvConf
    .split('\n')
    .flatMap((line) => /^\s*nameserver\s+(\d{1,3}(?:\.\d{1,3}){3})\s*$/.exec(line)?.[1] ?? [])
    .filter((address) => !own.includes(address));
  return [...new Set(addresses)].slice(0, UPSTREAMS_MAX).map((address) => ({ address, port: 53 }));
}

const UPSTREAMS_MAX = 3;
