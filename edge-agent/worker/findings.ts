/** What is wrong with a cluster of this host, for `edge-agent doctor`: the advice follows from who says no. Values in, values out. */
import type { Finding } from '../../protocol/report.ts';
import type { ClusterView } from './messages.ts';

const MESSAGE_MAX = 480;

const ADVICE = {
  refused:
    'Nothing of it is served until the control plane takes it. If its name is taken by another site: edge-agent cluster remove NAME, and add it under another one.',
  control_plane: 'See edge-agent status: the control plane did not take it. It is tried again by itself.',
} as const;

/** Who it is that has to answer. */
const ADVICE_BY_KIND: Readonly<Record<string, string>> = {
  kubernetes: 'See that its API server answers from here and takes our credentials.',
  swarm: 'See that its manager answers from here and takes our certificate.',
  docker:
    'See that its engines answer from here. Those that joined: edge-agent node status, on the host of each.',
  mesos: 'See that a master answers from here and takes our credentials.',
};
const ADVICE_OF_ANY = 'See that it answers from here and takes our credentials.';

export function failedFinding({
  name,
  kind,
  reason = '',
  cause = 'cluster',
}: Pick<ClusterView, 'name' | 'kind' | 'reason' | 'cause'>): Finding {
  const advice = cause === 'cluster' ? (ADVICE_BY_KIND[kind] ?? ADVICE_OF_ANY) : ADVICE[cause];
  return finding('cluster.failed', `The cluster ${name}: ${reason}`, advice);
}

export function finding(code: string, message: string, fix: string): Finding {
  return { code, level: 'error', message: message.slice(0, MESSAGE_MAX), fix };
}
