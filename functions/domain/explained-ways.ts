/** Ways of an explanation put together: what differs in its ports alone is one, and all of them have one verdict or are mixed. */
import type { ExplainedWay, Explanation } from '../../protocol/explanation.ts';
import { sortedBy } from './order.ts';

export function mergedWays(ways: readonly ExplainedWay[]): ExplainedWay[] {
  const merged = new Map<string, ExplainedWay>();
  for (const way of ways) {
    const key = [way.from, way.to, way.verdict, way.why, way.ports.length === 0].join('\n');
    const known = merged.get(key);
    const ports = [...(known?.ports ?? []), ...way.ports];
    const distinct = new Map(
      ports.map((port) => [`${port.protocol} ${String(port.port).padStart(5, '0')}`, port]),
    );
    merged.set(key, { ...way, ports: sortedBy([...distinct], ([text]) => text).map(([, port]) => port) });
  }
  return sortedBy([...merged.values()], ({ from, to, verdict, why }) => [from, to, verdict, why].join(' '));
}

export function verdictOf(ways: readonly ExplainedWay[]): Explanation['verdict'] {
  const verdicts = [...new Set(ways.map(({ verdict }) => verdict))];
  return verdicts.length > 1 ? 'mixed' : (verdicts[0] ?? 'nowhere');
}
