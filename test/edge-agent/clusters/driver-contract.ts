/**
 * What every driver passes, against the real thing. A stand says how its orchestrator is looked at and meddled with; the rules are the same for all.
 */
import { expect, test } from 'vitest';
import { type Driver, DriverError } from '../../../edge-agent/clusters/driver.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import type { WorkloadLeaf } from '../../../protocol/cluster-leaf.ts';

export interface DriverStand {
  readonly driver: Driver;
  /** Where the cluster does not bring containers to what was applied by itself: what a worker does meanwhile. */
  readonly pass?: (workload: WorkloadLeaf) => Promise<unknown>;
  /** A driver of the same kind whose cluster does not answer. */
  readonly unreachable: Driver;
  /** Two images that run and answer, and one that nobody has. */
  readonly images: { readonly first: string; readonly second: string; readonly missing: string };
  /** Changes something of ours behind our back. */
  meddle(workload: WorkloadLeaf): Promise<void>;
  /** Adds something beside ours, which must stay; answers whether it is still there. */
  decorate(workload: WorkloadLeaf): Promise<() => Promise<boolean>>;
  /** Puts something of somebody else under the name; answers whether it is as it was. */
  occupy(workload: WorkloadLeaf): Promise<() => Promise<boolean>>;
  /** Everything of ours of this app that is left, by name. */
  leftovers(workload: WorkloadLeaf): Promise<readonly string[]>;
}

const READY_MS_MAX = 60_000;

export function workloadOf(app: string, image: string, change: Partial<AppTemplate> = {}): WorkloadLeaf {
  const template = AppTemplate.parse({
    image,
    pullPolicy: 'never',
    command: ['serve', ':8080'],
    ports: [{ name: 'http', port: 8080 }],
    health: { ready: { http: { path: '/', port: 8080 }, periodSeconds: 1 } },
    stopSeconds: 1,
    replicas: 2,
    ...change,
  });
  return { kind: 'workload', tenant: 'acme', cluster: 'prod', app, namespace: 'acme', release: 1, template };
}

type Open = () => DriverStand;

export function driverContract(open: Open): void {
  runs(open);
  keeps(open);
  explains(open);
  ends(open);
}

function refused(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'nothing was thrown',
    (cause: unknown) => (cause instanceof DriverError ? cause.code : cause),
  );
}

function runs(open: Open): void {
  test('makes an app, says how far it is, and does nothing more once it is there', async () => {
    const { driver, images, pass } = open();
    const workload = workloadOf('made', images.first);
    expect(await driver.status(workload)).toMatchObject({ wanted: 2, ready: 0, updated: 0, containers: [] });
    expect((await driver.apply(workload)).length).toBeGreaterThan(0);
    await untilReady(driver, workload, pass);
    expect(await driver.apply(workload)).toEqual([]);
    expect(await driver.list()).toContainEqual({ app: 'made', namespace: 'acme' });
    const { statements, containers } = await driver.status(workload);
    expect(statements.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'Available True',
      'UpToDate True',
    ]);
    expect(containers.map(({ state, reason, release }) => [state, reason, release])).toEqual([
      ['ready', 'none', 1],
      ['ready', 'none', 1],
    ]);
  });

  test('rolls a change out: every container is of the newest release then', async () => {
    const { driver, images, pass } = open();
    const before = workloadOf('rolled', images.first);
    await driver.apply(before);
    await untilReady(driver, before, pass);
    const after = { ...workloadOf('rolled', images.second), release: 2 };
    await driver.apply(after);
    await untilReady(driver, after, pass);
    const { containers } = await driver.status(after);
    expect(containers.filter(({ state }) => state === 'ready').map(({ release }) => release)).toEqual([2, 2]);
  });

  test('scales without a new container for those that run', async () => {
    const { driver, images, pass } = open();
    const two = workloadOf('scaled', images.first);
    await driver.apply(two);
    await untilReady(driver, two, pass);
    const names = new Set((await driver.status(two)).containers.map(({ name }) => name));
    const three = { ...workloadOf('scaled', images.first, { replicas: 3 }), release: 2 };
    await driver.apply(three);
    await untilReady(driver, three, pass);
    const after = (await driver.status(three)).containers.map(({ name }) => name);
    expect([after.length, after.filter((name) => names.has(name)).length]).toEqual([3, 2]);
  });
}

