/** What every driver with tracks passes, against the real thing: a release beside the one that runs, asked or not, and taken away without a trace. */
import { expect, test } from 'vitest';
import type { AppTemplate } from '../../../protocol/app.ts';
import type { WorkloadLeaf } from '../../../protocol/cluster-leaf.ts';
import type { Track } from '../../../protocol/track.ts';
import { type DriverStand, untilReady, workloadOf } from './driver-contract.ts';

export interface TrackStand extends DriverStand {
  /** Asks so many times in the tenant's network, one new connection each, and answers with what was said; one that fails is a fault. */
  ask(url: string, times: number): Promise<readonly string[]>;
}

type Open = () => TrackStand;
type Stage = NonNullable<WorkloadLeaf['stage']>;

const TIMES = 24;
const SETTLE_MS_MAX = 30_000;
const NAMESPACE = 'acme';

/** Says in its answers which release it is. */
function leafOf(
  [app, release]: readonly [app: string, release: number],
  image: string,
  change: Partial<AppTemplate> = {},
): WorkloadLeaf {
  return { ...workloadOf(app, image, { ...change, environment: { RELEASE: `r${release}` } }), release };
}

function stageOf(name: string, ...serving: Track[]): Stage {
  return { name, serving };
}

export function trackContract(open: Open): void {
  shares(open);
  changesOver(open);
  chooses(open);
}

function shares(open: Open): void {
  test('holds a share of another release beside what runs, asked with it, and takes it away alone', async () => {
    const { driver, images } = open();
    const before = leafOf(['shared', 1], images.first);
    await reach(open(), [before]);
    const names = await namesOf(open(), before);
    const stage = stageOf('2.canary.1', 'stable', 'next');
    const stable = { ...before, stage };
    const next = beside(leafOf(['shared', 2], images.second, { replicas: 1 }), stage);
    await reach(open(), [stable, next]);
    expect(await saidBy(open(), 'shared')).toEqual(['r1', 'r2']);
    expect(await namesOf(open(), stable)).toEqual(names);
    expect(await driver.status(stable)).toMatchObject({ wanted: 2, ready: 2, updated: 2, release: 1 });
    expect(await driver.status(next)).toMatchObject({ wanted: 1, ready: 1, updated: 1, release: 2 });
    const known = (await driver.list()).filter(({ app }) => app.startsWith('shared')).map(({ app }) => app);
    expect(known.sort()).toEqual(['shared', 'shared.next']);
    expect((await driver.remove({ app: 'shared.next', namespace: NAMESPACE })).length).toBeGreaterThan(0);
    await reach(open(), [before]);
    await settled(open(), 'shared', ['r1']);
    expect(await namesOf(open(), before)).toEqual(names);
    expect((await driver.list()).map(({ app }) => app)).not.toContain('shared.next');
    await driver.remove(before);
  });
}

function changesOver(open: Open): void {
  test('changes over from one release to the other and back to one track, asking only who is to be asked', async () => {
    const { driver, images } = open();
    const old = leafOf(['turned', 1], images.first);
    const fresh = leafOf(['turned', 2], images.second);
    const said: [string, readonly string[]][] = [];
    const go = async (stable: WorkloadLeaf, stage: Stage, expected: readonly string[]) => {
      await reach(open(), [{ ...stable, stage }, beside(fresh, stage)]);
      said.push([stage.name, await settled(open(), 'turned', expected)]);
    };
    await reach(open(), [old]);
    await go(old, stageOf('preparing', 'stable'), ['r1']);
    await go(old, stageOf('switching', 'stable', 'next'), ['r1', 'r2']);
    await go(old, stageOf('holding', 'next'), ['r2']);
    // What stable becomes says something else here, so that it can be told from the other track.
    const replaced = leafOf(['turned', 3], images.second);
    await go(replaced, stageOf('replacing', 'next'), ['r2']);
    await go(replaced, stageOf('rejoining', 'stable', 'next'), ['r2', 'r3']);
    await driver.remove({ app: 'turned.next', namespace: NAMESPACE });
    await reach(open(), [replaced]);
    said.push(['over', await settled(open(), 'turned', ['r3'])]);
    expect(said).toEqual([
      ['preparing', ['r1']],
      ['switching', ['r1', 'r2']],
      ['holding', ['r2']],
      ['replacing', ['r2']],
      ['rejoining', ['r2', 'r3']],
      ['over', ['r3']],
    ]);
    await driver.remove(replaced);
  });
}

function chooses(open: Open): void {
  test('asks nobody who is not ready, and says what is wrong with him', async () => {
    const { driver, images } = open();
    const old = leafOf(['choosy', 1], images.first);
    await reach(open(), [old]);
    const stage = stageOf('2.canary.1', 'stable', 'next');
    const bad = beside(
      leafOf(['choosy', 2], images.second, { replicas: 1, command: ['serve', ':9090'] }),
      stage,
    );
    const stable = { ...old, stage };
    await until(async () => {
      await driver.apply(stable);
      await driver.apply(bad);
      return (await driver.status(bad)).containers.some(({ reason }) => reason === 'probe_failing');
    });
    expect(await saidBy(open(), 'choosy')).toEqual(['r1']);
    expect(await driver.status(stable)).toMatchObject({ ready: 2, updated: 2 });
    await driver.remove({ app: 'choosy.next', namespace: NAMESPACE });
    await driver.remove(old);
  });
}

function beside(workload: WorkloadLeaf, stage: Stage): WorkloadLeaf {
  return { ...workload, track: 'next', stage };
}

/** As the worker does it: stable first, again and again, until both are up and there is nothing left to do. */
async function reach({ driver, pass }: TrackStand, workloads: readonly WorkloadLeaf[]): Promise<void> {
  for (const workload of workloads) await driver.apply(workload);
  for (const workload of workloads) await untilReady(driver, workload, pass);
  for (const workload of workloads) expect(await driver.apply(workload)).toEqual([]);
}

async function namesOf({ driver }: TrackStand, workload: WorkloadLeaf): Promise<string[]> {
  return (await driver.status(workload)).containers.map(({ name }) => name).sort();
}

async function saidBy({ ask }: TrackStand, app: string): Promise<string[]> {
  const said = await ask(`http://${app}:8080/?variable=RELEASE`, TIMES);
  return [...new Set(said)].sort();
}

/** Who asks may remember a name or a way for a moment. */
async function settled(stand: TrackStand, app: string, expected: readonly string[]): Promise<string[]> {
  let said: string[] = [];
  await until(async () => {
    said = await saidBy(stand, app);
    return JSON.stringify(said) === JSON.stringify(expected);
  }).catch(() => undefined);
  return said;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SETTLE_MS_MAX;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('it did not come to that in time');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
