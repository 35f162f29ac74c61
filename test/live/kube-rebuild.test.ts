/** Rebuilding in place against real kubelets: what changes, what stays, at what pace, and what becomes of a driver that is killed half-way. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKubernetesDriver } from '../../edge-agent/clusters/kubernetes.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { eventually } from './eventually.ts';
import {
  askPod,
  bring,
  heldApp,
  type Looks,
  placesOf,
  pollAddresses,
  type RebuildStand,
  raiseRebuildStand,
} from './rebuild-stand.ts';

let stand: RebuildStand;

beforeAll(async () => {
  stand = await raiseRebuildStand('rbd');
});

afterAll(async () => {
  await stand?.close();
});

const ONE = { replicas: 1 };
const kube = (...words: readonly string[]) => stand.cluster.kube(['-n', 'acme', ...words]);

describe('an app that is rebuilt in place', () => {
  test('keeps pod, node, address and volume through new variables, files and images, each of which its container then has', async () => {
    const volumes = [{ name: 'data', path: '/data', sizeMib: 1 }];
    const change = { ...ONE, volumes };
    await stand.cluster.kube(['apply', '-f', '-'], JSON.stringify(VOLUME));
    await bring(stand, heldApp('kept', { release: 1, change }));
    const before = await placesOf(stand, 'kept');
    await kube('exec', 'kept-0', '--', 'sh', '-c', 'echo data > /data/x');
    const releases: [Parameters<typeof heldApp>[1], object, string][] = [
      [{ release: 2, environment: { GREETING: 'hi' } }, { content: 'one', variable: 'hi' }, '1'],
      [
        { release: 3, environment: { GREETING: 'hi' }, content: 'two' },
        { content: 'two', variable: 'hi' },
        '1',
      ],
      [{ release: 4, image: 'local/tool:2' }, { content: 'one', variable: 'hello' }, '2'],
      [{ release: 5, content: 'three' }, { content: 'three', variable: 'hello' }, '1'],
    ];
    for (const [held, expected, image] of releases) {
      const workload = heldApp('kept', { ...held, change });
      expect((await bring(stand, workload)).filter((line) => line.includes('replace'))).toEqual([]);
      expect(await askPod(stand, 'kept-0')).toMatchObject(expected);
      expect((await askPod(stand, 'kept-0', 'RELEASE')).variable).toBe(image);
      expect(await placesOf(stand, 'kept')).toEqual(before);
      const { containers } = await stand.driver.status(workload);
      expect(containers.map(({ release }) => release)).toEqual([held.release]);
    }
    expect(await kube('exec', 'kept-0', '--', 'cat', '/data/x')).toBe('data\n');
  });

  test('gives a running pod a variable that it was not made with, and one less by another pod', async () => {
    const at = (release: number, environment: Record<string, string>) =>
      heldApp('named', { release, environment, change: ONE });
    await bring(stand, at(1, { GREETING: 'a' }));
    const before = await placesOf(stand, 'named');
    await bring(stand, at(2, { GREETING: 'a', MORE: 'm' }));
    expect((await askPod(stand, 'named-0', 'MORE')).variable).toBe('m');
    await bring(stand, at(3, { GREETING: 'a', MORE: 'n' }));
    expect((await askPod(stand, 'named-0', 'MORE')).variable).toBe('n');
    await bring(stand, at(4, { GREETING: 'a' }));
    expect((await askPod(stand, 'named-0', 'MORE')).variable).toBe('');
    expect(await placesOf(stand, 'named')).toEqual(before);
    const done = await bring(stand, at(5, {}));
    expect(done.join()).toContain('a variable that it was made with');
    expect(await placesOf(stand, 'named')).not.toEqual(before);
  });

  test('has at most one container of three away, whatever changes, and every container is another one then', async () => {
    const change = { replicas: 3 };
    await bring(stand, heldApp('paced', { release: 1, change }));
    const addresses = (await placesOf(stand, 'paced')).map((place) => place.split(' ')[3] ?? '');
    const poll = pollAddresses(stand, addresses);
    const first = await eventually(async () => startsIn(poll.looks()));
    await bring(stand, heldApp('paced', { release: 2, change, environment: { GREETING: 'b' } }));
    await bring(stand, heldApp('paced', { release: 3, change, image: 'local/tool:2' }));
    await eventually(async () =>
      expect(startsIn(poll.looks()).filter((one, index) => one > (first[index] ?? 0))).toHaveLength(3),
    );
    const away = (await poll.stop()).map(({ started }) => started.filter((one) => one === 0).length);
    expect(Math.max(...away)).toBe(1);
  });

  test('makes a pod that is deleted of the newest release, and puts back what somebody changed of one that runs', async () => {
    const workload = heldApp('drifted', { release: 2, content: 'new', change: ONE });
    await bring(stand, heldApp('drifted', { release: 1, change: ONE }));
    await bring(stand, workload);
    expect(await stand.driver.apply(workload)).toEqual([]);
    await kube('delete', 'pod', 'drifted-0');
    expect(await bring(stand, workload)).toEqual([]);
    expect(await askPod(stand, 'drifted-0')).toMatchObject({ content: 'new' });
    const before = await placesOf(stand, 'drifted');
    await kube('set', 'image', 'pod/drifted-0', 'app=local/tool:2');
    await bring(stand, workload);
    await eventually(async () => expect((await askPod(stand, 'drifted-0', 'RELEASE')).variable).toBe('1'));
    expect([await stand.driver.apply(workload), await placesOf(stand, 'drifted')]).toEqual([[], before]);
  });

  test('is replaced pod by pod, and told so, where a running pod keeps what changed', async () => {
    const at = (release: number, stopSeconds: number) =>
      heldApp('shaped', { release, change: { ...ONE, stopSeconds } });
    await bring(stand, at(1, 1));
    const before = await placesOf(stand, 'shaped');
    const done = await bring(stand, at(2, 2));
    expect(done.join('\n')).toContain('replace shaped-0: ports, probes, volumes');
    expect(await placesOf(stand, 'shaped')).not.toEqual(before);
  });

  test('comes to the same in place after its driver was killed before any of its writes to the pod', async () => {
    const at = (release: number) =>
      heldApp('crashed', {
        release,
        content: `c${release}`,
        environment: { GREETING: `g${release}` },
        change: ONE,
      });
    await bring(stand, at(1));
    const before = await placesOf(stand, 'crashed');
    // Files, variables, memory, confirmation.
    for (let limit = 0; limit < 5; limit += 1) {
      const release = limit + 2;
      const workload = at(release);
      const dying = createKubernetesDriver(dyingAfter(limit), Date.now);
      await bring({ driver: dying }, workload).catch(() => undefined);
      await bring(stand, workload);
      expect(await askPod(stand, 'crashed-0')).toMatchObject({
        content: `c${release}`,
        variable: `g${release}`,
      });
      const { containers } = await stand.driver.status(workload);
      expect(containers.map((one) => one.release)).toEqual([release]);
    }
    expect(await placesOf(stand, 'crashed')).toEqual(before);
  }, 240_000);
});

describe('a container that ended', () => {
  test('is brought up again in its place: same pod, node, sandbox and address, and what lies in its volumes', async () => {
    const workload = heldApp('reused', { release: 1, change: { ...ONE, files: [] } });
    await bring(stand, workload);
    // Somebody else's, and left alone: apps have no volume that ends with its pod.
    await kube('patch', 'statefulset/reused', '-p', JSON.stringify(SCRATCH));
    await kube('delete', 'pod', 'reused-0');
    await bring(stand, workload);
    const before = [await placesOf(stand, 'reused'), await sandboxOf('reused-0')];
    await kube('exec', 'reused-0', '--', 'sh', '-c', 'echo data > /scratch/x');
    const { started } = await askPod(stand, 'reused-0');
    await kube('exec', 'reused-0', '--', 'sh', '-c', 'kill 1').catch(() => undefined);
    await eventually(async () => expect((await askPod(stand, 'reused-0')).started).toBeGreaterThan(started));
    expect([await placesOf(stand, 'reused'), await sandboxOf('reused-0')]).toEqual(before);
    expect(await kube('exec', 'reused-0', '--', 'cat', '/scratch/x')).toBe('data\n');
  });
});

/** Its network is that of its sandbox. */
const sandboxOf = (pod: string) => kube('exec', pod, '--', 'readlink', '/proc/self/ns/net');

