/** A cluster of two nodes with a driver at it, for tests and measurements of apps that are rebuilt in place. */
import { z } from 'zod';
import { type Driver, DriverError } from '../../edge-agent/clusters/driver.ts';
import { createKubernetesDriver } from '../../edge-agent/clusters/kubernetes.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';
import type { Running } from '../../local/command.ts';
import { createLab } from '../../local/lab.ts';
import type { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { pause } from './eventually.ts';
import { startKubeGate } from './kube-gate.ts';
import { raiseKubeLan } from './kube-lan.ts';

const PASS_MS = 300;
const DONE_MS_MAX = 90_000;
const FILE = '/etc/app/app.conf';

export interface RebuildStand {
  readonly cluster: KubeCluster;
  readonly client: KubeClient;
  readonly driver: Driver;
  close(): Promise<void>;
}

export async function raiseRebuildStand(name: string): Promise<RebuildStand> {
  const lab = await createLab({ name });
  try {
    const { cluster, hosts } = await raiseKubeLan(lab, { name, nodes: 2, network: 'bridge' });
    const controlPlane = hosts[1];
    if (controlPlane === undefined) throw new Error('there is no control plane');
    const gate = await startKubeGate(controlPlane, cluster);
    const credentials = { ...(await readKubeconfig(cluster.kubeconfig)), server: gate.server };
    const client = new KubeClient({
      credentials: { ...credentials, serverName: 'kubernetes' },
      wallNow: Date.now,
    });
    const close = async () => {
      client.close();
      await gate.close();
      await cluster.close();
      await lab.destroy();
    };
    return { cluster, client, driver: createKubernetesDriver(client, Date.now), close };
  } catch (cause) {
    await lab.destroy();
    throw cause;
  }
}

export interface HeldApp {
  readonly release: number;
  readonly image?: string;
  readonly content?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly change?: Partial<AppTemplate>;
}

/** An app that is rebuilt in place, with a file and variables, and no volume unless the change has one. */
export function heldApp(app: string, held: HeldApp): WorkloadLeaf {
  const { release, image = 'local/tool:1', content = 'one', environment = { GREETING: 'hello' } } = held;
  const workload = workloadOf(app, image, {
    onChange: 'rebuildInPlace',
    command: ['serve', ':8080', FILE],
    files: [{ path: FILE, content, mode: 0o644 }],
    environment: { ...environment },
    ...held.change,
  });
  return { ...workload, release };
}

/** Passes of the driver, as a worker makes them, until nothing is left to do; what they did. */
export async function bring(
  { driver }: Pick<RebuildStand, 'driver'>,
  workload: WorkloadLeaf,
): Promise<string[]> {
  const until = performance.now() + DONE_MS_MAX;
  const done: string[] = [];
  for (;;) {
    const { lines, isBusy } = await passOf(driver, workload);
    done.push(...lines);
    const { statements, containers, wanted } = await driver.status(workload);
    const isDone = statements.every(({ status }) => status === 'True') && containers.length === wanted;
    if (lines.length === 0 && isDone && !isBusy) return done;
    if (performance.now() > until)
      throw new Error(`${done.join('\n')}\n${JSON.stringify([statements, containers])}`);
    await pause(PASS_MS);
  }
}

/** Who is asked to come back comes back with the next pass, as a worker does: somebody else has changed the pod meanwhile, or an exec did not say how it ended. */
async function passOf(driver: Driver, workload: WorkloadLeaf) {
  try {
    return { lines: await driver.apply(workload), isBusy: false };
  } catch (cause) {
    if (cause instanceof DriverError && cause.code === 'driver.busy') return { lines: [], isBusy: true };
    throw cause;
  }
}

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), uid: z.string() }),
      spec: z.object({ nodeName: z.string() }),
      status: z.object({ podIP: z.string() }),
    }),
  ),
});

/** What must stay: name, number, node and address of each pod, by name. */
export async function placesOf({ cluster }: RebuildStand, app: string): Promise<string[]> {
  const text = await cluster.kube([
    '-n',
    'acme',
    'get',
    'pods',
    '-l',
    `isthmus.dev/app=${app}`,
    '-o',
    'json',
  ]);
  return Pods.parse(JSON.parse(text))
    .items.map(({ metadata, spec, status }) =>
      [metadata.name, metadata.uid, spec.nodeName, status.podIP].join(' '),
    )
    .sort();
}

const Answer = z.object({
  content: z.string(),
  variable: z.string(),
  reloads: z.number(),
  started: z.number(),
});

/** What the program in a pod was started with. */
export async function askPod({ cluster }: RebuildStand, pod: string, variable = 'GREETING') {
  const url = `http://127.0.0.1:8080/?variable=${variable}`;
  return Answer.parse(JSON.parse(await cluster.kube(['-n', 'acme', 'exec', pod, '--', 'get', url])));
}

export interface Looks {
  readonly atMs: number;
  /** By address: when the program that answered was started; 0 if there was none, null if it is not known. */
  readonly started: readonly (number | null)[];
}

/** Asks addresses of pods from a node, all the time; `stop` answers what was seen. */
export function pollAddresses({ cluster }: RebuildStand, addresses: readonly string[], everyMs = 20) {
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error('there is no node');
  let text = '';
  const script = new URL('./address-poll.ts', import.meta.url).pathname;
  const running: Running = node.host.spawn([process.execPath, script, String(everyMs), ...addresses], {
    onOutput: (piece) => {
      text += piece;
    },
  });
  const looks = (): Looks[] =>
    text
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) =>
        z.object({ atMs: z.number(), started: z.array(z.number().nullable()) }).parse(JSON.parse(line)),
      );
  return {
    looks,
    stop: async () => {
      await running.stop();
      return looks();
    },
  };
}
