/**
 * Answers of the hubs: fresh for their time to live, then kept for a day in case no hub answers. Bounded in number;
 * the clock is an argument.
 */

const ENTRIES_MAX = 10_000;
const STALE_MS_MAX = 86_400_000;
const STALE_TTL_SECONDS = 5;

/** No addresses: the name does not exist, or has none. */
export interface HubAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

interface Entry {
  readonly answer: HubAnswer;
  readonly storedMs: number;
}

export class AnswerCache {
  readonly #entries = new Map<string, Entry>();

  /** The answer with what is left of its time, while there is some. */
  fresh(name: string, nowMs: number): HubAnswer | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const left = entry.answer.ttlSeconds - Math.floor((nowMs - entry.storedMs) / 1_000);
    return left > 0 ? { ...entry.answer, ttlSeconds: left } : undefined;
  }

  /** The last answer however old, up to a day, with a short time to live. */
  stale(name: string, nowMs: number): HubAnswer | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || nowMs - entry.storedMs > STALE_MS_MAX) return undefined;
    return { ...entry.answer, ttlSeconds: STALE_TTL_SECONDS };
  }

  store(name: string, answer: HubAnswer, nowMs: number): void {
    this.#entries.delete(name);
    this.#entries.set(name, { answer, storedMs: nowMs });
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > ENTRIES_MAX && oldest !== undefined) this.#entries.delete(oldest);
  }

  clear(): void {
    this.#entries.clear();
  }
}
