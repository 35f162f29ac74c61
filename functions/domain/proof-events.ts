/** What is worth an entry in the log of what an edge's trials of its tenant's isolation show: that it does not hold any more, or holds again. */
import type { Proof } from '../../protocol/report.ts';

const WORDS = {
  passed: 'does not hold: packets that no policy allows were answered',
  unreached: 'is not proved any more: the control probe is not answered',
  uncounted: 'is not proved any more: no firewall counts what is sent',
} as const;

/** One sentence for each site whose verdict became another one; nothing of those that are not known yet. */
export function proofEvents(
  edge: string,
  before: readonly Proof[] | undefined,
  after: readonly Proof[] | undefined,
): string[] {
  return (after ?? []).flatMap(({ site, edge: other, verdict, cut }) => {
    const known = before?.find((one) => one.site === site && one.edge === other);
    if (verdict === 'pending' || verdict === known?.verdict) return [];
    const where = `from edge ${edge} to ${site} (edge ${other})`;
    if (verdict !== 'refused') return [`The isolation ${where} ${WORDS[verdict]}.`];
    return [`The isolation ${where} is proved by packets${cut ? '; what ran before was cut' : ''}.`];
  });
}
