/** Requests by how they were answered: from the edge's cache, together with others by one question, or by the API server itself. */

export const ANSWER_KINDS = ['fromCache', 'coalesced', 'upstream'] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

export interface AnswerShare {
  readonly kind: AnswerKind;
  readonly count: number;
  /** In hundredths of all; all of them are 100 if there was any request. */
  readonly percent: number;
}

/** The largest remainders are rounded up, so that the shares are a whole. */
export function answersOf(counts: Readonly<Record<AnswerKind, number>>): AnswerShare[] {
  const total = ANSWER_KINDS.reduce((sum, kind) => sum + counts[kind], 0);
  const exact = ANSWER_KINDS.map((kind) => (total === 0 ? 0 : (counts[kind] / total) * 100));
  const missing = total === 0 ? 0 : 100 - exact.reduce((sum, share) => sum + Math.floor(share), 0);
  const byRemainder = exact
    .map((share, index) => ({ index, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index)
    .slice(0, missing);
  return ANSWER_KINDS.map((kind, index) => ({
    kind,
    count: counts[kind],
    percent: Math.floor(exact[index] ?? 0) + (byRemainder.some((one) => one.index === index) ? 1 : 0),
  }));
}
