/**
 * What the control plane costs: an hour of idle estates is run and counted, and multiplied with the table of prices.
 * `node bench/cost.ts [SITES...]`; `docs/cost.md` explains what is counted and what is assumed.
 */
import { runClusterHour } from './cost-clusters.ts';
import { makeEstate } from './cost-estate.ts';
import { FIXED, HUB_FIXED } from './cost-fixed.ts';
import { runHour } from './cost-hour.ts';
import { type Bill, type Counts, monthOf, perSite, sumOf, usdOf } from './cost-model.ts';
import { openPlane } from './cost-plane.ts';
import { printBase, printClusters, printCounts, printSites } from './cost-print.ts';
import { printResult } from './figures.ts';

const SIZES = [10, 100, 1_000];
/** Runs beforehand, so that what V8 does once is not counted. */
const WARM_UP_SITES = 10;
const CLUSTER_NODES = [10, 100, 1_000];
const USD_MAX = 0.01;
/** Flat: the most sites cost no more than this times the dearest of fewer. What is paid for by the begun kilobyte needs the room. */
const GROWTH_MAX = 1.25;

export interface Run {
  readonly sites: number;
  readonly counts: ReadonlyMap<string, Counts>;
  readonly bytes: number;
}

async function run(sites: number): Promise<Run> {
  const plane = await openPlane();
  try {
    const estate = await makeEstate(plane, sites);
    const counts = new Map(await runHour(plane, estate));
    return { sites, counts, bytes: await plane.table.bytes() };
  } finally {
    await plane.table.close();
  }
}

/** An idle hour of one cluster of each size. */
async function clustersOf(sizes: readonly number[]): Promise<Map<number, Counts>> {
  const counts = new Map<number, Counts>();
  for (const nodes of sizes) {
    const plane = await openPlane();
    try {
      counts.set(nodes, await runClusterHour(plane, await makeEstate(plane, 1), nodes));
    } finally {
      await plane.table.close();
    }
  }
  return counts;
}

/** A month of a run's hour, by what did it. */
function billsOf({ counts, bytes }: Run): Map<string, Bill> {
  const kept = { tableStorage: bytes / 1e9, tableRecovery: bytes / 1e9 };
  return new Map([...[...counts].map(([name, own]) => [name, monthOf(own)] as const), ['storage', kept]]);
}

/** What one site adds, by what does it. */
function addedBy(more: Run, none: Run): Map<string, Bill> {
  const without = billsOf(none);
  return new Map(
    [...billsOf(more)].map(([name, bill]) => [name, perSite(bill, without.get(name) ?? {}, more.sites)]),
  );
}

const asked = process.argv.slice(2).map(Number);
if (asked.some((sites) => !Number.isInteger(sites) || sites < 1)) {
  console.error('Usage: npm run bench:cost -- [SITES...], whole numbers from 1');
  process.exit(2);
}
const sizes = [...(asked.length > 0 ? asked : SIZES)].sort((a, b) => a - b);

await run(WARM_UP_SITES);
const none = await run(0);
printCounts(none);
const added: { readonly sites: number; readonly by: Map<string, Bill> }[] = [];
for (const sites of sizes) {
  const more = await run(sites);
  printCounts(more);
  added.push({ sites, by: addedBy(more, none) });
}
printSites(added);
const clusters = await clustersOf(CLUSTER_NODES);
printClusters(clusters);
const base = { 'requests of hubs and of the schedule': sumOf([...billsOf(none).values()]), fixed: FIXED };
printBase({ ...base, 'hubs themselves': HUB_FIXED });

const usd = added.map(({ by }) => usdOf(sumOf([...by.values()])));
const [largest = Number.NaN, ...smaller] = [...usd].reverse();
const met =
  usd.every((each) => each <= USD_MAX) && smaller.every(() => largest <= GROWTH_MAX * Math.max(...smaller));
const figures = Object.fromEntries(
  added.map(({ sites }, index) => [`usdPerSiteAt${sites}`, round(usd[index])]),
);
printResult({
  bench: 'cost',
  figures: {
    ...figures,
    ...Object.fromEntries(
      [...clusters].map(([nodes, counts]) => [`usdPerClusterOf${nodes}`, round(usdOf(monthOf(counts)))]),
    ),
    ratio: round(USD_MAX / Math.max(...usd)),
    baseUsd: round(usdOf(sumOf(Object.values(base)))),
    hubsUsd: round(usdOf(HUB_FIXED)),
  },
  goal: { usdPerSite: USD_MAX, growth: GROWTH_MAX },
  met,
});
if (!met) process.exitCode = 1;

function round(value = Number.NaN): number {
  return Number(value.toPrecision(3));
}
