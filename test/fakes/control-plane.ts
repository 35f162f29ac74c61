/**
 * A control plane that holds state: a real HTTPS server with a signing root, documents, leaves and agents. It checks
 * the agents' signatures as the real one does, and can be made to lie in every way that the scenarios name.
 */
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, type Json } from '../../protocol/canonical.ts';
import type { Leaf, SignedDocument } from '../../protocol/document.ts';
import {
  ENROLMENT_CONTEXT,
  type Enrolled,
  Enrolment,
  type EnrolmentStatement,
  IDENTITY_AUDIENCE_HEADER,
  IDENTITY_STATEMENT_HEADER,
  type InstanceProof,
} from '../../protocol/enrolment.ts';
import type { Report } from '../../protocol/report.ts';
import { readSignature, readSignatureInput, signatureBase } from '../../protocol/signature.ts';
import type { SigningRoot } from '../../protocol/signing-root.ts';

export interface Root extends SigningRoot {
  readonly privateKey: KeyObject;
}

export function makeRoot(namedCurve = 'P-256'): Root {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(spki).digest('hex').slice(0, 16);
  return { id, publicKey: spki.toString('base64'), privateKey };
}

export interface Signing {
  readonly agent: string;
  readonly epoch: number;
  readonly generation: number;
  readonly leaves: Readonly<Record<string, Leaf>>;
  readonly recovery?: boolean;
}

/** A document as the control plane compiles it, with the texts of its leaves by hash. */
export function signDocument(
  root: Root,
  what: Signing,
): { signed: SignedDocument; texts: Map<string, string> } {
  const texts = new Map<string, string>();
  const manifest = Object.keys(what.leaves)
    .sort()
    .map((name) => {
      const text = canonicalJson(what.leaves[name] as Json);
      const hash = sha256(text);
      texts.set(hash, text);
      return { name, hash, bytes: Buffer.byteLength(text) };
    });
  const envelope = {
    alg: 'ES256' as const,
    agent: what.agent,
    epoch: what.epoch,
    generation: what.generation,
    manifestHash: sha256(canonicalJson(manifest)),
    ...(what.recovery === undefined ? {} : { recovery: what.recovery }),
  };
  const signature = sign('sha256', Buffer.from(canonicalJson(envelope)), root.privateKey).toString('base64');
  return { signed: { envelope, key: root.id, signature, manifest }, texts };
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A self-signed certificate for 127.0.0.1. */
export function makeCertificate(): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-tls-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=control plane', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], {
    stdio: 'pipe',
  });
  const made = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(directory, { recursive: true });
  return made;
}

