/**
 * The agent's unix socket: HTTP for the command line on the same host. Only root can open it; requests that a browser
 * could have made are refused all the same. It gives out values and changes nothing.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { dirname } from 'node:path';
import { Status } from './status.ts';

const HOST = 'isthmus-agent';
const TIMEOUT_MS = 3_000;
const ANSWER_BYTES_MAX = 16_000_000;

/** Serves the status; rejects if another agent serves this socket. */
export async function serveStatus(path: string, status: () => Promise<Status>): Promise<Server> {
  if ((await askStatus(path)) !== undefined) throw new AlreadyRunning(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  rmSync(path, { force: true });
  const server = createServer((incoming, answer) => {
    const isOurs = incoming.headers.host === HOST && incoming.headers.origin === undefined;
    if (!isOurs || incoming.method !== 'GET' || incoming.url !== '/status')
      return void answer.writeHead(isOurs ? 404 : 403).end();
    status().then(
      (value) => answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value)),
      () => answer.writeHead(500).end(),
    );
  });
  server.maxConnections = 16;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

export class AlreadyRunning extends Error {
  constructor(path: string) {
    super(`another agent serves ${path}`);
    this.name = 'AlreadyRunning';
  }
}

/** The status of the running agent; undefined if none answers. */
export function askStatus(socketPath: string): Promise<Status | undefined> {
  return new Promise((resolve) => {
    const asking = request(
      { socketPath, path: '/status', headers: { host: HOST }, timeout: TIMEOUT_MS },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > ANSWER_BYTES_MAX) answer.destroy();
        });
        answer.on('end', () => resolve(readStatus(text)));
        answer.on('error', () => resolve(undefined));
      },
    );
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(undefined));
    asking.end();
  });
}

function readStatus(text: string): Status | undefined {
  try {
    return Status.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
