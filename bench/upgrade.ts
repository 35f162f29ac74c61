/**
 * What clients of an app notice while it is upgraded: at a steady load image, environment and config change, and a bad release is tried and taken back, with
 * every kind of cluster. `node bench/upgrade.ts [--only KIND] [--requests N] [--rate PER_SECOND]`
 */
import { parseArgs } from 'node:util';
import { printResult } from './figures.ts';
import { UPGRADE_CASES } from './upgrade-cases.ts';
import { runCase } from './upgrade-run.ts';
import { type CaseFigures, figuresOf, linesOf, ratioOf } from './upgrade-table.ts';

const REQUESTS = 10_000;
const RATE = 100;

const { values } = parseArgs({
  options: { only: { type: 'string' }, requests: { type: 'string' }, rate: { type: 'string' } },
});
const requests = Number(values.requests ?? REQUESTS);
const cases = UPGRADE_CASES.filter(({ kind }) => values.only === undefined || kind === values.only);
if (cases.length === 0)
  throw new Error(`--only takes one of ${UPGRADE_CASES.map(({ kind }) => kind).join(', ')}`);

const found = new Map<string, CaseFigures>();
for (const one of cases) {
  const result = await runCase(one, { requests, ratePerSecond: Number(values.rate ?? RATE) });
  const figures = figuresOf(result);
  found.set(one.kind, figures);
  for (const line of linesOf(one, figures)) console.log(line);
}
const isGood = ({ requests: asked, failed, reason }: CaseFigures) =>
  failed === 0 && asked >= requests && reason !== '';
const met = [...found.values()].every(isGood);
printResult({
  bench: 'upgrade',
  figures: Object.fromEntries(
    [...found].flatMap(([kind, figures]) => [
      [`${kind}Requests`, figures.requests],
      [`${kind}Failed`, figures.failed],
      [`${kind}ChangeSeconds`, figures.seconds.join(' ')],
      [`${kind}P50Ratio`, ratioOf(figures.p50)],
      [`${kind}P99Ratio`, ratioOf(figures.p99)],
    ]),
  ),
  goal: { requests, failed: 0 },
  met,
});
if (!met) process.exitCode = 1;
