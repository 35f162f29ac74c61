/** Rebuilding in place, decided: the step that each sight of a pod leads to, the pace, and that it comes to an end from any state. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeldWanted } from '../../../edge-agent/clusters/kubernetes-held.ts';
import { heldPodTemplate } from '../../../edge-agent/clusters/kubernetes-pod.ts';
import {
  type HeldPod,
  isAvailable,
  isSettled,
  planRebuild,
  type RebuildStep,
} from '../../../edge-agent/clusters/kubernetes-rebuild.ts';
import { heldPod } from '../../../edge-agent/clusters/kubernetes-rebuilder.ts';
import { PodObject } from '../../../edge-agent/clusters/kubernetes-status.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import type { WorkloadLeaf } from '../../../protocol/cluster-leaf.ts';

fc.configureGlobal({ seed: 52 });

const NOW = 1_000_000;
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const file = (content: string) => ({ files: [{ path: '/etc/app/a', content }] });

function templateOf(change: object = {}): AppTemplate {
  return AppTemplate.parse({
    image: 'web:1',
    onChange: 'rebuildInPlace',
    environment: { A: '1' },
    ...file('one'),
    ...change,
  });
}

function heldTemplate(change: object = {}) {
  const workload: WorkloadLeaf = {
    kind: 'workload',
    tenant: 'acme',
    cluster: 'prod',
    app: 'web',
    namespace: 'acme',
    release: 4,
    template: templateOf(change),
  };
  return heldPodTemplate(workload, hash);
}

const wantedOf = (change: object = {}): HeldWanted => heldTemplate(change).wanted;

/** As a pod is when it was made of the app and runs. */
function podOf(change: object = {}, seen: Partial<HeldPod> = {}, index = 0): HeldPod {
  const { pod } = heldTemplate(change);
  const object = PodObject.parse({
    ...pod,
    metadata: { ...Object(pod['metadata']), name: `web-${index}`, uid: `u${index}`, generation: 1 },
    status: {
      phase: 'Running',
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ containerID: `c${index}`, ready: true, state: { running: {} } }],
    },
  });
  return { ...heldPod(object), ...seen };
}

interface Case {
  readonly wanted?: object;
  readonly pods: readonly HeldPod[];
  readonly template?: object;
  readonly replicas?: number;
  readonly isTold?: boolean;
  readonly nowMs?: number;
}

function plan({
  wanted = {},
  pods,
  template = {},
  replicas,
  isTold = true,
  nowMs = NOW,
}: Case): RebuildStep[] {
  return planRebuild({
    wanted: wantedOf(wanted),
    pods,
    replicas: replicas ?? pods.length,
    template: templateOf({ ...wanted, ...template }),
    isTold,
    nowMs,
  });
}

const words = (steps: readonly RebuildStep[]) =>
  steps.map((step) => `${step.pod} ${step.kind === 'annotate' ? step.why : step.kind}`);

/** What the API server and the pod's node make of a step; a node that has not looked yet has done nothing. */
function after(pod: HeldPod, step: RebuildStep): HeldPod {
  const annotations = 'annotations' in step ? { ...pod.annotations, ...step.annotations } : pod.annotations;
  if (step.kind === 'switch_image')
    return { ...pod, annotations, image: step.image, containerId: `${pod.containerId}+` };
  if (step.kind === 'resize')
    return { ...pod, annotations, memoryBytes: step.memoryBytes, containerId: `${pod.containerId}+` };
  return { ...pod, annotations };
}

const NEW_VALUE = { environment: { A: '2' } };
const RELOAD = { onFileChange: { kind: 'http', port: 80, path: '/reload' } };

