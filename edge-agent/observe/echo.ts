/** ICMP echo by the system's `ping`, never fragmented on its way there: its arguments and what it prints. The answer may come back in fragments: that is the other end's choice. */
import type { CommandResult, Run } from '../apply/command.ts';

const IP_AND_ICMP_BYTES = 28;
const INTERVAL_SECONDS = 0.2;
const WAIT_SECONDS = 1;
const START_MS = 5_000;
/** `env` could not find what it is to start. */
const NOT_FOUND = 127;

export interface Echoes {
  readonly sent: number;
  readonly answered: number;
  readonly rttMs?: RoundTrips | undefined;
  /** The smallest MTU that a router or the kernel told of. */
  readonly mtuBytes?: number | undefined;
}

export interface RoundTrips {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
}

export interface EchoQuestion {
  readonly to: string;
  /** The address to send from; routes decide on the device all the same. Absent: the kernel chooses. */
  readonly from?: string | undefined;
  readonly count: number;
  /** Of the IP packet. */
  readonly sizeBytes: number;
}

/** What came back, or why nothing could be asked. */
export async function askEchoes(run: Run, question: EchoQuestion): Promise<Echoes | string> {
  const timeoutMs = START_MS + 1_000 * (question.count * INTERVAL_SECONDS + WAIT_SECONDS);
  return readEchoes(await run('env', echoWords(question), { timeoutMs }));
}

function echoWords({ to, from, count, sizeBytes }: EchoQuestion): string[] {
  const source = from === undefined ? [] : ['-I', from];
  const pace = ['-c', `${count}`, '-i', `${INTERVAL_SECONDS}`, '-W', `${WAIT_SECONDS}`];
  return [
    'LC_ALL=C',
    'ping',
    '-n',
    '-M',
    'do',
    ...pace,
    '-s',
    `${sizeBytes - IP_AND_ICMP_BYTES}`,
    ...source,
    to,
  ];
}

export function readEchoes(result: CommandResult): Echoes | string {
  if (result.kind === 'not_run') return `ping could not be run: ${result.message}`;
  if (result.code === NOT_FOUND) return 'There is no ping on this host: apt-get install iputils-ping';
  const told = parseEchoes(`${result.stdout}\n${result.stderr}`);
  return told ?? `ping failed: ${result.stderr.trim().slice(0, 200)}`;
}

/** Of iputils' `ping`; undefined if it never got so far as to send. */
export function parseEchoes(text: string): Echoes | undefined {
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(text);
  if (counts === null) return undefined;
  const [, min, avg, max] = /min\/avg\/max(?:\/mdev)? = ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(text) ?? [];
  const mtus = [...text.matchAll(/mtu ?= ?(\d+)/g)].map((match) => Number(match[1])).filter((mtu) => mtu > 0);
  return {
    sent: Number(counts[1]),
    answered: Number(counts[2]),
    ...(min === undefined ? {} : { rttMs: { min: Number(min), avg: Number(avg), max: Number(max) } }),
    ...(mtus.length === 0 ? {} : { mtuBytes: Math.min(...mtus) }),
  };
}
