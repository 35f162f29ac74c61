/** Resident memory of the agent's own process at idle, edge and hub; the tunnel daemons are printed apart. `node bench/memory.ts [IDLE_SECONDS]` */
import { readFile } from 'node:fs/promises';
import type { Host } from '../local/lab-host.ts';
import { statusOf } from '../test/live/agent-status.ts';
import { raiseEstate } from '../test/live/estate.ts';
import { printResult } from './figures.ts';

const IDLE_SECONDS = Number(process.argv[2] ?? 60);
const GOAL_MB = 80;

/** VmRSS in MB of a process that the host numbers so. */
async function residentMb(host: Host, processId: number): Promise<number> {
  const status = await readFile(`${host.root}/proc/${processId}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 102.4) / 10;
}

async function daemonMb(host: Host): Promise<number> {
  const pids = (await host.check(['pgrep', '-f', 'wireguard.* ist'])).trim().split('\n').map(Number);
  const sizes = await Promise.all(pids.map((pid) => residentMb(host, pid).catch(() => 0)));
  return Math.max(...sizes);
}

const estate = await raiseEstate({
  name: 'memory',
  sites: [
    { name: 'berlin', lan: '10.0.0.0/24' },
    { name: 'tokyo', lan: '10.0.0.0/24' },
  ],
});
try {
  const [edge, hub] = [estate.site('berlin').edge, estate.hub(0).host];
  console.log(`idle for ${IDLE_SECONDS} s ...`);
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1_000));
  const figures = {
    edgeMb: await residentMb(edge, (await statusOf(edge)).processId),
    hubMb: await residentMb(hub, (await statusOf(hub)).processId),
    edgeTunnelDaemonMb: await daemonMb(edge),
    hubTunnelDaemonMb: await daemonMb(hub),
  };
  console.log(`edge agent ${figures.edgeMb} MB, hub agent ${figures.hubMb} MB`);
  console.log(`tunnel daemons: edge ${figures.edgeTunnelDaemonMb} MB, hub ${figures.hubTunnelDaemonMb} MB`);
  const met = figures.edgeMb <= GOAL_MB && figures.hubMb <= GOAL_MB;
  printResult({ bench: 'memory', figures, goal: { edgeMb: GOAL_MB, hubMb: GOAL_MB }, met });
} finally {
  await estate.destroy();
}
