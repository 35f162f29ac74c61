/**
 * One member of etcd, by the JSON gateway that every etcd has on its client port (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/). It reads, and takes
 * snapshots; it never writes.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const TIMEOUT_MS = 10_000;
const SNAPSHOT_SILENCE_MS = 60_000;
const TEXT_BYTES_MAX = 16_000_000;
/** etcd ends a snapshot with the SHA-256 of what came before. */
const DIGEST_BYTES = 32;

export interface EtcdAccess {
  /** `https://HOST:PORT`. */
  readonly endpoint: string;
  /** PEM texts. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Numbers of 64 bits come as texts. */
const Count = z.union([z.string(), z.number()]).default(0).transform(Number);
const Header = z.looseObject({
  member_id: z.union([z.string(), z.number()]).default('').transform(String),
  revision: Count,
  raft_term: Count,
});

const Status = z.looseObject({
  header: Header,
  version: z.string().default(''),
  dbSize: Count,
  dbSizeInUse: Count,
  dbSizeQuota: Count,
  leader: z.union([z.string(), z.number()]).default('0').transform(String),
  raftIndex: Count,
  raftTerm: Count,
  errors: z.array(z.string()).default([]),
});
export type EtcdMemberStatus = z.infer<typeof Status>;

const Alarms = z.looseObject({
  alarms: z.array(z.looseObject({ alarm: z.string().default('NONE') })).default([]),
});
const HashKv = z.looseObject({ header: Header, hash: Count });
const Piece = z.looseObject({
  result: z.looseObject({ blob: z.string().default('') }).optional(),
  error: z.looseObject({ message: z.string().default('') }).optional(),
});

export class EtcdError extends Error {
  override readonly name = 'EtcdError';
}

export class EtcdClient {
  readonly access: EtcdAccess;

  constructor(access: EtcdAccess) {
    this.access = access;
  }

  status(): Promise<EtcdMemberStatus> {
    return this.#post('/v3/maintenance/status', Status, {});
  }

  /** The question goes by the members' log, as etcd has it; it changes nothing that is stored. */
  async alarms(): Promise<readonly string[]> {
    const { alarms } = await this.#post('/v3/maintenance/alarm', Alarms, { action: 'GET' });
    return alarms.map(({ alarm }) => alarm);
  }

  /** Of all keys as they were at this revision; undefined if it is compacted already. */
  async hashAt(revision: number): Promise<string | undefined> {
    return this.#post('/v3/maintenance/hashkv', HashKv, { revision: String(revision) }).then(
      ({ hash }) => String(hash),
      () => undefined,
    );
  }

  metrics(): Promise<string> {
    return this.#text({ method: 'GET', path: '/metrics' });
  }

  /** Hands each piece on, in order, and checks etcd's own digest at the end. Resolves to the number of bytes. */
  async snapshot(take: (piece: Buffer) => Promise<void>): Promise<number> {
    const answer = await this.#ask({
      method: 'POST',
      path: '/v3/maintenance/snapshot',
      body: '{}',
      timeoutMs: SNAPSHOT_SILENCE_MS,
    });
    const hash = createHash('sha256');
    let held = Buffer.alloc(0);
    let bytes = 0;
    for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line === '') continue;
      const { result, error } = Piece.parse(JSON.parse(line));
      if (error !== undefined) throw new EtcdError(`etcd broke the snapshot off: ${error.message}`);
      const piece = Buffer.from(result?.blob ?? '', 'base64');
      await take(piece);
      bytes += piece.length;
      const all = Buffer.concat([held, piece]);
      const end = Math.max(0, all.length - DIGEST_BYTES);
      hash.update(all.subarray(0, end));
      held = Buffer.from(all.subarray(end));
    }
    if (held.length !== DIGEST_BYTES || !hash.digest().equals(held))
      throw new EtcdError('The snapshot is not whole: its digest is wrong.');
    return bytes;
  }

  async #post<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body: object,
  ): Promise<z.infer<Schema>> {
    const text = await this.#text({ method: 'POST', path, body: JSON.stringify(body) });
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    throw new EtcdError(`${this.access.endpoint}${path} answered something else than etcd does.`);
  }

  async #text(call: Call): Promise<string> {
    const answer = await this.#ask(call);
    let text = '';
    for await (const chunk of answer) {
      text += Buffer.from(chunk).toString('utf8');
      if (text.length > TEXT_BYTES_MAX) throw new EtcdError('The answer is too large.');
    }
    return text;
  }

  #ask({ method, path, body, timeoutMs = TIMEOUT_MS }: Call): Promise<IncomingMessage> {
    const { endpoint, authority, certificate, key } = this.access;
    return new Promise((resolve, reject) => {
      const asking = httpsRequest(new URL(path, endpoint), {
        method,
        ca: authority,
        cert: certificate,
        key,
        // Of silence, not of the whole: a snapshot may take its time.
        timeout: timeoutMs,
        headers:
          body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      });
      asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
      asking.on('error', (cause) =>
        reject(new EtcdError(`${endpoint} does not answer: ${cause.message}`, { cause })),
      );
      asking.on('response', (answer) => {
        if (answer.statusCode === 200) return resolve(answer);
        answer.resume();
        return reject(new EtcdError(`${endpoint}${path} answered ${answer.statusCode}`));
      });
      asking.end(body);
    });
  }
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly timeoutMs?: number;
}
