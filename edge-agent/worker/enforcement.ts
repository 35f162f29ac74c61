/** Whether an app's access holds in the network that the cluster has. Values in, values out. */
import { ENFORCED } from '../../protocol/app-change.ts';
import type { ClusterKind, ClusterNetwork, Statement } from '../../protocol/cluster.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';

type AppTold = NonNullable<ClusterReport['apps']>[number];

export interface EnforcementScene {
  readonly kind: ClusterKind;
  /** Of a Kubernetes cluster, once it is known. */
  readonly network: ClusterNetwork | undefined;
  readonly workloads: readonly Pick<WorkloadLeaf, 'app' | 'template'>[];
}

/** The same, with what can be said of its isolation; nothing while a network is not known, and where nothing is to be enforced by what can't. */
export function withEnforcement(told: AppTold, { kind, network, workloads }: EnforcementScene): AppTold {
  const isClosed = workloads.some(
    ({ app, template }) => app === told.app && template.access.kind !== 'tenant',
  );
  const said =
    network === undefined
      ? isClosed && kind !== 'kubernetes'
        ? [openInside(kind)]
        : []
      : [enforcement(network)];
  if (said.length === 0) return told;
  const { instance } = told;
  return { ...told, instance: { ...instance, statements: [...instance.statements, ...said] } };
}

/** Its edge asks who calls from other sites, whatever runs the app; inside of the cluster nobody does. */
function openInside(kind: ClusterKind): Statement {
  return statement(
    'False',
    'OpenInside',
    `From other sites only its callers come in, by the edge; in the cluster itself all of its tenant can call it, since ${kind} does not tell callers apart. With enforcement required it runs only where its access holds inside too.`,
  );
}

function enforcement({ plugin, policies }: ClusterNetwork): Statement {
  switch (policies) {
    case 'enforced':
      return statement('True', 'ByPlugin', `${plugin} enforces the app's NetworkPolicy.`);
    case 'ignored':
      return statement(
        'False',
        'PoliciesIgnored',
        `${plugin} ignores NetworkPolicies: every pod of the cluster can call the app. Use a network plugin that enforces them.`,
      );
    case 'unknown':
      return statement(
        'Unknown',
        'PluginUnknown',
        'Whether the network plugin enforces NetworkPolicies is not known. Try it with a pod that must not get through.',
      );
  }
}

function statement(status: Statement['status'], reason: string, message: string): Statement {
  return { type: ENFORCED, status, reason, message };
}