export class FakeControlPlane {
  readonly certificate: Certificate;
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly port: number;
  }[] = [];
  readonly reports: Report[] = [];
  readonly leaves = new Map<string, string>();
  readonly tokens = new Map<string, { readonly enrolled: Enrolled; usedBy?: string }>();
  /** Hubs with slots, by name: who proves to be an instance of one enrols as it. */
  readonly slots = new Map<string, Enrolled>();
  /** Proofs of instances that were taken, in order. */
  readonly instances: InstanceProof[] = [];
  readonly identities = new Map<string, string>();
  document: SignedDocument | undefined;
  pollSeconds = 30;
  /** Ahead of the host's clock. */
  clockOffsetMs = 0;
  /** Every request is answered by this status and body instead. */
  lie:
    | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> }
    | undefined;
  /** Answers are swallowed. */
  silent = false;
  messages: { readonly changed: string[]; readonly cursor: string } = { changed: [], cursor: '1' };
  readonly #server: Server;

  private constructor(certificate: Certificate) {
    this.certificate = certificate;
    this.#server = createServer(
      { ...certificate },
      (request, response) => void this.#serve(request, response),
    );
  }

  static async start(certificate?: Certificate): Promise<FakeControlPlane> {
    const plane = new FakeControlPlane(certificate ?? makeCertificate());
    await new Promise<void>((resolve) => plane.#server.listen(0, '127.0.0.1', resolve));
    return plane;
  }

  get url(): string {
    const address = this.#server.address() as AddressInfo;
    return `https://127.0.0.1:${address.port}`;
  }

  publish(root: Root, what: Signing): SignedDocument {
    const { signed, texts } = signDocument(root, what);
    // As the real one: of a document that is replaced no leaf is given out.
    this.leaves.clear();
    for (const [hash, text] of texts) this.leaves.set(hash, text);
    this.document = signed;
    return signed;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const body = Buffer.concat(chunks).toString('utf8');
    if (this.silent) return;
    const answer = this.lie ?? this.#answer(request, body);
    const path = request.url ?? '';
    const port = request.socket.remotePort ?? 0;
    this.requests.push({ method: request.method ?? '', path, status: answer.status, port });
    response.setHeader('date', new Date(Date.now() + this.clockOffsetMs).toUTCString());
    response.setHeader('isthmus-poll-seconds', String(this.pollSeconds));
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #answer(
    request: IncomingMessage,
    body: string,
  ): { status: number; body: string; headers?: Record<string, string> } {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path === '/v1/enrol') return this.#enrol(body);
    const fault = this.#signatureFault(request, body);
    if (fault !== undefined) return problem(401, fault);
    if (path === '/v1/agent/document') return this.#documentAnswer(request.headers['if-none-match']);
    if (path.startsWith('/v1/agent/leaves/')) {
      const text = this.leaves.get(path.split('/')[4] ?? '');
      return text === undefined ? problem(404, 'not_found') : { status: 200, body: text };
    }
    if (path === '/v1/agent/report') this.reports.push(JSON.parse(body) as Report);
    if (path === '/v1/agent/messages') return { status: 200, body: JSON.stringify(this.messages) };
    return { status: 204, body: '' };
  }

  #documentAnswer(ifNoneMatch: string | undefined) {
    if (this.document === undefined) return problem(404, 'not_found');
    const { epoch, generation } = this.document.envelope;
    const etag = `"${epoch}.${generation}"`;
    if (ifNoneMatch === etag) return { status: 304, body: '' };
    return { status: 200, body: JSON.stringify(this.document), headers: { etag } };
  }

  #enrol(body: string) {
    const { statement, proof, instance } = Enrolment.parse(JSON.parse(body));
    const message = Buffer.from(ENROLMENT_CONTEXT + canonicalJson(statement));
    const isProved = verify(null, message, publicKeyOf(statement.identityKey), Buffer.from(proof, 'base64'));
    if (statement.hub !== undefined)
      return isProved ? this.#enrolInstance(statement, instance) : problem(401, 'proof_invalid');
    const token = this.tokens.get(statement.token ?? '');
    if (token === undefined) return problem(401, 'token_invalid');
    if (!isProved) return problem(401, 'proof_invalid');
    if (token.usedBy !== undefined && token.usedBy !== statement.identityKey)
      return problem(409, 'token_used');
    token.usedBy = statement.identityKey;
    this.identities.set(token.enrolled.agent, statement.identityKey);
    return { status: 201, body: JSON.stringify(token.enrolled) };
  }

  /** It looks at what the proof is for; whose signature it is, is not its business. */
  #enrolInstance(statement: EnrolmentStatement, instance: InstanceProof | undefined) {
    const enrolled = this.slots.get(statement.hub ?? '');
    const hash = sha256(ENROLMENT_CONTEXT + canonicalJson(statement));
    const isMeant =
      instance?.headers[IDENTITY_STATEMENT_HEADER] === hash &&
      instance.headers[IDENTITY_AUDIENCE_HEADER] === this.url;
    if (enrolled === undefined || instance === undefined || !isMeant) return problem(401, 'proof_invalid');
    this.instances.push(instance);
    this.identities.set(enrolled.agent, statement.identityKey);
    return { status: 200, body: JSON.stringify(enrolled) };
  }

  #signatureFault(request: IncomingMessage, body: string): string | undefined {
    const parameters = readSignatureInput(String(request.headers['signature-input'] ?? ''));
    const signature = readSignature(String(request.headers['signature'] ?? ''));
    const key = this.identities.get(parameters?.keyId ?? '');
    if (parameters === undefined || signature === undefined || key === undefined) return 'unauthenticated';
    const nowSeconds = (Date.now() + this.clockOffsetMs) / 1_000;
    if (Math.abs(nowSeconds - parameters.createdSeconds) > 60) return 'clock_skew';
    const [path = '', query] = (request.url ?? '').split('?');
    const base = signatureBase(
      {
        method: request.method ?? '',
        path,
        query: query === undefined ? '' : `?${query}`,
        bodySha256: createHash('sha256').update(body).digest('base64'),
      },
      parameters,
    );
    const isGood = verify(null, Buffer.from(base), publicKeyOf(key), Buffer.from(signature, 'base64'));
    return isGood ? undefined : 'unauthenticated';
  }
}

export function problem(status: number, code: string): { status: number; body: string } {
  const type = `https://isthmus.dev/problems/${code}`;
  return {
    status,
    body: JSON.stringify({ type, code, status, title: code, detail: `the test says ${code}` }),
  };
}

function publicKeyOf(spki: string): KeyObject {
  return createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
