/** One line of JSON each way over a connection: how a host joins, and how a node gets a new certificate. */
import type { Duplex } from 'node:stream';
import { parseJson } from '../../protocol/json.ts';
import { LINE_BYTES_MAX } from './token.ts';

const LINE_MS_MAX = 10_000;

/** Undefined if none came in time, or none that is JSON. */
export async function readLine(socket: Duplex): Promise<unknown> {
  const timer = setTimeout(() => socket.destroy(), LINE_MS_MAX);
  let text = '';
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += Buffer.from(chunk).toString('utf8');
      if (text.includes('\n')) return parseJson(text.slice(0, text.indexOf('\n')));
      if (text.length > LINE_BYTES_MAX) return undefined;
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

export function sayLine(socket: Duplex, value: object): void {
  socket.write(`${JSON.stringify(value)}\n`);
}
