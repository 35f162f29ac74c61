/**
 * The demo: two data centers with the same addresses, joined and proved on this machine in namespaces. It does what a
 * user does, by the API and the installer, shows each step, and leaves nothing behind.
 * Usage: `npm run demo` (stays up until Ctrl-C), `npm run demo -- --once` (proves, tears down and ends).
 */

import type { Client } from './demo-client.ts';
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
const USAGE = 'Usage: npm run demo [-- --once]   --once: prove, tear down and end';

async function main(): Promise<number> {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => flag !== '--once');
  if (unknown !== undefined) {
    console.error(unknown === '--help' ? USAGE : `There is no flag ${unknown}.\n${USAGE}`);
    return unknown === '--help' ? 0 : 1;
  }
  const screen = openScreen(process.stdout, process.env);
  const interrupted = untilSignal();
  const stage = createStage(STATE);
  // What is under way when it is interrupted fails, because its hosts go away: nobody wants to read that.
  const ears = { open: true };
  const heard = { ...screen, write: (text: string) => (ears.open ? screen.write(text) : undefined) };
  const shown = await Promise.race([show(stage, heard), interrupted]);
  ears.open = false;
  if (shown === 0 && !flags.includes('--once')) {
    screen.write(`${await hints(stage)}\nIt stays up until Ctrl-C.\n`);
    await interrupted;
  }
  screen.write(`${shown > 1 ? '\n' : ''}Tears down ... `);
  await stage.destroy();
  screen.write('every process, namespace and interface is gone.\n');
  return shown;
}

/** 130 is what shells say of a program that was interrupted. */
function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(130));
    process.once('SIGTERM', () => resolve(143));
  });
}

/** Everything up to the picture: 0 if all was proved; else the reason and the logs are shown. */
async function show(stage: DemoStage, screen: Screen): Promise<number> {
  const progress = createProgress(screen);
  progress.line(`Isthmus demo. Its state in ${STATE} starts afresh each time.\n`);
  try {
    const picture = await raise(stage, progress);
    progress.line(`\n${drawPicture(picture)}`);
    progress.line(paint(`Proved in ${progress.elapsedSeconds().toFixed(1)} s.`, 'bold', screen.colours));
    return 0;
  } catch (error) {
    progress.line(
      `\n${paint(`Failed: ${error instanceof StepFailed ? error.title : 'drawing'}`, 'red', screen.colours)}`,
    );
    progress.line(error instanceof Error ? error.message : String(error));
    for (const line of await stage.logTails()) progress.line(line);
    return 1;
  }
}

async function raise(stage: DemoStage, progress: Progress): Promise<Picture> {
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
  return sketch(estate, proofs);
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
