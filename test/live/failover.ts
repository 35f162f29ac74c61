/**
 * Killing the hub that owns a VPC's routes, and how long flows stay away: shared by the live test and the benchmark.
 * The VPC's host plays EC2: what the emulated route table says becomes its kernel's route at once.
 */
import { z } from 'zod';
import type { Host } from '../../local/lab-host.ts';
import { ECHO_UDP_PORT, type RaisedStage } from '../../local/lab-topology.ts';
import { createOwners } from '../../vpc/owners-table.ts';
import type { Account } from './account.ts';
import { statusOf } from './agent-status.ts';
import type { Estate } from './estate.ts';
import { eventually } from './eventually.ts';

const PULSE = new URL('./pulse.ts', import.meta.url).pathname;
const HOST = '10.0.0.10';
const SETTLE_MS = 1_000;
const PULSE_SECONDS = 7;
const BACK_MS_MAX = 60_000;

const Silence = z.object({ sent: z.number(), answered: z.number(), silentMs: z.number() });
export type Silence = z.infer<typeof Silence>;

/** What one kill cost, milliseconds. `apiMs`: what the slowest call of the takeover took in the emulator. */
export interface Outage {
  readonly edgeMs: number;
  readonly vpcMs: number;
  readonly apiMs: number;
}

export const FAILOVER_SITES = [
  { name: 'berlin', lan: '10.0.0.0/24' },
  { name: 'tokyo', lan: '10.0.0.0/24' },
];

export function accountOf(estate: Estate): Account {
  if (estate.account === undefined) throw new Error('the estate has no cloud account');
  return estate.account;
}

export function vpcHostOf(estate: Estate): Host {
  if (estate.stage.vpcHost === undefined) throw new Error('the stage has no VPC');
  return estate.stage.vpcHost.host;
}

/** Makes the first route table the kernel's: the host of the VPC follows it from now on. */
export function followRoutes(account: Account, stage: RaisedStage): void {
  account.onMove(async ({ table, destination, interface: target }) => {
    const address = account.addressOf(target);
    if (table !== account.tables[0] || address === undefined || destination.startsWith('pl-')) return;
    await stage.vpcHost?.host.ip(`route replace ${destination} via ${address}`);
  });
}

/** Index of the hub that owns the VPC's routes. */
export async function ownerOf(estate: Estate): Promise<{ readonly index: number; readonly epoch: number }> {
  const account = accountOf(estate);
  const owner = await createOwners(account.dynamodb, account.ownersTable).read(account.vpc);
  if (owner === undefined) throw new Error('nobody owns the routes yet');
  return { index: Number(owner.hub.replace('hub', '')) - 1, epoch: owner.epoch };
}

/** Both hubs see each other and both edges see both hubs. */
export async function allUp(estate: Estate, { isOwned } = { isOwned: true }): Promise<void> {
  await eventually(async () => {
    for (const site of FAILOVER_SITES) {
      const { peers } = await statusOf(estate.site(site.name).edge);
      const down = peers.filter(({ state }) => state !== 'up');
      if (peers.length !== 2 || down.length > 0) throw new Error(`${site.name}: ${JSON.stringify(peers)}`);
    }
    if (isOwned) await ownerOf(estate);
  }, BACK_MS_MAX);
}

export async function pulse(from: Host, address: string, seconds: number): Promise<Silence> {
  const command = [process.execPath, PULSE, address, `${ECHO_UDP_PORT}`, `${seconds}`];
  const said = await from.check(command, { timeoutMs: (seconds + 10) * 1_000 });
  return Silence.parse(JSON.parse(said.trim().split('\n').at(-1) ?? ''));
}

/** Kills the owner under a pulse on both sides and waits until it is back as the other one's twin. */
export async function killOwner(estate: Estate): Promise<Outage> {
  await allUp(estate);
  const [tokyo, berlin] = [await estate.virtual('tokyo', HOST), await estate.virtual('berlin', HOST)];
  const { index } = await ownerOf(estate);
  const moves: number[] = [];
  const stop = accountOf(estate).onMove(async ({ tookMs }) => {
    moves.push(tookMs);
  });
  const edge = pulse(estate.lanHost('berlin'), tokyo, PULSE_SECONDS);
  const vpc = pulse(vpcHostOf(estate), berlin, PULSE_SECONDS);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  await estate.hub(index).host.killAll();
  const [edgeSilence, vpcSilence] = [await edge, await vpc];
  stop();
  estate.startAgent(estate.hub(index).host);
  await allUp(estate);
  return {
    edgeMs: edgeSilence.silentMs,
    vpcMs: vpcSilence.silentMs,
    apiMs: Math.round(Math.max(0, ...moves)),
  };
}
