/** The options of `edge-agent cluster add`, as what each kind of cluster takes. */
import { hostname, networkInterfaces } from 'node:os';

export interface ClusterOptions {
  /** False by --no-etcd. */
  readonly etcd?: boolean;
  readonly etcdEndpoint?: string[];
  readonly etcdCa?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
  readonly programs?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly inCluster?: boolean;
  readonly engine?: string[];
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly lan?: string;
  readonly lanGateway?: string;
  readonly nodes?: string;
  readonly master?: string;
  readonly user?: string;
  readonly mesosCredentials?: string;
  readonly marathon?: string;
  readonly marathonCredentials?: string;
  readonly marathonToken?: string;
}

type Directed = ClusterOptions & { readonly directory: string };

/** Throws a sentence if an option is missing. */
export async function addMesosCluster(name: string, options: Directed): Promise<void> {
  const { master, user = 'root', mesosCredentials: credentials, directory } = options;
  if (master === undefined) throw new Error('Give --master http://HOST:5050.');
  const { addMesos } = await import('./clusters.ts');
  for (const line of await addMesos({ name, server: master, user, credentials, directory }))
    console.log(line);
}

/** Throws a sentence if an option is missing. */
export async function addMarathonCluster(name: string, options: Directed): Promise<void> {
  const { marathon, marathonCredentials, marathonToken, tlsCa, master, mesosCredentials, directory } =
    options;
  if (marathon === undefined) throw new Error('Give --marathon http://HOST:8080.');
  const { addMarathon } = await import('./clusters.ts');
  const files = {
    credentials: marathonCredentials,
    token: marathonToken,
    authority: tlsCa,
    mesosCredentials,
  };
  for (const line of await addMarathon({ name, server: marathon, master, files, directory }))
    console.log(line);
}

export async function addEngineCluster(
  kind: 'swarm' | 'docker',
  name: string,
  options: Directed,
): Promise<void> {
  const { addEngines } = await import('./clusters.ts');
  const { engine = [], tlsCa, tlsCert, tlsKey, lan, lanGateway, nodes, directory } = options;
  const [parent = '', subnet = ''] = lan?.split('=') ?? [];
  const lines = await addEngines({
    kind,
    name,
    engines: engine,
    tls: { ca: tlsCa, cert: tlsCert, key: tlsKey },
    lan: lan === undefined ? undefined : { parent, subnet, gateway: lanGateway },
    door: nodes,
    directory,
    hostname: hostname(),
    addresses: Object.values(networkInterfaces()).flatMap((all = []) =>
      all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
    ),
  });
  for (const line of lines) console.log(line);
}
