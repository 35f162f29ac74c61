/** What is wrong with a cluster of this host, for `edge-agent doctor`: the advice follows from who says no. Values in, values out. */
import type { Finding } from '../../protocol/report.ts';
import type { ClusterView } from './messages.ts';

const MESSAGE_MAX = 480;

const ADVICE = {
  cluster: 'See that its API server answers from here and takes our credentials.',
  refused:
    'Nothing of it is served until the control plane takes it. If its name is taken by another site: edge-agent cluster remove NAME, and add it under another one.',
  control_plane: 'See edge-agent status: the control plane did not take it. It is tried again by itself.',
} as const;

export function failedFinding({
  name,
  reason = '',
  cause = 'cluster',
}: Pick<ClusterView, 'name' | 'reason' | 'cause'>): Finding {
  return finding('cluster.failed', `The cluster ${name}: ${reason}`, ADVICE[cause]);
}

export function finding(code: string, message: string, fix: string): Finding {
  return { code, level: 'error', message: message.slice(0, MESSAGE_MAX), fix };
}
