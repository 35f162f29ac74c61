/** The care for a real etcd: what is seen of it, snapshots into a directory and an S3-compatible store, and recoveries that are rehearsed. */
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../edge-agent/apply/command.ts';
import { EtcdCare } from '../../edge-agent/etcd/care.ts';
import { type EtcdAccess, EtcdClient } from '../../edge-agent/etcd/client.ts';
import { BackupSpec } from '../../protocol/backup.ts';
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import { type ApiServer, startApiServer } from '../fixtures/kube/api-server.ts';
import { kubeProgram } from '../fixtures/kube/program.ts';
import { startMoto } from '../fixtures/moto/start.ts';

let api: ApiServer;
let directory: string;
let events: SiteEvent[];
let aheadMs: number;

beforeAll(async () => {
  api = await startApiServer();
  await api.kubectl(['create', 'configmap', 'kept', '--from-literal=a=1']);
});

afterAll(() => api?.close());

beforeEach(async ({ onTestFinished }) => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-etcd-'));
  events = [];
  aheadMs = 0;
  onTestFinished(() => rm(directory, { recursive: true }));
});

async function member(): Promise<EtcdAccess> {
  const [authority = '', certificate = '', key = ''] = await Promise.all(
    [api.etcd.authority, api.etcd.certificate, api.etcd.key].map((path) => readFile(path, 'utf8')),
  );
  return { endpoint: api.etcd.endpoint, authority, certificate, key };
}

async function care(programs?: string): Promise<EtcdCare> {
  return new EtcdCare({
    cluster: 'prod',
    members: [await member()],
    programs: programs ?? (await kubeProgram()),
    directory: join(directory, 'scratch'),
    run,
    now: () => performance.now() + aheadMs,
    wallNow: () => Date.now() + aheadMs,
    onEvent: (event) => events.push(event),
    log: () => undefined,
  });
}

const kept = () => join(directory, 'kept');
const spec = (change: object = {}) =>
  BackupSpec.parse({ everyMinutes: 10, keep: 2, store: { kind: 'directory', path: kept() }, ...change });

describe('a look', () => {
  test('shows the member, its size and its speed', async () => {
    const one = await care();
    await one.pass();
    const [member] = one.status().members;
    expect(member).toMatchObject({ healthy: true, isLeader: true, version: '3.6.4', alarms: [] });
    expect(member?.databaseBytes).toBeGreaterThan(10_000);
    expect(member?.commitP99Ms).toBeGreaterThan(0);
    expect(one.status().advice).toEqual(['No snapshots are taken: set backup in the spec of the cluster.']);
  });
});

describe('snapshots', () => {
  test('are taken when they are due, and as many kept as wanted', async () => {
    const one = await care();
    one.setSpec(spec());
    for (let round = 0; round < 4; round += 1) {
      await one.pass();
      await one.pass();
      aheadMs += 10 * 60_000;
    }
    const { backups } = one.status();
    expect(backups).toHaveLength(2);
    expect((await readdir(kept())).sort()).toEqual(
      backups.flatMap(({ name }) => [name, `${name}.json`]).sort(),
    );
    expect(events).toEqual([]);
  });

  test('go to an S3-compatible store and come back from it', async () => {
    const moto = await startMoto();
    try {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' });
      const client = new S3Client({ endpoint: moto.url, region: 'us-east-1', forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: 'backups' }));
      const one = await care();
      one.setSpec(
        spec({
          store: { kind: 's3', endpoint: moto.url, bucket: 'backups', prefix: 'etcd/' },
          drillEveryMinutes: 60,
        }),
      );
      await one.pass();
      expect(one.status().drills).toMatchObject([{ outcome: 'passed' }]);
      expect(one.status().backups).toHaveLength(1);
    } finally {
      await moto.close();
    }
  });

  test('that can not be written are an event, and nothing half done counts', async () => {
    const one = await care();
    await writeFile(kept(), 'a file where the directory should be');
    one.setSpec(spec());
    await one.pass();
    expect(events.map(({ action }) => action)).toEqual(['backup.failed']);
    expect([one.status().backups, await readdir(join(directory, 'scratch'))]).toEqual([[], []]);
  });
});

