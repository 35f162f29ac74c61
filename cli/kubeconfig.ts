/**
 * `isthmus kubeconfig CLUSTER`: an entry for kubectl that holds no secret. A token is asked for when one is needed, by `isthmus credential`. The authority in it
 * is the site's own, so that no hub on the way can pass for the cluster.
 */
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '../protocol/cluster.ts';
import { Fault } from './fault.ts';
import { parseYaml } from './yaml.ts';

export interface Caller {
  /** Program and leading arguments that run this very program. */
  readonly command: string;
  readonly arguments: readonly string[];
}

const Entries = z.array(z.looseObject({ name: z.string() })).nullish();
const Kubeconfig = z.looseObject({ clusters: Entries, users: Entries, contexts: Entries });
type Kubeconfig = z.infer<typeof Kubeconfig>;

/** The first hub is the context of the cluster's own name; each other hub is one more, to go by if the first is down. */
export function kubeconfigOf(cluster: Cluster, tenant: string, caller: Caller): Kubeconfig {
  const { host, servers, authority } = cluster.status;
  if (servers.length === 0)
    throw new Fault(
      'failed',
      'No hub has enrolled yet, so nothing leads to the cluster. Install a hub first.',
    );
  const name = `isthmus-${tenant}-${cluster.metadata.name}`;
  const names = servers.map((_, index) => (index === 0 ? name : `${name}-hub${index + 1}`));
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: servers.map((server, index) => ({
      name: names[index] ?? name,
      cluster: {
        server,
        'tls-server-name': host,
        'certificate-authority-data': Buffer.from(authority).toString('base64'),
      },
    })),
    users: [
      {
        name,
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: caller.command,
            args: [...caller.arguments, 'credential', cluster.metadata.name, '--tenant', tenant],
            interactiveMode: 'Never',
            provideClusterInfo: false,
          },
        },
      },
    ],
    contexts: names.map((context) => ({ name: context, context: { cluster: context, user: name } })),
    'current-context': name,
  };
}

export function kubeconfigText(config: Kubeconfig): string {
  return stringify(config);
}

/** The text of an existing kubeconfig with these entries added or replaced; everything else in it stays. */
export function mergedKubeconfig(existing: string, added: Kubeconfig): string {
  const parsed = Kubeconfig.safeParse(existing.trim() === '' ? {} : parseYaml(existing));
  if (!parsed.success) throw new Fault('usage', 'The existing kubeconfig is none; nothing was changed.');
  const merge = (kept: z.infer<typeof Entries>, more: z.infer<typeof Entries>) => [
    ...(kept ?? []).filter(({ name }) => !(more ?? []).some((entry) => entry.name === name)),
    ...(more ?? []),
  ];
  return stringify({
    ...added,
    ...parsed.data,
    clusters: merge(parsed.data.clusters, added.clusters),
    users: merge(parsed.data.users, added.users),
    contexts: merge(parsed.data.contexts, added.contexts),
    'current-context': added['current-context'],
  });
}