function keeps(open: Open): void {
  test('puts back what somebody changed of ours, and leaves alone what somebody added', async () => {
    const { driver, images, meddle, decorate, pass } = open();
    const workload = workloadOf('drifted', images.first);
    await driver.apply(workload);
    if (pass !== undefined) await untilReady(driver, workload, pass);
    const isThere = await decorate(workload);
    expect(await driver.apply(workload)).toEqual([]);
    await meddle(workload);
    expect((await driver.apply(workload)).length).toBeGreaterThan(0);
    expect([await driver.apply(workload), await isThere()]).toEqual([[], true]);
  });

  test('does not touch what is not ours', async () => {
    const { driver, images, occupy } = open();
    const workload = workloadOf('occupied', images.first);
    const isAsItWas = await occupy(workload);
    expect(await refused(driver.apply(workload))).toBe('driver.conflict');
    await driver.remove(workload);
    expect(await isAsItWas()).toBe(true);
  });
}

function explains(open: Open): void {
  test('says what is wrong with a container in a word that stays and a sentence that helps', async () => {
    const { driver, images } = open();
    const absent = workloadOf('absent', images.missing, { replicas: 1 });
    const crashing = workloadOf('crashing', images.first, {
      replicas: 1,
      command: ['sh', '-c', 'echo last words; exit 7'],
      health: {},
    });
    const huge = workloadOf('huge', images.first, { replicas: 1, resources: { cpuMillis: 900_000 } });
    for (const workload of [absent, crashing, huge]) await driver.apply(workload);
    await untilReason(driver, absent, 'image_pull');
    await untilReason(driver, huge, 'unschedulable');
    const container = await untilReason(driver, crashing, 'crash_loop');
    expect(container.lastLines).toEqual(['last words']);
    expect((await driver.status(absent)).statements[0]).toMatchObject({
      type: 'Available',
      status: 'False',
      reason: 'image_pull',
    });
  });

  test('names a workload that the cluster will not have', async () => {
    const { driver, images } = open();
    const wrong = workloadOf('wrong', images.first, { resources: { memoryMib: 64, memoryMibMax: 32 } });
    expect(await refused(driver.apply(wrong))).toBe('driver.refused');
  });
}

function ends(open: Open): void {
  test('takes an app away whole, and again without a word', async () => {
    const { driver, images, leftovers } = open();
    const workload = workloadOf('gone', images.first, {
      files: [{ path: '/etc/app.conf', content: 'x', mode: 0o644 }],
    });
    await driver.apply(workload);
    expect((await leftovers(workload)).length).toBeGreaterThan(0);
    expect((await driver.remove(workload)).length).toBeGreaterThan(0);
    await until(async () => (await leftovers(workload)).length === 0);
    expect(await driver.remove(workload)).toEqual([]);
    expect(await driver.list()).not.toContainEqual({ app: 'gone', namespace: 'acme' });
  });

  test('tells silence from a refusal', async () => {
    const { unreachable, images } = open();
    const workload = workloadOf('silent', images.first);
    const asked = [
      unreachable.apply(workload),
      unreachable.remove(workload),
      unreachable.list(),
      unreachable.status(workload),
    ];
    // Together: a driver may wait a while before it calls it silence.
    expect(await Promise.all(asked.map(refused))).toEqual(asked.map(() => 'driver.unreachable'));
  });
}

export async function untilReady(
  driver: Driver,
  workload: WorkloadLeaf,
  pass?: DriverStand['pass'],
): Promise<void> {
  await until(async () => {
    await pass?.(workload);
    const { statements, containers, wanted } = await driver.status(workload);
    // Old ones may still be going.
    return statements.every(({ status }) => status === 'True') && containers.length === wanted;
  });
}

async function untilReason(driver: Driver, workload: WorkloadLeaf, reason: string) {
  let found: Awaited<ReturnType<Driver['status']>>['containers'][number] | undefined;
  await until(async () => {
    found = (await driver.status(workload)).containers.find((container) => container.reason === reason);
    return found !== undefined;
  });
  if (found === undefined) throw new Error(`no container with the reason ${reason}`);
  return found;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('it did not come to that in time');
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
