/**
 * Who asks what, how often, how large, how slow, and how much of it came from memory: sums by subject, program, verb and type over a window
 * of two halves, the older of which is dropped when the newer is full. Everything is bounded; time is handed in.
 */
import type { Talker } from '../../protocol/cluster-report.ts';
import { quantileMs, rangeOf } from './sketch.ts';

export interface Asked {
  readonly subject: string;
  readonly program: string;
  /** `list`, `get`, `watch`, or the method of anything else. */
  readonly verb: string;
  /** `pods`, `deployments.apps`, or the first parts of another path. */
  readonly resource: string;
  /** Without a resource version: it had to be fresh. */
  readonly isFresh: boolean;
  readonly hasLimit: boolean;
}

export interface Told {
  readonly by: 'cache' | 'coalesced' | 'upstream' | 'refused';
  readonly status: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

export interface Sums {
  readonly asked: Omit<Asked, 'isFresh' | 'hasLimit'>;
  requests: number;
  bytes: number;
  fresh: number;
  unlimited: number;
  notFound: number;
  errors: number;
  readonly by: Record<Told['by'], number>;
  readonly times: number[];
}

export const HALF_WINDOW_MS = 150_000;
const KEYS_MAX = 1_000;
const TALKERS_MAX = 50;
const TEXT_MAX = 200;
const OTHERS = 'others';

export class Analysis {
  #older = new Map<string, Sums>();
  #newer = new Map<string, Sums>();
  #olderMs = 0;
  #newerSinceMs: number;

  constructor(nowMs: number) {
    this.#newerSinceMs = nowMs;
  }

  record(asked: Asked, told: Told, nowMs: number): void {
    this.#turn(nowMs);
    const sums = this.#sumsOf(asked);
    sums.requests++;
    sums.bytes += told.bytes;
    sums.by[told.by]++;
    if (asked.isFresh) sums.fresh++;
    if (!asked.hasLimit) sums.unlimited++;
    if (told.status === 404) sums.notFound++;
    if (told.status >= 400) sums.errors++;
    const range = rangeOf(told.milliseconds);
    sums.times[range] = (sums.times[range] ?? 0) + 1;
  }

  windowMs(nowMs: number): number {
    return this.#olderMs + Math.max(0, nowMs - this.#newerSinceMs);
  }

  /** Both halves as one, the most requests first. */
  sums(nowMs: number): readonly Sums[] {
    this.#turn(nowMs);
    const all = new Map([...this.#older].map(([key, sums]) => [key, copyOf(sums)]));
    for (const [key, sums] of this.#newer) {
      const known = all.get(key);
      if (known === undefined) all.set(key, copyOf(sums));
      else add(known, sums);
    }
    return [...all.values()].sort((one, other) => other.requests - one.requests);
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#newerSinceMs;
    if (ageMs < HALF_WINDOW_MS) return;
    const isWhole = ageMs < 2 * HALF_WINDOW_MS;
    this.#older = isWhole ? this.#newer : new Map<string, Sums>();
    this.#olderMs = isWhole ? ageMs : HALF_WINDOW_MS;
    this.#newer = new Map();
    this.#newerSinceMs = nowMs;
  }

  #sumsOf(asked: Asked): Sums {
    const key = JSON.stringify([asked.subject, asked.program, asked.verb, asked.resource]);
    const known = this.#newer.get(key);
    if (known !== undefined) return known;
    const isFull = this.#newer.size >= KEYS_MAX;
    const others = isFull ? this.#newer.get(OTHERS) : undefined;
    if (others !== undefined) return others;
    const sums = emptySums(
      isFull ? { subject: OTHERS, program: OTHERS, verb: OTHERS, resource: OTHERS } : asked,
    );
    this.#newer.set(isFull ? OTHERS : key, sums);
    return sums;
  }
}

export function talkersOf(sums: readonly Sums[], windowMs: number): Talker[] {
  return sums.slice(0, TALKERS_MAX).map((one) => ({
    subject: one.asked.subject,
    program: one.asked.program,
    verb: one.asked.verb,
    resource: one.asked.resource,
    requests: one.requests,
    perMinute: perMinute(one.requests, windowMs),
    bytes: one.bytes,
    p50Ms: quantileMs(
      Array.from(one.times, (count) => count ?? 0),
      0.5,
    ),
    p99Ms: quantileMs(
      Array.from(one.times, (count) => count ?? 0),
      0.99,
    ),
    fromCache: one.by.cache,
    coalesced: one.by.coalesced,
    upstream: one.by.upstream,
    errors: one.errors,
  }));
}

export function perMinute(count: number, windowMs: number): number {
  return windowMs <= 0 ? 0 : Math.round((count * 60_000 * 10) / windowMs) / 10;
}

function emptySums({ subject, program, verb, resource }: Sums['asked']): Sums {
  const cut = (text: string) => text.slice(0, TEXT_MAX);
  return {
    asked: { subject: cut(subject), program: cut(program), verb: verb.slice(0, 32), resource: cut(resource) },
    requests: 0,
    bytes: 0,
    fresh: 0,
    unlimited: 0,
    notFound: 0,
    errors: 0,
    by: { cache: 0, coalesced: 0, upstream: 0, refused: 0 },
    times: [],
  };
}

function copyOf(sums: Sums): Sums {
  return { ...sums, by: { ...sums.by }, times: [...sums.times] };
}

function add(sum: Sums, more: Sums): void {
  sum.requests += more.requests;
  sum.bytes += more.bytes;
  sum.fresh += more.fresh;
  sum.unlimited += more.unlimited;
  sum.notFound += more.notFound;
  sum.errors += more.errors;
  for (const by of ['cache', 'coalesced', 'upstream', 'refused'] as const) sum.by[by] += more.by[by];
  more.times.forEach((count, range) => {
    sum.times[range] = (sum.times[range] ?? 0) + count;
  });
}
