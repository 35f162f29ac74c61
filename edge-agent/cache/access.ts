/**
 * Asks the cluster whether a requester may read something, once for all who ask the same at a time, and keeps the word for seconds. It knows
 * no rule of its own; where the cluster says no, or nothing, the request itself goes upstream and is refused there in the cluster's words.
 */
import { z } from 'zod';
import type { RequestInfo } from '../relief/request-info.ts';
import type { Counts } from './counts.ts';
import type { Requester } from './port.ts';
import type { Reader } from './reader.ts';

/** A withdrawn right holds this long at most; a new one is seen this much later at most. */
export const ACCESS_MS = 5_000;
const WORDS_MAX = 10_000;
const REVIEW_TIMEOUT_MS = 5_000;
const REVIEW_PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
/** Whoever is impersonated is in this group too, as everybody who logs in. */
const AUTHENTICATED = 'system:authenticated';

const Review = z.looseObject({
  status: z.looseObject({ allowed: z.boolean(), denied: z.boolean().optional() }),
});

interface Word {
  readonly allowed: Promise<boolean>;
  readonly untilMs: number;
}

export class Access {
  readonly #client: Reader;
  readonly #now: () => number;
  readonly #counts: Counts;
  readonly #words = new Map<string, Word>();

  constructor(client: Reader, now: () => number, counts: Counts) {
    this.#client = client;
    this.#now = now;
    this.#counts = counts;
  }

  /** False too if the cluster could not be asked. */
  allows(requester: Requester, info: RequestInfo): Promise<boolean> {
    const { user, groups, subject } = requester;
    const { verb, group, version, resource, namespace, name } = info;
    const key = JSON.stringify([user, groups, subject, verb, group, version, resource, namespace, name]);
    const nowMs = this.#now();
    const known = this.#words.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.allowed;
    const allowed = this.#review(requester, info).catch(() => {
      this.#words.delete(key);
      return false;
    });
    this.#words.delete(key);
    this.#words.set(key, { allowed, untilMs: nowMs + ACCESS_MS });
    this.#forgetSome(nowMs);
    return allowed;
  }

  async #review({ user, groups, subject }: Requester, info: RequestInfo): Promise<boolean> {
    this.#counts.accessReviews++;
    const { verb, group, version, resource, namespace, name } = info;
    const { status } = await this.#client.json(Review, {
      method: 'POST',
      path: REVIEW_PATH,
      timeoutMs: REVIEW_TIMEOUT_MS,
      body: JSON.stringify({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user,
          groups: [...new Set([...groups, AUTHENTICATED])],
          extra: { 'isthmus.dev/subject': [subject] },
          resourceAttributes: { verb, group, version, resource, namespace, name },
        },
      }),
    });
    return status.allowed && status.denied !== true;
  }

  /** Words are in the order of their making, so the oldest come first. */
  #forgetSome(nowMs: number): void {
    for (const [key, { untilMs }] of this.#words) {
      if (untilMs > nowMs && this.#words.size <= WORDS_MAX) return;
      this.#words.delete(key);
    }
  }
}
