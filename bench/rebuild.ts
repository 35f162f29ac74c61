/**
 * How long whoever calls an app goes without an answer while it is rebuilt in place, for a new variable and for a new image, beside how long if its pod
 * is deleted and made anew. One replica, asked every 10 ms from a node: at its Service, and at the pod's own address where that stays.
 * `node bench/rebuild.ts [ROUNDS]`
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkloadLeaf } from '../protocol/cluster-leaf.ts';
import {
  bring,
  heldApp,
  type Looks,
  placesOf,
  pollAddresses,
  raiseRebuildStand,
} from '../test/live/rebuild-stand.ts';
import { median, printResult } from './figures.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const EVERY_MS = 10;
const DONE_MS_MAX = 60_000;
const change = { replicas: 1 };
const WAYS = ['variable', 'image', 'delete'] as const;
type Way = (typeof WAYS)[number];

const stand = await raiseRebuildStand('brb');
const kube = (...words: readonly string[]) => stand.cluster.kube(['-n', 'acme', ...words]);

interface Gap {
  readonly serviceMs: number;
  /** Not a number if the address did not stay. */
  readonly podMs: number;
  readonly isSamePod: boolean;
}

/** One change of an app of its own, so that no back-off of an earlier one is in the way. */
async function measure(way: Way, round: number): Promise<Gap> {
  const app = `${way}-${round}`;
  await bring(stand, heldApp(app, { release: 1, change }));
  const [place = ''] = await placesOf(stand, app);
  const service = await kube('get', 'service', app, '-o', 'jsonpath={.spec.clusterIP}');
  const poll = pollAddresses(stand, [service, place.split(' ')[3] ?? ''], EVERY_MS);
  const before = await until(() => poll.looks().at(-1)?.started[0] || undefined);
  await begin(way, app);
  await until(() => poll.looks().find(({ started }) => (started[0] ?? 0) > before));
  // Pods that answer in place may be found at their address a moment before or after the Service has them.
  await pause(500);
  const looks = await poll.stop();
  const [after] = await placesOf(stand, app);
  await stand.driver.remove(heldApp(app, { release: 2, change }));
  return { serviceMs: gapMs(looks, 0, before), podMs: gapMs(looks, 1, before), isSamePod: after === place };
}

async function begin(way: Way, app: string): Promise<void> {
  if (way === 'delete') {
    await kube('delete', 'pod', `${app}-0`, '--wait=false');
    return;
  }
  const next: WorkloadLeaf =
    way === 'image'
      ? heldApp(app, { release: 2, change, image: 'local/tool:2' })
      : heldApp(app, { release: 2, change, environment: { GREETING: 'new' } });
  await bring(stand, next);
}

/** From the last answer of the old program to the first of the new one. */
function gapMs(looks: readonly Looks[], of: number, before: number): number {
  const last = looks.findLast(({ started }) => started[of] === before);
  const first = looks.find(({ started }) => (started[of] ?? 0) > before);
  return (first?.atMs ?? Number.NaN) - (last?.atMs ?? Number.NaN);
}

async function until<T>(look: () => T | undefined): Promise<T> {
  const end = performance.now() + DONE_MS_MAX;
  while (performance.now() < end) {
    const found = look();
    if (found !== undefined) return found;
    await pause(EVERY_MS);
  }
  throw new Error('it did not come to that in time');
}

try {
  const gaps: Record<Way, Gap[]> = { variable: [], image: [], delete: [] };
  // In turn, so that a busy moment of the machine meets all of them.
  for (let round = 1; round <= ROUNDS; round += 1)
    for (const way of WAYS) {
      const gap = await measure(way, round);
      gaps[way].push(gap);
      console.log(
        `round ${round}, ${way}: ${gap.serviceMs} ms at the Service, ${gap.podMs} ms at the pod's address`,
      );
    }
  const service = (way: Way) => Math.round(median(gaps[way].map(({ serviceMs }) => serviceMs)));
  const pod = (way: Way) => Math.round(median(gaps[way].map(({ podMs }) => podMs)));
  const ratio = Math.round((service('delete') / service('variable')) * 10) / 10;
  const inPlace = [...gaps.variable, ...gaps.image];
  const samePods = inPlace.filter(({ isSamePod }) => isSamePod).length;
  console.log(
    `p50 of ${ROUNDS} at the Service: variable ${service('variable')} ms, image ${service('image')} ms, delete ${service('delete')} ms (${ratio} times)`,
  );
  printResult({
    bench: 'rebuild',
    figures: {
      rounds: ROUNDS,
      variableMs: service('variable'),
      imageMs: service('image'),
      deleteMs: service('delete'),
      variableAtPodMs: pod('variable'),
      imageAtPodMs: pod('image'),
      ratio,
      samePods: `${samePods} of ${inPlace.length}`,
    },
    goal: { ratio: 1, samePods: `${inPlace.length} of ${inPlace.length}` },
    met: ratio > 1 && samePods === inPlace.length,
  });
} finally {
  await stand.close();
}
