/** What came of the cases, in figures and as a table. Values in, values out. */
import type { CaseResult } from './upgrade-run.ts';
import type { Answer, UpgradeCase } from './upgrade-stand.ts';

/** A change is felt a little longer than it takes: old containers end, names are told. */
const AFTER_MS = 2_000;

export interface CaseFigures {
  readonly requests: number;
  readonly failed: number;
  /** Seconds of each change, in their order; the last is the bad release, until it is taken back. */
  readonly seconds: readonly number[];
  readonly p50: Pair;
  readonly p99: Pair;
  readonly reason: string;
  /** Each kind of failure with how often it was. */
  readonly why: readonly string[];
}

interface Pair {
  readonly calmMs: number;
  readonly changeMs: number;
}

export function figuresOf({ answers, changes, reason }: CaseResult): CaseFigures {
  const isInChange = ({ atMs }: Answer) =>
    changes.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs + AFTER_MS);
  const good = answers.filter(({ why }) => why === '');
  const calm = good.filter((answer) => !isInChange(answer)).map(({ tookMs }) => tookMs);
  const change = good.filter(isInChange).map(({ tookMs }) => tookMs);
  const pair = (share: number) => ({ calmMs: quantile(calm, share), changeMs: quantile(change, share) });
  return {
    requests: answers.length,
    failed: answers.length - good.length,
    seconds: changes.map(({ fromMs, toMs }) => Math.round((toMs - fromMs) / 100) / 10),
    p50: pair(0.5),
    p99: pair(0.99),
    reason,
    why: countsOf(answers.flatMap(({ why }) => (why === '' ? [] : [why]))),
  };
}

/** Not a number if there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return Math.round((sorted[index] ?? Number.NaN) * 10) / 10;
}

function countsOf(words: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} times: ${word}`);
}

export function ratioOf({ calmMs, changeMs }: Pair): number {
  return Math.round((changeMs / calmMs) * 100) / 100;
}

export function linesOf({ kind, client, ending }: UpgradeCase, figures: CaseFigures): string[] {
  const { requests, failed, seconds, p50, p99, reason, why } = figures;
  const [image, environment, config, bad] = seconds;
  const latency = (name: string, pair: Pair) =>
    `${name} ${pair.calmMs} ms calm, ${pair.changeMs} ms during change (${ratioOf(pair)} times)`;
  return [
    `${kind}: ${requests} requests, ${failed} failed; image ${image} s, environment ${environment} s, config ${config} s, bad release until it was taken back ${bad} s`,
    `  ${latency('p50', p50)}; ${latency('p99', p99)}`,
    `  asked through ${client}; told to end, the app does so ${ending}`,
    `  taken back: ${reason}`,
    ...why.map((line) => `  FAILED ${line}`),
  ];
}