const SCRATCH = {
  spec: {
    template: {
      spec: {
        volumes: [{ name: 'scratch', emptyDir: {} }],
        containers: [{ name: 'app', volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] }],
      },
    },
  },
};

describe('files that are reloaded', () => {
  test.each([
    ['HTTP', { kind: 'http', port: 8080, path: '/reload', method: 'POST' } as const],
    ['signal', { kind: 'signal', signal: 'HUP' } as const],
  ])('reach a running container, which is told by %s and stays the same', async (_, onFileChange) => {
    const change = { ...ONE, onFileChange };
    const app = `told-${onFileChange.kind}`;
    const at = (release: number, content: string) => heldApp(app, { release, content, change });
    await bring(stand, at(1, 'one'));
    const { started } = await askPod(stand, `${app}-0`);
    const done = await bring(stand, at(2, 'two'));
    expect(done.join('\n')).toContain(`tell ${app}-0 to load its files again by ${onFileChange.kind}`);
    const { reloads } = await eventually(async () => {
      const answer = await askPod(stand, `${app}-0`);
      expect(answer).toMatchObject({ content: 'two', started });
      return answer;
    });
    // A signal is sent again where the API server lost the word of how it went.
    expect(reloads).toBeOneOf(onFileChange.kind === 'signal' ? [1, 2, 3] : [1]);
    expect(await stand.driver.apply(at(2, 'two'))).toEqual([]);
    expect((await askPod(stand, `${app}-0`)).reloads).toBe(reloads);
  });

  test('that an app does not load are no release, and the driver says why', async () => {
    const change = { ...ONE, onFileChange: { kind: 'http', port: 8081, path: '/', method: 'POST' } } as const;
    const at = (release: number, content: string) => heldApp('deaf', { release, content, change });
    await bring(stand, at(1, 'one'));
    await expect(bring(stand, at(2, 'two'))).rejects.toThrow('The app did not load its files again');
  });
});

/** Of the last look in which every program answered. */
function startsIn(looks: readonly Looks[]): readonly number[] {
  const answered = looks.map(({ started }) =>
    started.flatMap((one) => (one === null || one === 0 ? [] : [one])),
  );
  const last = answered.findLast((starts, index) => starts.length === looks[index]?.started.length);
  if (last === undefined) throw new Error('they have not all answered');
  return last;
}

const VOLUME = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'one' },
  spec: {
    capacity: { storage: '1Mi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: '/tmp/volume-one', type: 'DirectoryOrCreate' },
  },
};

/** A client whose process ends when it is to write to a pod once more than so many times. */
function dyingAfter(writes: number): KubeClient {
  const dying = new KubeClient({ credentials: stand.client.credentials, wallNow: Date.now });
  let made = 0;
  const stream = dying.stream.bind(dying);
  dying.stream = (call) => {
    made += call.method === 'PATCH' && call.path.includes('/pods/') ? 1 : 0;
    return made > writes ? Promise.reject(new Error('killed')) : stream(call);
  };
  return dying;
}
