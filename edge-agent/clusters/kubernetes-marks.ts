/** Names and labels by which we know what is ours in a Kubernetes cluster. */
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { appOfTrack } from '../../protocol/track.ts';
import type { ResourceType } from '../kube/objects.ts';

export const FIELD_MANAGER = 'isthmus';
export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const APP_LABEL = 'isthmus.dev/app';
export const TENANT_LABEL = 'isthmus.dev/tenant';
/** On a pod. Those of stable have it once the app was asked of them alone: their controller's selector can never change. */
export const TRACK_LABEL = 'isthmus.dev/track';
export const STABLE = 'stable';
export const NEXT = 'next';
export const RELEASE_ANNOTATION = 'isthmus.dev/release';
/** On a pod: of everything that makes a container another one. */
export const CONTENT_ANNOTATION = 'isthmus.dev/content';

/** The one container of an app's pod. */
export const CONTAINER = 'app';

/** On every object of an app. */
export function labelsOf({ tenant, app }: Pick<WorkloadLeaf, 'tenant' | 'app'>): Record<string, string> {
  return { [MANAGED_BY]: FIELD_MANAGER, [TENANT_LABEL]: tenant, [APP_LABEL]: app };
}

/** By which controllers and services find the app's pods: those of both tracks, unless it is the name of the second one. What the app may do, both may. */
export function selectorOf({ tenant, app }: Pick<WorkloadLeaf, 'tenant' | 'app'>): Record<string, string> {
  const own = appOfTrack(app);
  const pods = { [TENANT_LABEL]: tenant, [APP_LABEL]: own };
  return own === app ? pods : { ...pods, [TRACK_LABEL]: NEXT };
}

export interface KubeType extends ResourceType {
  readonly kind: string;
}

const type = (group: string, version: string, [kind, resource]: readonly [string, string]): KubeType => ({
  group,
  version,
  kind,
  resource,
});

export const NAMESPACE = type('', 'v1', ['Namespace', 'namespaces']);
export const POD = type('', 'v1', ['Pod', 'pods']);
export const EVENT = type('', 'v1', ['Event', 'events']);

/** Everything that an app can be made of, in the order of making. It is taken away from the end. */
export const TYPES = {
  ConfigMap: type('', 'v1', ['ConfigMap', 'configmaps']),
  Service: type('', 'v1', ['Service', 'services']),
  NetworkPolicy: type('networking.k8s.io', 'v1', ['NetworkPolicy', 'networkpolicies']),
  Deployment: type('apps', 'v1', ['Deployment', 'deployments']),
  StatefulSet: type('apps', 'v1', ['StatefulSet', 'statefulsets']),
  HorizontalPodAutoscaler: type('autoscaling', 'v2', ['HorizontalPodAutoscaler', 'horizontalpodautoscalers']),
  PodDisruptionBudget: type('policy', 'v1', ['PodDisruptionBudget', 'poddisruptionbudgets']),
} as const;
export type AppKind = keyof typeof TYPES;
