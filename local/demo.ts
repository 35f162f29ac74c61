/**
 * The demo: two data centers with the same addresses, joined and proved on this machine in namespaces. It does what a
 * user does, by the API and the installer, shows each step, and leaves nothing behind.
 * Usage: `npm run demo` (stays up until Ctrl-C), `npm run demo -- --once` (proves, tears down and ends), `-- --kubernetes` (with a cluster in Berlin).
 */

import type { Client } from './demo-client.ts';
import type * as KubernetesDemo from './demo-cluster.ts';
import {
  awaitEdges,
  awaitHub,
  describeEstate,
  edgeToken,
  hubToken,
  install,
  nameServices,
} from './demo-estate.ts';
import { drawPicture, type Picture } from './demo-picture.ts';
import {
  createProgress,
  openScreen,
  type Progress,
  paint,
  type Screen,
  StepFailed,
} from './demo-progress.ts';
import { prove, sketch } from './demo-proof.ts';
import { createStage, type DemoStage, SITES } from './demo-stage.ts';
import type { RaisedSite } from './lab-topology.ts';

const STATE = new URL('../.isthmus/demo', import.meta.url).pathname;
const FLAGS = ['--once', '--kubernetes'];
const USAGE =
  'Usage: npm run demo [-- --once] [--kubernetes]   --once: prove, tear down and end; --kubernetes: with a cluster in one of them';

async function main(): Promise<number> {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => !FLAGS.includes(flag));
  if (unknown !== undefined) {
    console.error(unknown === '--help' ? USAGE : `There is no flag ${unknown}.\n${USAGE}`);
    return unknown === '--help' ? 0 : 1;
  }
  const screen = openScreen(process.stdout, process.env);
  const interrupted = untilSignal();
  const kubernetes = flags.includes('--kubernetes') ? await import('./demo-cluster.ts') : undefined;
  const stage = createStage(STATE, kubernetes && { berlin: kubernetes.CLUSTER_HOSTS });
  const demo: Demo = { stage, kubernetes, cluster: kubernetes?.createCluster(), lines: [] };
  // What is under way when it is interrupted fails, because its hosts go away: nobody wants to read that.
  const ears = { open: true };
  const heard = { ...screen, write: (text: string) => (ears.open ? screen.write(text) : undefined) };
  const shown = await Promise.race([show(demo, heard), interrupted]);
  ears.open = false;
  if (shown === 0 && !flags.includes('--once')) {
    screen.write(`${[await hints(stage), ...demo.lines].join('\n')}\nIt stays up until Ctrl-C.\n`);
    await interrupted;
  }
  screen.write(`${shown > 1 ? '\n' : ''}Tears down ... `);
  await demo.cluster?.destroy();
  await stage.destroy();
  screen.write('every process, namespace and interface is gone.\n');
  return shown;
}

interface Demo {
  readonly stage: DemoStage;
  /** Loaded only if it is asked for, and what it stands on is then fetched. */
  readonly kubernetes: typeof KubernetesDemo | undefined;
  readonly cluster: KubernetesDemo.DemoCluster | undefined;
  /** How to use the cluster. */
  readonly lines: string[];
}

/** 130 is what shells say of a program that was interrupted. */
function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(130));
    process.once('SIGTERM', () => resolve(143));
  });
}

/** Everything up to the picture: 0 if all was proved; else the reason and the logs are shown. */
async function show(demo: Demo, screen: Screen): Promise<number> {
  const progress = createProgress(screen);
  progress.line(`Isthmus demo. Its state in ${STATE} starts afresh each time.\n`);
  try {
    const picture = await raise(demo, progress);
    progress.line(`\n${drawPicture(picture)}`);
    progress.line(paint(`Proved in ${progress.elapsedSeconds().toFixed(1)} s.`, 'bold', screen.colours));
    return 0;
  } catch (error) {
    progress.line(
      `\n${paint(`Failed: ${error instanceof StepFailed ? error.title : 'drawing'}`, 'red', screen.colours)}`,
    );
    progress.line(error instanceof Error ? error.message : String(error));
    for (const line of await demo.stage.logTails()) progress.line(line);
    return 1;
  }
}

async function raise(demo: Demo, progress: Progress): Promise<Picture> {
  const { stage } = demo;
  const hosts = await progress.step(
    'test hosts: a hub, a VPC, and two data centers with 10.0.0.0/24 behind NAT',
    () => stage.raiseHosts(),
  );
  const client = await progress.step(`control plane on ${stage.controlPlaneUrl}`, () =>
    stage.startControlPlane(),
  );
  const [hubHost] = hosts.hubs;
  if (hubHost === undefined) throw new Error('there is no hub');
  await progress.step('tenant demo, its sites and a hub, by the API', () =>
    describeEstate(client, { sites: SITES, hubEndpoint: `${hubHost.address}:51820` }),
  );
  await progress.step('installer on the hub, with a one-off token', async () =>
    install(hubHost.host, await hubToken(client), ['--role', 'hub', '--lan-device', hubHost.vpcDevice]),
  );
  await progress.step('installer in both data centers, each with a one-off token', () =>
    Promise.all(hosts.sites.map((site) => installEdge(client, site))),
  );
  await progress.step('services web.berlin and web.tokyo, and a route to the latter, by the API', () =>
    nameServices(client, SITES),
  );
  const [edges, hub] = await progress.step('tunnels up, documents applied', () =>
    Promise.all([awaitEdges(client, SITES.length), awaitHub(client)]),
  );
  const estate = { client, hosts, stage, edges, hub };
  const proofs = await progress.step('proofs', () => prove(estate));
  await raiseKubernetes(demo, { client, berlin: hosts.sites[0] }, progress);
  return sketch(estate, proofs);
}

async function raiseKubernetes(
  { kubernetes, cluster: made, stage, lines }: Demo,
  { client, berlin }: { readonly client: Client; readonly berlin: RaisedSite | undefined },
  progress: Progress,
): Promise<void> {
  if (kubernetes === undefined || made === undefined || berlin === undefined) return;
  await progress.step('Kubernetes: its programs (the first time they are built, which takes minutes)', () =>
    kubernetes.provideKubernetes(),
  );
  const cluster = await progress.step('a cluster on two hosts in berlin', () => made.raise(berlin));
  await progress.step('attached by the edge, as prod', () => kubernetes.attach(client, berlin, cluster));
  await progress.step('kubectl through hub and tunnel', async () => {
    lines.push('', ...(await kubernetes.useIt(client, { ...stage, cluster })));
  });
}

async function installEdge(client: Client, site: RaisedSite): Promise<void> {
  const token = await edgeToken(client, site.name);
  await install(site.edge, token, ['--lan-device', site.lanDevice, '--advertise', site.lan]);
}

/** What to try while it stays up. */
async function hints(stage: DemoStage): Promise<string> {
  const { sites } = await stage.raiseHosts();
  const shells = sites.map(
    ({ name, lanHosts, edge }) =>
      `  nsenter -t ${lanHosts[0]?.host.pid} -n -m -u -i -p bash   # a LAN host in ${name}; its edge: -t ${edge.pid}, edge-agent status`,
  );
  return ['Look around in another terminal, as root:', ...shells].join('\n');
}

process.exit(await main());
