/** Asks a host whether it lives, at the port of its kubelet. It sends nothing but a TLS greeting and believes nothing but that there was an answer. */
import { connect } from 'node:tls';
import type { Testimony } from './node-verdict.ts';

export const KUBELET_PORT = 10_250;
const ANSWER_MS_MAX = 2_000;

/**
 * `answers` as soon as a connection stands. The greeting is finished where possible, because a kubelet logs connections that end before; whose
 * certificate it is does not matter, as whoever answers at the address can only keep things where they are.
 */
export function askHost(address: string, port: number = KUBELET_PORT): Promise<Testimony> {
  return new Promise((resolve) => {
    const heard: { testimony: Testimony } = { testimony: 'silent' };
    const socket = connect({ host: address, port, rejectUnauthorized: false });
    const end = (testimony: Testimony) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(testimony);
    };
    const timer = setTimeout(() => end(heard.testimony), ANSWER_MS_MAX);
    socket.on('connect', () => {
      heard.testimony = 'answers';
    });
    socket.on('secureConnect', () => end('answers'));
    socket.on('error', (cause: NodeJS.ErrnoException) =>
      end(cause.code === 'ECONNREFUSED' ? 'refuses' : heard.testimony),
    );
  });
}
