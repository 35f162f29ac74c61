/** The figures of a cost run as a person reads them. It computes sums and nothing else. */
import type { Bill, Counts } from './cost-model.ts';
import { billedMs, entriesOf, HOURS_PER_MONTH, MEMORY_MB, monthOf, sumOf, usdOf } from './cost-model.ts';
import { PRICES, PRICES_DATE, type PriceName, priceOf } from './prices.ts';

interface Counted {
  readonly sites: number;
  readonly counts: ReadonlyMap<string, Counts>;
  readonly bytes: number;
}

/** One line a function: what it did in the hour. */
export function printCounts({ sites, counts, bytes }: Counted): void {
  console.log(`an idle hour of ${sites} sites (table: ${Math.round(bytes / 1e3)} kB):`);
  for (const [name, own] of counts) {
    const ms = (value: number) => (value / own.invocations).toFixed(1);
    console.log(
      `  ${name.padEnd(9)} ${own.invocations} invocations, ${own.readUnits} read units, ${own.writeUnits} write units, ` +
        `${own.calls} calls, ${own.signatures} signatures; each ${ms(own.cpuMs)} ms of processor here, ` +
        `${ms(billedMs(own, MEMORY_MB))} ms billed at ${MEMORY_MB} MB`,
    );
  }
}

/** One line a size: what one site adds a month, in micro-dollars by price, in USD in all. */
export function printSites(
  added: readonly { readonly sites: number; readonly by: ReadonlyMap<string, Bill> }[],
): void {
  console.log(`what a site adds a month, in millionths of a USD (prices of ${PRICES_DATE}):`);
  for (const { sites, by } of added) {
    const all = sumOf([...by.values()]);
    const byPrice = entriesOf(all).filter(([, amount]) => amount !== 0);
    console.log(`  ${sites} sites: USD ${usdOf(all).toFixed(5)} each`);
    console.log(
      `    ${byPrice.map(([name, amount]) => `${name} ${micro(priceOf(name, amount))}`).join(', ')}`,
    );
    console.log(`    ${[...by].map(([name, bill]) => `${name} ${micro(usdOf(bill))}`).join(', ')}`);
  }
}

/** One line a size: what one idle cluster of so many nodes adds a month to what its edge costs. */
export function printClusters(clusters: ReadonlyMap<number, Counts>): void {
  console.log('what an idle cluster adds a month, beside its edge:');
  for (const [nodes, counts] of clusters) {
    const bill = monthOf(counts);
    const monthly = (count: number) => Math.round(count * HOURS_PER_MONTH).toLocaleString('en');
    console.log(
      `  ${nodes} nodes: USD ${usdOf(bill).toFixed(3)}; ${monthly(counts.invocations)} invocations, ` +
        `${monthly(counts.writeUnits)} write units, ${monthly(counts.readUnits)} read units`,
    );
    const parts = entriesOf(bill).filter(([, amount]) => amount !== 0);
    console.log(`    ${parts.map(([name, amount]) => `${name} ${micro(priceOf(name, amount))}`).join(', ')}`);
  }
}

/** What is there without any site, USD a month. */
export function printBase(parts: Readonly<Record<string, Bill>>): void {
  console.log('what a deployment costs a month without any site:');
  for (const [what, bill] of Object.entries(parts)) {
    console.log(`  ${what}: USD ${usdOf(bill).toFixed(2)}`);
    for (const [name, amount] of entriesOf(bill))
      if (priceOf(name, amount) >= 0.01) console.log(`    ${lineOf(name, amount)}`);
  }
}

function lineOf(name: PriceName, amount: number): string {
  const count =
    amount >= 100 ? Math.round(amount).toLocaleString('en') : String(Number(amount.toPrecision(3)));
  return `${count} ${PRICES[name].unit}: ${priceOf(name, amount).toFixed(2)}`;
}

function micro(usd: number): string {
  return (usd * 1e6).toFixed(0);
}
