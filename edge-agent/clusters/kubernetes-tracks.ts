/**
 * Who is asked under an app's name while it has two tracks in a Kubernetes cluster: the Service tells pods apart by a label that is put on those of stable while
 * they run, because a Deployment's selector never changes and another template would be other pods.
 */
import { z } from 'zod';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { appOfTrack } from '../../protocol/track.ts';
import type { KubeClient } from '../kube/client.ts';
import { undefinedOn } from '../kube/errors.ts';
import { KubeObject, pathOf } from '../kube/objects.ts';
import { type Done, DriverError } from './driver.ts';
import { FIELD_MANAGER, NEXT, POD, STABLE, TRACK_LABEL, TYPES } from './kubernetes-marks.ts';
import { podsOf } from './kubernetes-reads.ts';
import { isServing } from './track.ts';

const ServiceObject = z.looseObject({
  spec: z.looseObject({ selector: z.record(z.string(), z.string()).default({}) }),
});

export interface Tracked {
  /** The workload with the stage that its Service is to show. */
  readonly workload: WorkloadLeaf;
  readonly done: Done;
}

/** Before the objects of stable are applied: its pods can be told apart first, and what was not asked stays so until it is gone. */
export async function beforeStable(client: KubeClient, workload: WorkloadLeaf): Promise<Tracked> {
  const { stage } = workload;
  if (stage === undefined) return { workload: await stillAlone(client, workload), done: [] };
  const isAlone = stage.serving.length === 1 && stage.serving[0] === STABLE;
  return { workload, done: isAlone ? await labelPods(client, workload) : [] };
}

/** Before those of `next` are: the Service must not take its pods up by itself. */
export async function beforeNext(client: KubeClient, workload: WorkloadLeaf): Promise<void> {
  if (isServing(workload)) return;
  const selector = await selectorThere(client, workload);
  if (selector === undefined || selector[TRACK_LABEL] === STABLE) return;
  throw new DriverError(
    'driver.busy',
    `The Service of ${appOfTrack(workload.app)} would ask pods of the release that only stands beside. It is told otherwise first.`,
  );
}

/** A release that was never asked may still be there, to be taken away after this. */
async function stillAlone(client: KubeClient, workload: WorkloadLeaf): Promise<WorkloadLeaf> {
  const selector = await selectorThere(client, workload);
  if (selector?.[TRACK_LABEL] !== STABLE) return workload;
  const name = `${workload.app}.${NEXT}`;
  const path = pathOf({ ...TYPES.Deployment, namespace: workload.namespace, name });
  const beside = await undefinedOn(client.json(KubeObject, { method: 'GET', path }), ['kube.not_found']);
  return beside === undefined ? workload : { ...workload, stage: { name: '', serving: [STABLE] } };
}

async function selectorThere(
  client: KubeClient,
  { app, namespace }: WorkloadLeaf,
): Promise<Readonly<Record<string, string>> | undefined> {
  const path = pathOf({ ...TYPES.Service, namespace, name: appOfTrack(app) });
  const there = await undefinedOn(client.json(ServiceObject, { method: 'GET', path }), ['kube.not_found']);
  return there?.spec.selector;
}

async function labelPods(client: KubeClient, workload: WorkloadLeaf): Promise<string[]> {
  const { namespace } = workload;
  const done: string[] = [];
  for (const { metadata } of await podsOf(client, workload)) {
    if (metadata.labels?.[TRACK_LABEL] === STABLE) continue;
    const { name } = metadata;
    const patched = await undefinedOn(
      client.text({
        method: 'PATCH',
        path: pathOf({ ...POD, namespace, name }),
        query: { fieldManager: FIELD_MANAGER },
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ metadata: { labels: { [TRACK_LABEL]: STABLE } } }),
      }),
      ['kube.not_found'],
    );
    if (patched !== undefined) done.push(`mark Pod ${namespace}/${name} as of ${STABLE}`);
  }
  return done;
}