describe('a pod', () => {
  const prepared = (change: object, atMs: number) => {
    const { files, content } = wantedOf(change);
    const { annotations } = podOf();
    return podOf(
      {},
      { annotations: { ...annotations, ...files, 'isthmus.dev/prepared': `${content} ${atMs}` } },
    );
  };

  test.each<[string, Case, string[]]>([
    ['of the newest release is left alone', { pods: [podOf()] }, []],
    [
      'with another value is started again',
      { wanted: NEW_VALUE, pods: [podOf()] },
      ['web-0 restart', 'web-0 resize', 'web-0 done'],
    ],
    [
      'with another image is switched by one write',
      { wanted: { image: 'web:2' }, pods: [podOf()] },
      ['web-0 switch_image'],
    ],
    [
      'whose image was changed by hand gets it back',
      { pods: [podOf({}, { image: 'evil:1' })] },
      ['web-0 switch_image'],
    ],
    ['is given new files first', { wanted: file('two'), pods: [podOf()] }, ['web-0 files']],
    ['has a moment for them', { wanted: file('two'), pods: [prepared(file('two'), NOW - 1_999)] }, []],
    [
      'and is started again then',
      { wanted: file('two'), pods: [prepared(file('two'), NOW - 2_000)] },
      ['web-0 restart', 'web-0 resize', 'web-0 done'],
    ],
    [
      'is given them anew after a clock that was set back',
      { wanted: file('two'), pods: [prepared(file('two'), NOW + 1)] },
      ['web-0 files'],
    ],
    [
      'that was not made with a variable waits for the map that has it',
      { wanted: { environment: { A: '1', B: '2' } }, pods: [podOf()] },
      ['web-0 files'],
    ],
    [
      'that was made with a variable which is no longer wanted is replaced',
      { wanted: { environment: {} }, pods: [podOf()] },
      ['web-0 replace_pod'],
    ],
    [
      'is replaced for what it keeps',
      { wanted: { ports: [{ name: 'http', port: 81 }] }, pods: [podOf()] },
      ['web-0 replace_pod'],
    ],
    [
      'is not replaced before its controller would make a newer one',
      { wanted: { ports: [{ name: 'http', port: 81 }] }, pods: [podOf()], isTold: false },
      [],
    ],
    [
      'whose node has not looked yet is left alone',
      { wanted: NEW_VALUE, pods: [podOf({}, { isSeen: false })] },
      [],
    ],
    ['that goes is left alone', { wanted: NEW_VALUE, pods: [podOf({}, { isGoing: true })] }, []],
    [
      'is told of files alone where they are reloaded',
      {
        wanted: { ...file('two'), ...RELOAD },
        pods: [
          {
            ...prepared({ ...file('two'), ...RELOAD }, 0),
            shape: wantedOf({ ...file('two'), ...RELOAD }).shape,
          },
        ],
      },
      ['web-0 reload', 'web-0 done'],
    ],
    [
      'is started again for a value, although files would be reloaded',
      { wanted: { ...NEW_VALUE, ...RELOAD }, pods: [podOf(RELOAD)] },
      ['web-0 restart', 'web-0 resize', 'web-0 done'],
    ],
  ])('%s', (_, one, expected) => {
    expect(words(plan(one))).toEqual(expected);
  });

  test('is left alone with the image that the cluster itself writes for the wanted one, and with no other', () => {
    const annotations = { ...podOf().annotations, 'isthmus.dev/image': 'web:1 mirror/web:1' };
    const kinds = (image: string) => words(plan({ pods: [podOf({}, { image, annotations })] }));
    expect([kinds('mirror/web:1'), kinds('x')]).toEqual([[], ['web-0 switch_image']]);
  });

  test('is confirmed without another restart if its driver was killed behind the restart', () => {
    const [note, resize] = plan({ wanted: NEW_VALUE, pods: [podOf()] });
    if (note === undefined || resize === undefined) throw new Error('there is no restart');
    const noted = after(podOf(), note);
    expect(words(plan({ wanted: NEW_VALUE, pods: [noted] }))).toEqual(['web-0 resize', 'web-0 done']);
    const crashed = { ...noted, containerId: 'c1' };
    expect(words(plan({ wanted: NEW_VALUE, pods: [crashed] }))[0]).toBe('web-0 restart');
    expect(words(plan({ wanted: NEW_VALUE, pods: [after(noted, resize)] }))).toEqual(['web-0 done']);
  });

  test('is what it says only when another container runs and its node has seen what it should be', () => {
    const at = (containerId: string, isSeen = true) =>
      podOf({}, { containerId, isSeen, annotations: { 'isthmus.dev/replaces': `c0 ${NOW}` } });
    expect([at('c0'), at('c1'), at('c1', false)].map(isSettled)).toEqual([false, true, false]);
    expect([at('c0'), at('c1')].map(isAvailable)).toEqual([false, true]);
  });

  test('whose restart never came is started again, when its container has had its time to stop', () => {
    const { annotations } = podOf();
    const since = (ms: number) =>
      plan({
        pods: [podOf({}, { annotations: { ...annotations, 'isthmus.dev/replaces': `c0 ${NOW - ms}` } })],
      });
    expect([words(since(59_000)), words(since(61_000))]).toEqual([
      [],
      ['web-0 restart', 'web-0 resize', 'web-0 done'],
    ]);
  });
});

