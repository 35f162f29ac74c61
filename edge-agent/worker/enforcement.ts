/** Whether an app's access holds in the network that the cluster has. Values in, values out. */
import { ENFORCED } from '../../protocol/app-change.ts';
import type { ClusterNetwork, Statement } from '../../protocol/cluster.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';

type AppTold = NonNullable<ClusterReport['apps']>[number];

/** The same, with what can be said of its isolation; nothing while the network is not known. */
export function withEnforcement(told: AppTold, network: ClusterNetwork | undefined): AppTold {
  if (network === undefined) return told;
  const { instance } = told;
  return { ...told, instance: { ...instance, statements: [...instance.statements, enforcement(network)] } };
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
