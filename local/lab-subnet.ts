/**
 * Which test labs exist: one file a lab under /run/isthmus-lab, which is also the lock on its "internet" prefix
 * (the documentation ranges of RFC 5737, so that no real host is ever meant). A lab whose process is gone is
 * a leftover, and its prefix is free. It must not touch anything that no such file names.
 */
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { check, execute } from './command.ts';

const DIRECTORY = '/run/isthmus-lab';
const PREFIXES = ['198.51.100', '203.0.113', '192.0.2'] as const;
const WAIT_MS_MAX = 600_000;
const WAIT_ROUND_MS = 500;

/** First three numbers of the /24 that plays the internet. */
export type Subnet = (typeof PREFIXES)[number];

/** What is known of a lab, for a later sweep. `startTicks` tells a process from a later one with its number. */
const LabRecord = z.object({
  pid: z.int(),
  startTicks: z.string(),
  link: z.string(),
  holders: z.array(z.object({ pid: z.int(), startTicks: z.string() })),
});
type LabRecord = z.infer<typeof LabRecord>;

export interface Claim {
  readonly subnet: Subnet;
  /** Name of the interface on the machine that leads to the lab. */
  readonly link: string;
  note(holderPid: number): Promise<void>;
  release(): Promise<void>;
}

/** Start time of a process in clock ticks, or undefined if there is none (field 22 of proc(5) stat). */
async function startTicks(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

async function isAlive(process: { pid: number; startTicks: string }): Promise<boolean> {
  return (await startTicks(process.pid)) === process.startTicks;
}

function fileOf(subnet: string): string {
  return `${DIRECTORY}/${subnet}.json`;
}

async function readRecord(subnet: string): Promise<LabRecord | undefined> {
  const text = await readFile(fileOf(subnet), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return LabRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Takes a free prefix; waits while other labs have all of them. */
export async function claimSubnet(wanted?: Subnet): Promise<Claim> {
  const until = Date.now() + WAIT_MS_MAX;
  while (Date.now() < until) {
    await sweepLabs();
    for (const subnet of wanted === undefined ? PREFIXES : [wanted]) {
      const claim = await tryClaim(subnet);
      if (claim !== undefined) return claim;
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_ROUND_MS));
  }
  throw new Error(`Every test prefix is taken by another lab; see the files in ${DIRECTORY}.`);
}

async function tryClaim(subnet: Subnet): Promise<Claim | undefined> {
  if (await isRouted(subnet)) return undefined;
  await mkdir(DIRECTORY, { recursive: true });
  const file = await open(fileOf(subnet), 'wx').catch(() => undefined);
  if (file === undefined) return undefined;
  const link = `lab${PREFIXES.indexOf(subnet)}-${process.pid % 1_000_000}`;
  const record: LabRecord = {
    pid: process.pid,
    startTicks: (await startTicks(process.pid)) ?? '',
    link,
    holders: [],
  };
  const save = async () => {
    await file.truncate(0);
    await file.write(JSON.stringify(record), 0);
  };
  await save();
  return {
    subnet,
    link,
    note: async (pid) => {
      record.holders.push({ pid, startTicks: (await startTicks(pid)) ?? '' });
      await save();
    },
    release: async () => {
      await file.close();
      await rm(fileOf(subnet), { force: true });
    },
  };
}

/** True if the machine itself has an address or a route there: then it is no test prefix here. */
async function isRouted(subnet: Subnet): Promise<boolean> {
  const routes = await check(['ip', '-4', 'route', 'show', 'root', `${subnet}.0/24`]);
  return routes.split('\n').some((line) => line.startsWith(subnet));
}

/** Removes what killed labs left; answers their prefixes. */
export async function sweepLabs(): Promise<readonly string[]> {
  const names = await readdir(DIRECTORY).catch(() => []);
  const swept: string[] = [];
  for (const name of names.filter((file) => file.endsWith('.json'))) {
    const subnet = name.slice(0, -'.json'.length);
    if (await sweepLab(subnet)) swept.push(subnet);
  }
  return swept;
}

async function sweepLab(subnet: string): Promise<boolean> {
  const record = await readRecord(subnet);
  if (record === undefined || (await isAlive(record))) return false;
  for (const holder of record.holders) if (await isAlive(holder)) process.kill(holder.pid, 'SIGKILL');
  await execute(['ip', 'link', 'del', record.link]);
  await rm(fileOf(subnet), { force: true });
  return true;
}
