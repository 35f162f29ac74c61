/** An API server over real TLS that answers what a test says: for what clients make of statuses and of certificates. It holds no objects. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../edge-agent/apply/command.ts';
import type { KubeCredentials } from '../../edge-agent/kube/kubeconfig.ts';
import { Authority } from '../../edge-agent/proxy/authority.ts';

const NAME = 'api.test';

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
}

export interface KubeAnswers {
  readonly credentials: KubeCredentials;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

type Said = { readonly status: number; readonly body?: object };

export async function startKubeAnswers(answer: (asked: Asked) => Said): Promise<KubeAnswers> {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-answers-'));
  const authority = new Authority({ directory, agent: 'test', run, wallNow: () => Date.now() });
  const { certificate, key } = await authority.serve([NAME]);
  const asked: Asked[] = [];
  const server = createServer({ cert: certificate, key }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '' } = incoming;
      const one = { method, path: url, body: Buffer.concat(chunks).toString('utf8') };
      asked.push(one);
      const { status, body = {} } = answer(one);
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    credentials: {
      server: `https://127.0.0.1:${port}`,
      authority: await authority.certificate(),
      serverName: NAME,
      identity: { kind: 'token', token: 't' },
    },
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** As API servers answer who they don't know. */
export const UNAUTHORIZED = {
  status: 401,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'Unauthorized', code: 401 },
} as const;
