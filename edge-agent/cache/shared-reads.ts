/**
 * Reads whose answers only the API server can make (tables with times that are not known here, protobuf): what is asked for at the same time is read
 * once, by a request that began after all who get it had asked. Nothing is kept.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Counts } from './counts.ts';
import type { ClusterRequest } from './port.ts';
import type { Reader } from './reader.ts';
import { Rounds } from './rounds.ts';

const BODY_BYTES_MAX = 32 * 1024 * 1024;
const KEYS_MAX = 1_000;
const PASSED_REQUEST = ['accept', 'accept-encoding'] as const;
const PASSED_ANSWER = ['content-type', 'content-encoding', 'warning', 'vary', 'cache-control'] as const;

export interface SharedAnswer {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** One read upstream; whoever takes its answer first is the one that it was made for. */
interface Round {
  readonly answer: SharedAnswer | undefined;
  takers: number;
}

export interface SharedResult {
  readonly answer: SharedAnswer;
  /** Another reader's request was made upstream, not this one's. */
  readonly isShared: boolean;
}

export class SharedReads {
  readonly #client: Reader;
  readonly #now: () => number;
  readonly #counts: Counts;
  readonly #rounds = new Map<string, Rounds<Round>>();

  constructor(client: Reader, now: () => number, counts: Counts) {
    this.#client = client;
    this.#now = now;
    this.#counts = counts;
  }

  /** Undefined: not a good answer, or too large to share. Whoever asked must ask alone. */
  async read(request: ClusterRequest): Promise<SharedResult | undefined> {
    const headers = Object.fromEntries(
      PASSED_REQUEST.flatMap((name) => {
        const value = request.headers[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const key = JSON.stringify([request.path, request.query, headers]);
    const rounds = this.#rounds.get(key) ?? this.#roundsFor(request, headers);
    this.#rounds.set(key, rounds);
    this.#forgetIdle();
    const round = await rounds.join().catch(() => undefined);
    if (round?.answer === undefined) return undefined;
    round.takers++;
    return { answer: round.answer, isShared: round.takers > 1 };
  }

  #roundsFor({ path, query }: ClusterRequest, headers: Readonly<Record<string, string>>): Rounds<Round> {
    const run = async () => ({ answer: await this.#read(path, query, headers), takers: 0 });
    return new Rounds({ intervalMs: () => 0, now: this.#now, run });
  }

  async #read(
    ...[path, query, headers]: [string, string, Readonly<Record<string, string>>]
  ): Promise<SharedAnswer | undefined> {
    this.#counts.reads++;
    const whole = query === '' ? path : `${path}?${query}`;
    const answer = await this.#client.stream({ method: 'GET', path: whole, headers });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer) {
      const part = Buffer.from(chunk);
      bytes += part.length;
      if (bytes > BODY_BYTES_MAX || answer.statusCode !== 200) {
        answer.destroy();
        return undefined;
      }
      chunks.push(part);
    }
    return { bytes: Buffer.concat(chunks), headers: passed(answer.headers) };
  }

  #forgetIdle(): void {
    if (this.#rounds.size <= KEYS_MAX) return;
    for (const [key, rounds] of this.#rounds) if (rounds.isIdle) this.#rounds.delete(key);
  }
}

function passed(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    PASSED_ANSWER.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]];
    }),
  );
}
