/**
 * How long an app with too much to do waits for company: from the moment at which its one container begins to use twice the CPU that it asks for until a second one is ready,
 * by a real control plane, edge and plain engine. Beside it how long that engine takes to start such a container by itself, which no autoscaler can do without.
 * `node bench/scale.ts [ROUNDS]`
 */
import { setTimeout as pause } from 'node:timers/promises';
import { raiseScaleStand } from '../test/live/scale-stand.ts';
import { median, printResult } from './figures.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
/** What was promised. */
const UP_MS_MAX = 15_000;
const LOOK_MS = 100;
const DONE_MS_MAX = 180_000;

const stand = await raiseScaleStand('sclb');

async function until(count: number): Promise<number> {
  const began = performance.now();
  while ((await stand.ready()) !== count) {
    if (performance.now() - began > DONE_MS_MAX) throw new Error(`there are never ${count} that are ready`);
    await pause(LOOK_MS);
  }
  return performance.now() - began;
}

/** As the app's containers are made, with the same check, by the engine's own client. */
async function bareStart(): Promise<number> {
  const { docker } = stand.engine;
  const began = performance.now();
  const check = ['--health-cmd', 'wget -q -O /dev/null http://127.0.0.1:8080/', '--health-interval', '1s'];
  await docker('run', '-d', '--name', 'bare', ...check, 'local/tool:1', 'serve', ':8080');
  while ((await docker('inspect', '-f', '{{.State.Health.Status}}', 'bare')).trim() !== 'healthy')
    await pause(LOOK_MS);
  const tookMs = performance.now() - began;
  await docker('rm', '-f', 'bare');
  return tookMs;
}

try {
  await stand.begin({ min: 1, max: 2, cpuPercent: 70, holdSeconds: 10 });
  const bare: number[] = [];
  const up: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await until(1);
    bare.push(await bareStart());
    // Crossings fall anywhere between two samples.
    await pause(5_000 + round * 700);
    await stand.burn();
    up.push(await until(2));
    await stand.rest();
  }
  const most = Math.max(...up);
  console.log(`crossing to ready, ms: ${up.map(Math.round).join(' ')}`);
  console.log(`bare start, ms:        ${bare.map(Math.round).join(' ')}`);
  printResult({
    bench: 'scale',
    figures: {
      rounds: ROUNDS,
      upMsMedian: Math.round(median(up)),
      upMsMost: Math.round(most),
      bareStartMsMedian: Math.round(median(bare)),
      ratioToBareStart: Number((median(up) / median(bare)).toFixed(1)),
    },
    goal: { upMsMost: UP_MS_MAX },
    met: most <= UP_MS_MAX,
  });
  if (most > UP_MS_MAX) process.exitCode = 1;
} finally {
  await stand.close();
}
