/** The one door to HAProxy's runtime API: one line (or one payload) a connection over the unix socket. */
import { createConnection } from 'node:net';

const TALK_TIMEOUT_MS = 5_000;
/** 4,096 slots of about 500 bytes each, and room to spare. */
const ANSWER_BYTES_MAX = 16_000_000;

/** Sends the line and resolves to the whole answer; rejects with the cause if nobody answers in time. */
export function talkToRuntime(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = createConnection(socketPath, () => socket.write(`${line}\n`));
    const fail = (message: string) => socket.destroy(new Error(`${socketPath}: ${message}`));
    socket.setTimeout(TALK_TIMEOUT_MS, () => fail(`no answer in ${TALK_TIMEOUT_MS} ms`));
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) fail(`an answer of more than ${ANSWER_BYTES_MAX} bytes`);
      else chunks.push(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}
