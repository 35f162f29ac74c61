/** Rate limits as token buckets: a bucket fills steadily up to its size, and each request takes one token. Time comes from outside. */

export interface RateLimit {
  /** Tokens that come back in a second. */
  readonly perSecond: number;
  /** What a full bucket holds: so many requests may come at once. */
  readonly burst: number;
}

/** As it was when it was last touched. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export interface Taken {
  readonly bucket: Bucket;
  /** 0 if the request may go on; else how long until there is a token. */
  readonly waitSeconds: number;
}

/** Takes a token, or says when there is one. A clock that went back counts as one that stood still. */
export function take(limit: RateLimit, before: Bucket | undefined, nowMs: number): Taken {
  const atMs = Math.max(nowMs, before?.atMs ?? nowMs);
  const tokens = before === undefined ? limit.burst : refilled(limit, before, atMs);
  if (tokens >= 1) return { bucket: { tokens: tokens - 1, atMs }, waitSeconds: 0 };
  return { bucket: { tokens, atMs }, waitSeconds: Math.ceil((1 - tokens) / limit.perSecond) };
}

/** A full bucket is as good as none, and need not be kept. */
export function isFull(limit: RateLimit, bucket: Bucket, nowMs: number): boolean {
  return refilled(limit, bucket, Math.max(nowMs, bucket.atMs)) >= limit.burst;
}

function refilled({ perSecond, burst }: RateLimit, { tokens, atMs }: Bucket, nowMs: number): number {
  return Math.min(burst, tokens + ((nowMs - atMs) / 1_000) * perSecond);
}
