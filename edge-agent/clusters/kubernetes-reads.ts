/** What the driver reads of an app again and again: its controller, and its pods. It changes nothing. */
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { appOfTrack } from '../../protocol/track.ts';
import type { KubeClient } from '../kube/client.ts';
import { undefinedOn } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { pathOf } from '../kube/objects.ts';
import { NEXT, POD, selectorOf, TRACK_LABEL, TYPES } from './kubernetes-marks.ts';
import { isStateful } from './kubernetes-objects.ts';
import { ControllerObject, PodObject } from './kubernetes-status.ts';

const PODS_MAX = 10_000;

/** Its StatefulSet or Deployment; undefined while there is none. */
export function controllerOf(
  client: KubeClient,
  { app, namespace, template }: WorkloadLeaf,
): Promise<ControllerObject | undefined> {
  const type = isStateful(template) ? TYPES.StatefulSet : TYPES.Deployment;
  const path = pathOf({ ...type, namespace, name: app });
  return undefinedOn(client.json(ControllerObject, { method: 'GET', path }), ['kube.not_found']);
}

/** Of its own track. */
export function podsOf(client: KubeClient, workload: WorkloadLeaf): Promise<readonly PodObject[]> {
  const labels = Object.entries(selectorOf(workload)).map(([name, value]) => `${name}=${value}`);
  const isNext = appOfTrack(workload.app) !== workload.app;
  const labelSelector = [...labels, ...(isNext ? [] : [`${TRACK_LABEL}!=${NEXT}`])].join(',');
  return listAll(client, PodObject, {
    path: pathOf({ ...POD, namespace: workload.namespace }),
    labelSelector,
    max: PODS_MAX,
  });
}
