/**
 * The socket that the shim calls: a CNI call in, an answer out. Only root can open it. It decides nothing: `200` is the answer to the runtime,
 * `204` says that the cluster's own plugin is to answer, `422` is an error as CNI has it.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { KubeError } from '../kube/errors.ts';
import { CniFault, faultBody } from './cni.ts';

const HOST = 'isthmus-node';
const BODY_BYTES_MAX = 1_000_000;
const BACKLOG = 1_024;
const PATH = /^\/cni\/([A-Z]{1,16})$/;

export interface CniRequest {
  readonly command: string;
  readonly container: string;
  readonly interface: string;
  readonly arguments: string;
  readonly body: string;
}

/** Undefined: not ours, the cluster's own plugin answers. Throws CniFault; anything else is a fault of ours. */
export type Answer = (request: CniRequest) => Promise<string | undefined>;

export async function serveCni(path: string, answer: Answer): Promise<Server> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  rmSync(path, { force: true });
  const server = createServer((incoming, outgoing) => void respond(incoming, outgoing, answer));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: BACKLOG }, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

async function respond(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer): Promise<void> {
  try {
    const command = PATH.exec(incoming.url ?? '')?.[1];
    if (incoming.headers.host !== HOST || incoming.method !== 'POST' || command === undefined)
      return void outgoing.writeHead(404).end();
    const header = (name: string) => String(incoming.headers[`isthmus-${name}`] ?? '');
    const said = await answer({
      command,
      container: header('container'),
      interface: header('interface'),
      arguments: header('arguments'),
      body: await readBody(incoming),
    });
    if (said === undefined) outgoing.writeHead(204).end();
    else outgoing.writeHead(200, { 'content-type': 'application/json' }).end(said);
  } catch (cause) {
    const fault = cause instanceof CniFault ? cause : new CniFault('tryAgain', messageOf(cause));
    outgoing.writeHead(422, { 'content-type': 'application/json' }).end(faultBody(fault));
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new CniFault('content', 'the network configuration is too large.');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Refused credentials are the one fault that a person at the node has to act on. */
export function messageOf(cause: unknown): string {
  if (cause instanceof KubeError && (cause.status === 401 || cause.status === 403))
    return `the API server refuses this node's credentials (${cause.message}): make a new kubeconfig of the service account isthmus-node, with the rights of infra/kubernetes/isthmus.yaml.`;
  return cause instanceof Error ? cause.message : String(cause);
}