describe('a drill', () => {
  const drilled = async (spoil: (file: string) => Promise<void>, programs?: string) => {
    const one = await care(programs);
    one.setSpec(spec());
    await one.pass();
    const [backup] = one.status().backups;
    await spoil(join(kept(), backup?.name ?? ''));
    one.setSpec(spec({ drillEveryMinutes: 60 }));
    await one.pass();
    return one.status();
  };

  test('restores the newest snapshot, reads objects back, and measures how long it took and how old it was', async () => {
    const { drills } = await drilled(async () => undefined);
    const [drill] = drills;
    expect(drill).toMatchObject({
      outcome: 'passed',
      detail: expect.stringContaining('the hash of all keys is the same'),
    });
    expect(drill?.keys).toBeGreaterThan(50);
    expect(drill?.objectsRead).toBeGreaterThan(50);
    console.log(`recovery took ${drill?.recoveryMs} ms from a snapshot ${drill?.snapshotAgeMs} ms old`);
    expect(events.map(({ action }) => action)).toEqual(['drill.passed']);
    expect(await readdir(join(directory, 'scratch'))).toEqual([]);
    const running = await run('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "']);
    expect(running.kind === 'exited' && running.stdout.includes(`${directory}/scratch`)).toBe(false);
  });

  test.each<[string, (file: string) => Promise<void>, string]>([
    ['was cut off', (file) => truncate(file, 5_000), 'is not what was written'],
    [
      'was altered',
      async (file) =>
        writeFile(
          file,
          Buffer.from((await readFile(file)).map((byte, at) => (at === 9_000 ? byte ^ 1 : byte))),
        ),
      'is not what was written',
    ],
    ['is gone', (file) => rm(file), 'no such file'],
  ])('of a snapshot that %s fails and says so', async (_, spoil, words) => {
    const { drills, advice } = await drilled(spoil);
    expect(drills[0]).toMatchObject({ outcome: 'failed', detail: expect.stringContaining(words) });
    expect(events.map(({ action }) => action)).toEqual(['drill.failed']);
    expect(advice.some((sentence) => sentence.startsWith('The last drill failed'))).toBe(true);
  });

  test('without the programs says which one to install', async () => {
    const { drills } = await drilled(async () => undefined, '/nowhere');
    expect(drills[0]?.detail).toMatch(/^etcd is missing at the edge: install it/);
  });

  test('that people ask for is held once, whatever the schedule says, and tells its steps', async () => {
    const one = await care();
    one.setSpec(spec());
    await one.pass();
    const wish = { asked: new Date().toISOString() };
    expect([one.setWish(wish), one.setWish(wish)]).toEqual([true, false]);
    await one.pass();
    await one.pass();
    const { drills } = one.status();
    expect(drills).toMatchObject([{ outcome: 'passed', asked: wish.asked }]);
    expect(drills[0]?.steps?.map(({ name }) => name)).toEqual([
      ...['fetch', 'restore', 'etcd', 'api_server', 'read_back'],
    ]);
    const inSteps = (drills[0]?.steps ?? []).slice(1).reduce((sum, { tookMs }) => sum + tookMs, 0);
    expect(inSteps).toBeGreaterThan(500);
    expect(inSteps).toBeLessThanOrEqual((drills[0]?.recoveryMs ?? 0) + 100);
  });

  test('that was asked for long ago, or can not be held, does not stay open', async () => {
    const one = await care();
    await writeFile(kept(), 'a file where the directory should be');
    one.setSpec(spec());
    one.setWish({ asked: new Date(Date.now() - 3_600_000).toISOString() });
    await one.pass();
    expect(one.status().drills).toEqual([]);
    const wish = { asked: new Date().toISOString() };
    one.setWish(wish);
    await one.pass();
    expect(one.status().drills).toMatchObject([
      {
        outcome: 'failed',
        asked: wish.asked,
        detail: expect.stringMatching(/^No drill was held: ./),
      },
    ]);
  });

  test('does not touch the live cluster: its etcd is at the same revision afterwards', async () => {
    const one = await care();
    one.setSpec(spec());
    await one.pass();
    await api.stopApiServer();
    const client = new EtcdClient(await member());
    const before = (await client.status()).header.revision;
    one.setSpec(spec({ drillEveryMinutes: 60 }));
    await one.pass();
    expect(one.status().drills[0]?.outcome).toBe('passed');
    expect((await client.status()).header.revision).toBe(before);
    await api.startApiServer();
  });
});
