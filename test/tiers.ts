/**
 * Runs the tiers of the test suite in order, prints each with its time, and ends with one line that counts the tests.
 * `check` is what a change must pass in two minutes; `live` needs root and real components; `all` is both.
 * What a machine lacks is said by local/setup.sh, which runs first. A tier that fails does not stop the next ones, so that one run shows everything that is wrong.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Tier {
  readonly name: string;
  readonly command: readonly string[];
  /** Tests are counted from Vitest's JSON report; other tools count as one test each. */
  readonly isVitest: boolean;
  /** It mostly waits, and nothing in it is about how long something takes: some such run side by side. */
  readonly isPatient?: boolean;
}

interface Outcome {
  readonly name: string;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
}

const TIER_TIMEOUT_MS = 40 * 60_000;
/** With three they take as long, because they hinder each other. */
const LANES = 2;
/** Clusters of any orchestrator: minutes of waiting for containers, leases and agents. Each has names of its own on the machine. */
const PATIENT = /^(kube|docker|swarm|mesos|marathon|mixed|staged)/;
/** So that nothing waits for it alone in the end. */
const LONGEST = 'kube-watch';

const CHECK: readonly Tier[] = [
  { name: 'types', command: ['tsc', '-p', '.'], isVitest: false },
  { name: 'types, pure rooms', command: ['tsc', '-p', 'tsconfig.pure.json'], isVitest: false },
  { name: 'types, console', command: ['tsc', '-p', 'console'], isVitest: false },
  { name: 'lint', command: ['oxlint', '--type-aware', '--quiet'], isVitest: false },
  { name: 'format', command: ['biome', 'ci', '--colors=off', '.'], isVitest: false },
  { name: 'unit', command: ['vitest', 'run', '--project', 'unit'], isVitest: true },
];

function liveTiers(only: readonly string[]): Tier[] {
  return readdirSync('test/live')
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.replace('.test.ts', ''))
    .filter((name) => only.length === 0 || only.includes(name))
    .sort()
    .map((name) => ({
      name: `live: ${name}`,
      command: ['vitest', 'run', '--project', 'live', `test/live/${name}.test.ts`],
      isVitest: true,
      isPatient: PATIENT.test(name),
    }));
}

async function runTier(tier: Tier, scratch: string): Promise<Outcome> {
  if (tier.isPatient !== true) console.log(`\n== ${tier.name}`);
  const stem = join(scratch, tier.name.replaceAll(/\W+/g, '-'));
  const report = `${stem}.json`;
  const [program = '', ...args] = tier.command;
  const reporters = tier.isVitest ? ['--reporter=default', '--reporter=json', `--outputFile=${report}`] : [];
  const began = process.hrtime.bigint();
  const output = tier.isPatient === true ? openSync(`${stem}.log`, 'w') : undefined;
  const child = spawn(join('node_modules/.bin', program), [...args, ...reporters], {
    stdio: ['inherit', output ?? 'inherit', output ?? 'inherit'],
    timeout: TIER_TIMEOUT_MS,
  });
  const good = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  // Whole, when it is over: two that print at once are read by nobody.
  if (output !== undefined) console.log(`\n== ${tier.name}\n${readFileSync(`${stem}.log`, 'utf8')}`);
  if (output !== undefined) closeSync(output);
  const counted = tier.isVitest ? countTests(report) : { passed: Number(good), failed: Number(!good) };
  // A run that fails without a failed test (a syntax error, an unhandled rejection) is a failure all the same.
  const failed = good ? counted.failed : Math.max(1, counted.failed);
  console.log(`-- ${tier.name}: ${good ? 'ok' : 'FAILED'} in ${seconds.toFixed(1)} s`);
  return { name: tier.name, seconds, passed: counted.passed, failed };
}

/** One after another, then the patient ones side by side. */
async function runTiers(tiers: readonly Tier[], scratch: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const tier of tiers.filter(({ isPatient }) => isPatient !== true))
    outcomes.push(await runTier(tier, scratch));
  const patient = tiers.filter(({ isPatient }) => isPatient === true);
  const queue = [...patient].sort(
    (a, b) => Number(b.name.endsWith(LONGEST)) - Number(a.name.endsWith(LONGEST)),
  );
  const lane = async () => {
    for (let tier = queue.shift(); tier !== undefined; tier = queue.shift())
      outcomes.push(await runTier(tier, scratch));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return outcomes;
}

function countTests(report: string): { passed: number; failed: number } {
  try {
    const parsed: unknown = JSON.parse(readFileSync(report, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return { passed: 0, failed: 1 };
    const numberAt = (key: string) => Number(Object.entries(parsed).find(([name]) => name === key)?.[1] ?? 0);
    // A skipped test counts as failed: nothing is left out in silence.
    const skipped = numberAt('numPendingTests') + numberAt('numTodoTests');
    return { passed: numberAt('numPassedTests'), failed: numberAt('numFailedTests') + skipped };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

async function main(): Promise<number> {
  const [which = 'all', ...only] = process.argv.slice(2);
  const known = liveTiers([]).map(({ name }) => name.replace('live: ', ''));
  const unknown = [
    ...(['all', 'check', 'live'].includes(which) ? [] : [which]),
    ...only.filter((name) => !known.includes(name)),
  ];
  if (unknown.length > 0) {
    console.error(
      `There is no ${unknown.join(', ')}. Say check, all or live, and after live any of: ${known.join(', ')}.`,
    );
    return 2;
  }
  const tiers = [...(which === 'live' ? [] : CHECK), ...(which === 'check' ? [] : liveTiers(only))];
  const scratch = mkdtempSync(join(tmpdir(), 'isthmus-tiers-'));
  const began = process.hrtime.bigint();
  const outcomes = await runTiers(tiers, scratch);
  rmSync(scratch, { recursive: true });
  console.log('\nTiers:');
  for (const outcome of outcomes) {
    const verdict = outcome.failed === 0 ? 'ok' : 'FAILED';
    console.log(`  ${outcome.name.padEnd(24)} ${outcome.seconds.toFixed(1).padStart(7)} s  ${verdict}`);
  }
  const sum = (pick: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const wallSeconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(`  ${'together'.padEnd(24)} ${wallSeconds.toFixed(1).padStart(7)} s\n`);
  console.log(`${sum((outcome) => outcome.passed)} passed, ${sum((outcome) => outcome.failed)} failed`);
  return sum((outcome) => outcome.failed) === 0 ? 0 : 1;
}

process.exitCode = await main();