describe('the pace', () => {
  const pods = (states: readonly Partial<HeldPod>[]) => states.map((state, index) => podOf({}, state, index));
  test.each<[string, Case, string[]]>([
    ['is one at a time, from the last', { pods: pods([{}, {}, {}]) }, ['web-2']],
    [
      'is what the app allows',
      { pods: pods([{}, {}, {}]), template: { maxUnavailable: 2 } },
      ['web-2', 'web-1'],
    ],
    [
      'waits for one that is not ready and not behind',
      { pods: [...pods([{}, {}]), podOf(NEW_VALUE, { isReady: false }, 2)] },
      [],
    ],
    ['waits for one that is missing', { pods: pods([{}, {}]), replicas: 3 }, []],
    [
      'repairs what is broken before it touches what works',
      { pods: pods([{ isReady: false }, {}, {}]) },
      ['web-0'],
    ],
    [
      'repairs all that is broken at once',
      { pods: pods([{ isReady: false }, { isReady: false }, {}]) },
      ['web-1', 'web-0'],
    ],
  ])('%s', (_, one, expected) => {
    expect([...new Set(plan({ wanted: NEW_VALUE, ...one }).map(({ pod }) => pod))]).toEqual(expected);
  });
});

describe('whatever happens', () => {
  const change = fc.record({
    image: fc.constantFrom('web:1', 'web:2'),
    environment: fc.constantFrom<Record<string, string>[]>({ A: '1' }, { A: '2' }, { A: '1', B: '1' }),
    files: fc.constantFrom(file('one').files, file('two').files),
  });

  test('the newest release is reached in place, and no container is told as of a release with values or an image that it did not start with', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(change, fc.nat(5)), { minLength: 1, maxLength: 5 }), (releases) => {
        let pod = podOf();
        let startedWith = wantedOf();
        let nowMs = NOW;
        // Each release is cut off by the next one after some single steps; the last one is brought to its end.
        for (const [index, [wanted, cut]] of releases.entries()) {
          const limit = index === releases.length - 1 ? 20 : cut;
          for (let done = 0; done < limit; done += 1, nowMs += 1_500) {
            const [step] = plan({ wanted, pods: [pod], nowMs });
            if (step === undefined) continue;
            const next = after(pod, step);
            if (next.containerId !== pod.containerId) startedWith = wantedOf(wanted);
            pod = next;
            const isTold =
              pod.annotations['isthmus.dev/content'] === wantedOf(wanted).content && isSettled(pod);
            if (isTold)
              expect([pod.image, startedWith.values]).toEqual([wanted.image, wantedOf(wanted).values]);
          }
        }
        const [last] = releases.at(-1) ?? [{}];
        expect([plan({ wanted: last, pods: [pod], nowMs }), pod.annotations['isthmus.dev/content']]).toEqual([
          [],
          wantedOf(last).content,
        ]);
      }),
    );
  });
});
