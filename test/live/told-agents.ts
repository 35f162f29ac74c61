/**
 * Agents without a host: they enrol with a token and tell the real control plane, signed by the agent's own client, whatever a test wants to be told. For screens
 * that show what is told; that a tunnel carries packets is for tests with real hosts.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { Client } from '../../edge-agent/link/client.ts';
import { enrol } from '../../edge-agent/link/enrol.ts';
import { fetchDocument } from '../../edge-agent/link/fetch.ts';
import type { Document } from '../../protocol/document.ts';
import { Liveness, Report } from '../../protocol/report.ts';
import { TokenCreated } from '../../protocol/token.ts';
import { RELEASE } from '../../protocol/version.ts';
import type { ConsoleStage } from './console-stage.ts';

const TIMEOUT_MS = 20_000;

export interface ToldAgent {
  readonly id: string;
  /** POSTs what the agent says; throws what the control plane refuses. */
  tell(path: string, body: unknown): Promise<void>;
  report(parts?: Partial<Report>): Promise<void>;
  /** The newest document, fetched and verified as an edge does it. */
  document(): Promise<Document>;
}

export interface Enrolling {
  /** Where tokens for it are made. */
  readonly tokens: string;
  readonly spec: object;
  readonly advertise?: readonly string[];
}

export async function enrolTold(
  stage: Pick<ConsoleStage, 'api' | 'url' | 'ca'>,
  enrolling: Enrolling,
): Promise<ToldAgent> {
  const { tokens, spec, advertise = [] } = enrolling;
  const { secret } = await stage.api.create(tokens, { spec }, TokenCreated);
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const identity = {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    sign: (message: string) => sign(null, Buffer.from(message, 'utf8'), privateKey).toString('base64'),
  };
  const wireguardKey = createHash('sha256').update(identity.publicKey).digest('base64');
  const connection = { url: stage.url, ca: stage.ca, timeoutMs: TIMEOUT_MS, now: () => Date.now() };
  const unsigned = new Client(connection);
  const result = await enrol(unsigned, {
    identity,
    statement: {
      token: secret,
      wireguardKey,
      hostname: 'host-1',
      version: RELEASE,
      advertise: [...advertise],
    },
    rootKeys: [],
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    chance: () => 0,
  });
  unsigned.close();
  if (result.kind !== 'enrolled') throw new Error(`not enrolled: ${JSON.stringify(result)}`);
  const id = result.enrolled.agent;
  const tell = async (path: string, body: unknown) => {
    const client = new Client({ ...connection, signer: { agent: id, sign: identity.sign } });
    const answer = await client.call({ method: 'POST', path, body: JSON.stringify(body) });
    client.close();
    if (answer.kind !== 'answer' || answer.status >= 300)
      throw new Error(`${path}: ${JSON.stringify(answer)}`);
  };
  const document = async () => {
    const client = new Client({ ...connection, signer: { agent: id, sign: identity.sign } });
    const trust = { agent: id, role: 'edge' as const, roots: result.enrolled.roots };
    const fetched = await fetchDocument(client, { trust, held: [] });
    client.close();
    if (fetched.kind !== 'document') throw new Error(`no document: ${JSON.stringify(fetched)}`);
    return fetched.kept.document;
  };
  return {
    id,
    tell,
    document,
    report: (parts = {}) =>
      tell(
        '/v1/agent/report',
        Report.parse({ version: RELEASE, wireguardKey, advertise, findings: [], ...parts }),
      ),
  };
}

/** What a hub says of its peers: heard a moment ago, or not for ten minutes. */
export function livenessOf(peers: readonly { readonly agent: string; readonly up: boolean }[]): Liveness {
  return Liveness.parse({
    peers: peers.map(({ agent, up }) => ({
      agent,
      up,
      handshakeAgeSeconds: up ? 20 : 600,
      ...(up && { probeAgeSeconds: 1 }),
      receivedBytes: up ? 1_234_567_890 : 0,
      sentBytes: up ? 98_765_432 : 148,
      spoofedPackets: 0,
    })),
  });
}
