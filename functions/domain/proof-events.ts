/**
 * What is worth an entry in the log of what an edge's trials of its tenant's isolation show: that a running flow was cut by it, that packets passed, and that they are refused again. What
 * can't be shown for a while is a condition, not an event: links come and go.
 */
import type { Proof } from '../../protocol/report.ts';

/** One sentence for each site whose verdict became another one of these. */
export function proofEvents(
  edge: string,
  before: readonly Proof[] | undefined,
  after: readonly Proof[] | undefined,
): string[] {
  return (after ?? []).flatMap(({ site, edge: other, verdict, cut }) => {
    const known = before?.find((one) => one.site === site && one.edge === other);
    const where = `The isolation from edge ${edge} to ${site} (edge ${other})`;
    if (verdict === 'passed' && known?.verdict !== 'passed')
      return [`${where} does not hold: packets that no policy allows were answered.`];
    if (verdict !== 'refused') return [];
    if (known?.verdict === 'passed') return [`${where} holds again, by packets.`];
    return cut && known?.cut !== true ? [`${where} is proved by packets; what ran before was cut.`] : [];
  });
}
