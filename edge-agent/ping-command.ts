/**
 * `edge-agent ping`: packets from this host, now. A hub is asked by the agent's own probes, which its responder answers in
 * full length; any other address by ICMP echo. Routes decide on the way, as they do for everything else. It changes nothing.
 */
import { isAddressIn, parsePrefix, readAddress } from '../protocol/address.ts';
import { run } from './apply/command.ts';
import { type Installed, openDocuments, type Shown } from './inspect-command.ts';
import { type LinkState, parseLinks } from './observe/addresses.ts';
import { askEchoes, type Echoes } from './observe/echo.ts';
import { observeWay, type Way } from './observe/way.ts';
import { SMALLEST_BYTES } from './ping-limits.ts';
import { adviceOf, isFine, type Measured, pingText, roundTripsOf, type SizeMeasured } from './ping-words.ts';
import { leafOf } from './plan/leaves.ts';
import { beginSearch, nextSize, withAnswer } from './plan/size-search.ts';
import { DEVICE_PREFIX } from './plan/state.ts';
import { askHub } from './probe/hub-question.ts';
import { askStatus } from './socket.ts';
import type { Status } from './status.ts';

const EXIT = { failed: 1, usage: 2, notRunning: 3 } as const;
/** A size passes if one of so many is answered: loss by chance is no size. */
const TRIES = 3;

export interface PingOptions {
  readonly size?: number;
  readonly count: number;
  readonly json?: true;
}

interface Target {
  readonly address: string;
  readonly by: Measured['by'];
}

/** From here to the target, with what both ends and the way are. */
interface Line extends Target {
  readonly way: Way;
  readonly source: string | undefined;
  readonly deviceBytes: number;
}

export async function showPing(installed: Installed, target: string, options: PingOptions): Promise<Shown> {
  const status = await askStatus(installed.paths.socket);
  if (status === undefined)
    return shown(
      'The agent does not answer: start it (systemctl start isthmus-agent), and ask as root.',
      EXIT.notRunning,
    );
  const found = targetOf(target, status, twinsOf(installed));
  if (typeof found === 'string') return shown(found, EXIT.usage);
  const line = await lineTo(found, status);
  if (typeof line === 'string') return shown(line, EXIT.failed);
  const measured = await measure({ target, line, status }, options);
  if (typeof measured === 'string') return shown(measured, EXIT.failed);
  const text = options.json
    ? JSON.stringify({ ...measured, advice: adviceOf(measured) }, null, 2)
    : pingText(measured);
  return shown(text, isFine(measured) ? 0 : EXIT.failed);
}

function shown(text: string, exitCode: number): Shown {
  return { text, exitCode };
}

interface Hub {
  readonly name: string;
  readonly tunnelAddress: string;
}

function twinsOf(installed: Installed): readonly Hub[] {
  const document = openDocuments(installed).inForce();
  return (document && leafOf(document, 'twins')?.hubs) ?? [];
}

/** Hubs have responders; edges and everything behind them answer ICMP alone. */
function targetOf(target: string, { role, peers }: Status, twins: readonly Hub[]): Target | string {
  const isIt = ({ name, tunnelAddress }: Hub) => name === target || tunnelAddress === target;
  const hub = (role === 'edge' ? peers : twins).find(isIt);
  if (hub !== undefined) return { address: hub.tunnelAddress, by: 'probe' };
  const peer = peers.find(isIt);
  if (peer !== undefined) return { address: peer.tunnelAddress, by: 'icmp' };
  if (typeof readAddress(target) !== 'string') return { address: target, by: 'icmp' };
  const names = [...peers, ...twins].map(({ name }) => name).sort();
  return `${target} is neither an IPv4 address nor one of ${names.join(', ') || 'the peers of this host, of which there are none'}.`;
}

