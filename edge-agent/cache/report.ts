/** What the cache and its clients did, in the words of the protocol. */
import type { RequestAnalysis } from '../../protocol/cluster-report.ts';
import { adviceOf } from '../relief/advice.ts';
import { type Analysis, type Sums, talkersOf } from '../relief/analysis.ts';
import type { Counts } from './counts.ts';
import type { Types } from './types.ts';

export interface ReportInput {
  readonly analysis: Analysis;
  readonly counts: Counts;
  readonly types: Types;
  readonly openStreams: number;
  readonly budgetBytes: number;
  /** Monotonic. */
  readonly nowMs: number;
}

export function reportOf(input: ReportInput): RequestAnalysis {
  const { analysis, counts, types, openStreams, budgetBytes, nowMs } = input;
  const sums = analysis.sums(nowMs);
  const windowMs = analysis.windowMs(nowMs);
  const sum = (of: (one: Sums) => number) => sums.reduce((total, one) => total + of(one), 0);
  return {
    windowSeconds: Math.round(windowMs / 1_000),
    requests: sum(({ requests }) => requests),
    fromCache: sum(({ by }) => by.cache),
    coalesced: sum(({ by }) => by.coalesced),
    upstream: sum(({ by }) => by.upstream),
    // Shared reads of tables and the like are lists to the server, too.
    upstreamLists: counts.lists + counts.reads,
    upstreamWatches: counts.watches,
    accessReviews: counts.accessReviews,
    openStreams,
    budgetBytes,
    usedBytes: types.bytes,
    types: types.figures().map(({ usedMs, ...figures }) => ({
      ...figures,
      lastUsedSeconds: Math.max(0, Math.round((nowMs - usedMs) / 1_000)),
    })),
    talkers: talkersOf(sums, windowMs),
    advice: adviceOf(sums, windowMs),
  };
}
