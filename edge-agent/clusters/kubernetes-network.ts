/**
 * Which network plugin a Kubernetes cluster has, and what that means for us: whether a NetworkPolicy holds, and whether pods can be reached from
 * outside. Judged by what plugins leave behind: daemon sets, API groups, annotations of nodes. Values in, values out.
 */
import type { ClusterNetwork } from '../../protocol/cluster.ts';

export interface NetworkTraces {
  /** Names of daemon sets, in all namespaces. */
  readonly daemonSets: readonly string[];
  /** Groups that the API serves. */
  readonly apiGroups: readonly string[];
  /** Annotations of every node. */
  readonly annotations: readonly Readonly<Record<string, string>>[];
  readonly podPrefixes: readonly string[];
  readonly servicePrefix: string | undefined;
}

type Judged = Pick<ClusterNetwork, 'plugin' | 'overlay' | 'policies' | 'reachability' | 'detail'>;
type Overlay = ClusterNetwork['overlay'];

const PODS_MAX = 256;

export function networkOf(traces: NetworkTraces): ClusterNetwork {
  const { podPrefixes, servicePrefix } = traces;
  return {
    ...judge(traces),
    podPrefixes: [...new Set(podPrefixes)].sort().slice(0, PODS_MAX),
    ...(servicePrefix === undefined ? {} : { servicePrefix }),
  };
}

function judge(traces: NetworkTraces): Judged {
  const has = (pattern: RegExp) => traces.daemonSets.some((name) => pattern.test(name));
  const serves = (group: string) => traces.apiGroups.includes(group);
  if (
    has(/^(calico|canal)-node$|^canal$/) ||
    serves('crd.projectcalico.org') ||
    annotated(traces, 'projectcalico.org/')
  )
    return calico(traces);
  if (has(/^cilium$/) || serves('cilium.io'))
    return plugin(
      'cilium',
      ['unknown', 'enforced', 'by_service'],
      'Cilium enforces policies; its pods are routable only in its native routing mode.',
    );
  if (has(/^kube-flannel/) || annotated(traces, 'flannel.alpha.coreos.com/')) return flannel(traces);
  if (has(/^weave-net$/))
    return plugin(
      'weave',
      ['vxlan', 'enforced', 'by_service'],
      'Weave enforces policies; its pods are behind an overlay.',
    );
  if (has(/^kube-router$/))
    return plugin(
      'kube-router',
      ['none', 'enforced', 'routable'],
      'kube-router enforces policies and routes pods without an overlay.',
    );
  if (has(/^antrea-agent$/))
    return plugin(
      'antrea',
      ['vxlan', 'enforced', 'by_service'],
      'Antrea enforces policies; its pods are behind an overlay.',
    );
  return plugin(
    'unknown',
    ['unknown', 'unknown', 'by_service'],
    'No known plugin left a trace, so nothing is assumed: publish services, and try whether policies hold.',
  );
}

function calico(traces: NetworkTraces): Judged {
  const overlay: Overlay = annotated(traces, 'projectcalico.org/IPv4IPIPTunnelAddr')
    ? 'ipip'
    : annotated(traces, 'projectcalico.org/IPv4VXLANTunnelAddr')
      ? 'vxlan'
      : 'none';
  if (overlay === 'none')
    return plugin(
      'calico',
      ['none', 'enforced', 'routable'],
      'Calico enforces policies and routes pods without an overlay: expose their ranges to reach them.',
    );
  return plugin(
    'calico',
    [overlay, 'enforced', 'by_service'],
    `Calico enforces policies; its pods are behind ${overlay}, so they are reached by services.`,
  );
}

function flannel(traces: NetworkTraces): Judged {
  const backends = traces.annotations.flatMap((one) => one['flannel.alpha.coreos.com/backend-type'] ?? []);
  const isRouted = backends.length > 0 && backends.every((backend) => backend === 'host-gw');
  if (isRouted)
    return plugin(
      'flannel',
      ['none', 'ignored', 'routable'],
      'Flannel routes pods by their nodes (host-gw); it ignores policies, so that no app is isolated.',
    );
  return plugin(
    'flannel',
    ['vxlan', 'ignored', 'by_service'],
    'Flannel keeps pods behind an overlay and ignores policies: publish services.',
  );
}

function annotated({ annotations }: NetworkTraces, prefix: string): boolean {
  return annotations.some((one) => Object.keys(one).some((name) => name.startsWith(prefix)));
}

function plugin(
  name: ClusterNetwork['plugin'],
  [overlay, policies, reachability]: readonly [
    Overlay,
    ClusterNetwork['policies'],
    ClusterNetwork['reachability'],
  ],
  detail: string,
): Judged {
  return { plugin: name, overlay, policies, reachability, detail };
}
