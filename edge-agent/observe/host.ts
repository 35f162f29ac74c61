/** Reads the host into values. It changes nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandResult, Run } from '../apply/command.ts';
import type { Device, WireguardDoor } from '../apply/wireguard.ts';
import { fingerprint } from '../plan/fingerprint.ts';
import { FIREWALL_FILE, readFirewallRecord, TRANSLATION_FILE } from '../plan/runtime.ts';
import {
  DEVICE_PREFIX,
  type FirewallState,
  type HostFacts,
  type HostState,
  type InterfaceState,
  type PeerState,
} from '../plan/state.ts';
import { type LinkState, lanDevicesOf, parseLinks, parseRoutes, type RouteTable } from './addresses.ts';

/** The fingerprint of a table that is not as we loaded it; no real one looks like this. */
const ALTERED = 'altered';

export interface Eyes {
  readonly run: Run;
  readonly wireguard: Pick<WireguardDoor, 'show'> & { readonly implementation: 'kernel' | 'userspace' };
  readonly runtimeDirectory: string;
  /** What the agent knows of itself. */
  readonly self: Pick<HostFacts, 'agent' | 'role' | 'publicKey' | 'spareKeys' | 'controlPlaneAddresses'>;
}

export interface Observation {
  readonly state: HostState;
  readonly facts: HostFacts;
}

/** `/proc` or `ip` could not be read: nothing is known, so nothing may be planned. */
export class ObserveError extends Error {
  readonly code = 'observe.unreadable';
}

export async function observeHost(eyes: Eyes): Promise<Observation> {
  const [links, routes, firewall, resolvers] = await Promise.all([
    outputOf(eyes.run('ip', ['-4', '-j', 'addr', 'show'])).then(parseLinks),
    outputOf(eyes.run('ip', ['-4', '-j', 'route', 'show', 'table', 'main'])).then(parseRoutes),
    observeFirewall(eyes),
    readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
  ]);
  const ours = links.filter(({ name }) => name.startsWith(DEVICE_PREFIX));
  const interfaces = await observeInterfaces(eyes, ours);
  const sysctls = await readSysctls(ours.map(({ name }) => name));
  return {
    state: {
      interfaces,
      routes: routes.ours,
      unreachable: routes.unreachable,
      sysctls,
      ...(firewall ? { firewall } : {}),
    },
    facts: factsOf(eyes, { links, routes, resolvers: parseResolvers(resolvers) }),
  };
}

interface Surroundings {
  readonly links: readonly LinkState[];
  readonly routes: RouteTable;
  readonly resolvers: readonly string[];
}

function factsOf(eyes: Eyes, { links, routes, resolvers }: Surroundings): HostFacts {
  return {
    ...eyes.self,
    implementation: eyes.wireguard.implementation,
    lanDevices: lanDevicesOf(links),
    ...(routes.defaultDevice === undefined ? {} : { defaultDevice: routes.defaultDevice }),
    foreignRoutes: routes.foreign,
    resolvers,
  };
}

/** IPv4 name servers of a resolv.conf, sorted. */
export function parseResolvers(text: string): string[] {
  const found = text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm);
  return [...new Set([...found].flatMap(([, address]) => address ?? []))].sort();
}

/** A device whose daemon does not answer is as good as none: it will be made again. */
async function observeInterfaces(
  eyes: Eyes,
  links: readonly LinkState[],
): Promise<Record<string, InterfaceState>> {
  const found = await Promise.all(
    links.map(async (link) => {
      const device = await eyes.wireguard.show(link.name);
      return device ? ([[link.name, interfaceState(link, device)]] as const) : [];
    }),
  );
  return Object.fromEntries(found.flat());
}

export function interfaceState({ link, mtu, addresses }: LinkState, device: Device): InterfaceState {
  const { publicKey, listenPort, peers } = device;
  return { link, publicKey, listenPort, mtu, addresses, peers: peers.map(peerState) };
}

function peerState({ publicKey, endpoint, allowedIps, keepaliveSeconds }: PeerState): PeerState {
  return {
    publicKey,
    ...(endpoint === undefined ? {} : { endpoint }),
    allowedIps,
    ...(keepaliveSeconds === undefined ? {} : { keepaliveSeconds }),
  };
}

async function observeFirewall({ run, runtimeDirectory }: Eyes): Promise<FirewallState | undefined> {
  const listing = await run('nft', ['-s', 'list', 'table', 'ip', 'isthmus']);
  if (listing.kind === 'not_run') throw new ObserveError(`nft: ${listing.message}`);
  if (listing.code !== 0) return undefined;
  const [record, translation] = await Promise.all(
    [FIREWALL_FILE, TRANSLATION_FILE].map((file) =>
      readFile(join(runtimeDirectory, file), 'utf8').catch(() => ''),
    ),
  );
  const loaded = readFirewallRecord(record ?? '');
  const hash = loaded?.listing === fingerprint(listing.stdout) ? loaded.hash : ALTERED;
  return { hash, translation: translation?.trim() ?? '' };
}

/** Only the settings that a plan may want. */
async function readSysctls(devices: readonly string[]): Promise<Record<string, string>> {
  const keys = [
    'net.ipv4.ip_forward',
    'net.ipv4.conf.all.send_redirects',
    ...devices.flatMap((device) =>
      ['rp_filter', 'send_redirects'].map((key) => `net.ipv4.conf.${device}.${key}`),
    ),
  ];
  const read = keys.map(async (key) => {
    const text = await readFile(`/proc/sys/${key.replaceAll('.', '/')}`, 'utf8').catch(() => undefined);
    return text === undefined ? [] : [[key, text.trim()] as const];
  });
  return Object.fromEntries((await Promise.all(read)).flat());
}

async function outputOf(running: Promise<CommandResult>): Promise<string> {
  const result = await running;
  if (result.kind === 'not_run') throw new ObserveError(result.message);
  if (result.code !== 0) throw new ObserveError(result.stderr.trim());
  return result.stdout;
}