async function lineTo(target: Target, status: Status): Promise<Line | string> {
  const first = await observeWay(run, target.address);
  if (first === undefined) return `No route of this host leads to ${target.address}: see edge-agent plan.`;
  const listed = await run('ip', ['-4', '-j', 'addr', 'show']);
  const links = listed.kind === 'exited' && listed.code === 0 ? parseLinks(listed.stdout) : [];
  const source = sourceOf(target, { status, links, way: first });
  if (source === undefined)
    return 'This host has no address in the prefixes that its site shares, and hubs pass nothing else between sites: ping from a host of the LAN.';
  const linkBytes = links.find(({ name }) => name === first.device)?.mtu ?? first.mtuBytes ?? SMALLEST_BYTES;
  return { ...target, way: first, source, deviceBytes: Math.min(linkBytes, first.mtuBytes ?? linkBytes) };
}

interface Here {
  readonly status: Status;
  readonly links: readonly LinkState[];
  readonly way: Way;
}

function sourceOf({ by }: Target, { status, links, way }: Here): string | undefined {
  if (by === 'icmp' && !way.device.startsWith(DEVICE_PREFIX)) return way.source;
  return by === 'icmp' && status.role === 'edge' ? sharedAddress(status, links) : status.tunnelAddress;
}

/** Sites see each other's shared addresses, not the tunnel addresses of edges. */
function sharedAddress({ prefixes }: Status, links: readonly LinkState[]): string | undefined {
  const real = prefixes.map((mapping) => parsePrefix(mapping.real));
  return links
    .filter(({ name }) => !name.startsWith(DEVICE_PREFIX))
    .flatMap(({ addresses }) => addresses.map((one) => one.split('/')[0] ?? ''))
    .find((address) => isAddressIn(address, real));
}

interface Question {
  readonly target: string;
  readonly line: Line;
  readonly status: Status;
}

async function measure({ target, line, status }: Question, options: PingOptions): Promise<Measured | string> {
  const echoes = await ask(line, { count: options.count, sizeBytes: SMALLEST_BYTES });
  if (typeof echoes === 'string') return echoes;
  const { address, by, way, source } = line;
  const hub = status.peers.find(({ device }) => status.role === 'edge' && device === way.device);
  const size =
    options.size === undefined || echoes.answered === 0 ? undefined : await measureSize(line, options.size);
  if (typeof size === 'string') return size;
  return {
    ...{ target, address, by, device: way.device, source, hub: hub?.name, activeHub: status.activeHub },
    way: way.device.startsWith(DEVICE_PREFIX) ? 'tunnel' : 'outside',
    ...{ sent: echoes.sent, answered: echoes.answered, rttMs: echoes.rttMs },
    ...(size === undefined ? {} : { size: { ...size, clampedBytes: hub?.mtuBytes } }),
  };
}

async function measureSize(line: Line, askedBytes: number): Promise<SizeMeasured | string> {
  const { deviceBytes } = line;
  // A larger one would be cut up on this host, which shows nothing.
  let search = beginSearch(SMALLEST_BYTES, Math.min(askedBytes, deviceBytes));
  for (let size = nextSize(search); size !== undefined; size = nextSize(search)) {
    const echoes = await ask(line, { count: TRIES, sizeBytes: size, enough: 1 });
    if (typeof echoes === 'string') return echoes;
    search = withAnswer(search, size, { passes: echoes.answered > 0, mtuBytes: echoes.mtuBytes });
  }
  return { askedBytes, largestBytes: search.passes, deviceBytes };
}

interface Packets {
  readonly count: number;
  readonly sizeBytes: number;
  readonly enough?: number;
}

async function ask({ by, address: to, source: from }: Line, packets: Packets): Promise<Echoes | string> {
  if (by === 'icmp' || from === undefined) return askEchoes(run, { to, from, ...packets });
  const times = await askHub({ to, from, ...packets }, () => performance.now());
  return { sent: packets.count, answered: times.length, rttMs: roundTripsOf(times) };
}
