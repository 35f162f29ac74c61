/**
 * What it saves at a plain engine to start a container that is there again rather than to make a new one, and how long whoever calls an app by its
 * address goes without an answer while the driver rebuilds it in place, beside how long if its container is removed and made anew. All in turn, in one run.
 * `node bench/reuse.ts [ROUNDS]`
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkloadLeaf } from '../protocol/cluster-leaf.ts';
import { workloadOf } from '../test/edge-agent/clusters/driver-contract.ts';
import { raiseDockerStand } from '../test/live/docker-stand.ts';
import { median, printResult } from './figures.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const RANGE = '10.78.0.0/29';
const ADDRESS = '10.78.0.2';
const EVERY_MS = 10;
const PASS_MS = 100;
const DONE_MS_MAX = 60_000;

const open = await raiseDockerStand('dkbr', [{}], { rangesOf: () => [RANGE] });
const { driver } = open.stand;
const { docker, host } = open.ground.first;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Both end with a container that runs; each is undone before the next. */
async function measureStart(): Promise<{ readonly anewMs: number; readonly againMs: number }> {
  const anewMs = await timed(async () => {
    await docker('create', '--name', 'bench', 'local/tool:1', 'serve');
    await docker('start', 'bench');
  });
  await docker('kill', 'bench');
  const againMs = await timed(() => docker('start', 'bench'));
  await docker('rm', '-f', 'bench');
  return { anewMs, againMs };
}

function appOf(release: number): WorkloadLeaf {
  const change = { replicas: 1, pool: 'bench', onChange: 'rebuildInPlace' as const };
  return {
    ...workloadOf('held', 'local/tool:1', { ...change, environment: { RELEASE: `${release}` } }),
    release,
  };
}

async function bring(workload: WorkloadLeaf): Promise<void> {
  const until = performance.now() + DONE_MS_MAX;
  for (;;) {
    const done = await driver.apply(workload);
    const { statements } = await driver.status(workload);
    if (done.length === 0 && statements.every(({ status }) => status === 'True')) return;
    if (performance.now() > until) throw new Error('it did not come to that in time');
    await pause(PASS_MS);
  }
}

interface Look {
  readonly atMs: number;
  /** Of the program that answered; 0 if none did. */
  readonly started: number;
}

/** The longest time from an answer to the next one, while the work is done. */
async function gapMs(work: () => Promise<void>): Promise<number> {
  let text = '';
  const script = new URL('../test/live/address-poll.ts', import.meta.url).pathname;
  const running = host.spawn([process.execPath, script, `${EVERY_MS}`, ADDRESS], {
    onOutput: (piece) => {
      text += piece;
    },
  });
  await pause(500);
  await work();
  await pause(500);
  await running.stop();
  const looks = [...text.matchAll(/"atMs":(\d+),"started":\[(\d+)\]/g)].map(
    ([, atMs, started]): Look => ({ atMs: Number(atMs), started: Number(started) }),
  );
  const answered = looks.filter(({ started }) => started > 0).map(({ atMs }) => atMs);
  return Math.max(...answered.slice(1).map((atMs, index) => atMs - (answered[index] ?? atMs)));
}

/** As somebody would by hand, who knows the container's address. */
async function removeAndCreate(workload: WorkloadLeaf): Promise<void> {
  await docker('rm', '-f', 'acme_held.1');
  await bring(workload);
}

try {
  const starts: Awaited<ReturnType<typeof measureStart>>[] = [];
  const inPlace: number[] = [];
  const anew: number[] = [];
  await bring(appOf(1));
  for (let round = 1; round <= ROUNDS; round += 1) {
    starts.push(await measureStart());
    inPlace.push(await gapMs(() => bring(appOf(round + 1))));
    anew.push(await gapMs(() => removeAndCreate(appOf(round + 1))));
    console.log(
      `round ${round}: create and start ${Math.round(starts.at(-1)?.anewMs ?? 0)} ms, start again ${Math.round(starts.at(-1)?.againMs ?? 0)} ms; away ${inPlace.at(-1)} ms in place, ${anew.at(-1)} ms removed and made anew`,
    );
  }
  const ratioOf = (a: number, b: number) => Math.round((a / b) * 100) / 100;
  const anewMs = median(starts.map((one) => one.anewMs));
  const againMs = median(starts.map((one) => one.againMs));
  const figures = {
    rounds: ROUNDS,
    createAndStartMs: Math.round(anewMs),
    startAgainMs: Math.round(againMs),
    startRatio: ratioOf(anewMs, againMs),
    inPlaceMs: median(inPlace),
    removedMs: median(anew),
    rebuildRatio: ratioOf(median(anew), median(inPlace)),
  };
  printResult({
    bench: 'reuse',
    figures,
    goal: { startRatio: 1, rebuildRatio: 1 },
    met: figures.startRatio > 1 && figures.rebuildRatio > 1,
  });
} finally {
  await open.close();
}
