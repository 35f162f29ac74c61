/**
 * A host that holds state: it takes the agent's steps as a kernel, WireGuard and nftables would, refuses those that they
 * would refuse, and says which packets would pass. It knows nothing of plans.
 */

import type { Firewall } from '../../edge-agent/plan/firewall.ts';
import { sortPrefixes } from '../../edge-agent/plan/intervals.ts';
import type { HostState, InterfaceState, PeerState, RouteState } from '../../edge-agent/plan/state.ts';
import type { Step, StepKind, StepOf } from '../../edge-agent/plan/steps.ts';
import { containsAddress, parseAddress, parsePrefix } from '../../protocol/address.ts';
import { type Packet, permits } from './firewall-verdict.ts';

const DEFAULT_SYSCTLS = { rp_filter: '0', send_redirects: '1' };

interface Kept {
  readonly interfaces: Map<string, InterfaceState>;
  routes: RouteState[];
  readonly unreachable: Set<string>;
  firewall: Firewall | undefined;
  translation: string;
  readonly sysctls: Map<string, string>;
}

type Take = { readonly [Kind in StepKind]: (kept: Kept, step: StepOf<Kind>) => void };

const TAKE: Take = {
  loadFirewall: (kept, { firewall }) => {
    kept.firewall = firewall;
  },
  flushConntrack: (kept, { translation }) => {
    kept.translation = translation;
  },
  setSysctl: (kept, { key, value }) => {
    if (!kept.sysctls.has(key)) throw new Error(`no such setting: ${key}`);
    kept.sysctls.set(key, value);
  },
  createInterface: (kept, { name }) => {
    dropDevice(kept, name);
    for (const [key, value] of Object.entries(DEFAULT_SYSCTLS))
      kept.sysctls.set(`net.ipv4.conf.${name}.${key}`, value);
    const fresh = {
      link: 'down',
      publicKey: '',
      listenPort: 40_000,
      mtu: 1500,
      addresses: [],
      peers: [],
    } as const;
    kept.interfaces.set(name, fresh);
  },
  configureInterface: (kept, { name, publicKey, listenPort = 40_000 }) =>
    change(kept, name, (device) => ({ ...device, publicKey, listenPort })),
  configurePeers: (kept, { name, peers }) => change(kept, name, (device) => peers.reduce(withPeer, device)),
  removePeers: (kept, { name, publicKeys }) =>
    change(kept, name, (device) => {
      if (publicKeys.some((key) => !device.peers.some(({ publicKey }) => publicKey === key)))
        throw new Error('no such peer');
      return { ...device, peers: device.peers.filter(({ publicKey }) => !publicKeys.includes(publicKey)) };
    }),
  setMtu: (kept, { name, mtu }) => change(kept, name, (device) => ({ ...device, mtu })),
  addAddress: (kept, { name, address }) =>
    change(kept, name, (device) => ({ ...device, addresses: [...device.addresses, address].sort() })),
  removeAddress: (kept, { name, address }) =>
    change(kept, name, (device) => {
      if (!device.addresses.includes(address)) throw new Error(`no such address: ${address}`);
      return { ...device, addresses: device.addresses.filter((each) => each !== address) };
    }),
  raise: (kept, { name }) => change(kept, name, (device) => ({ ...device, link: 'up' })),
  blockPrefix: (kept, { prefix }) => {
    kept.unreachable.add(prefix);
  },
  unblockPrefix: (kept, { prefix }) => {
    if (!kept.unreachable.delete(prefix)) throw new Error(`no such route: unreachable ${prefix}`);
  },
  replaceRoute: (kept, { route }) => {
    if (kept.interfaces.get(route.device)?.link !== 'up') throw new Error(`${route.device} is down`);
    kept.routes = [...kept.routes.filter(({ prefix }) => prefix !== route.prefix), route];
  },
  removeRoute: (kept, { route }) => {
    const rest = kept.routes.filter(
      ({ prefix, device }) => prefix !== route.prefix || device !== route.device,
    );
    if (rest.length === kept.routes.length) throw new Error(`no such route: ${route.prefix}`);
    kept.routes = rest;
  },
  primeTunnel: (kept, { name }) => {
    if (kept.interfaces.get(name)?.link !== 'up') throw new Error(`${name} is down`);
  },
  removeInterface: (kept, { name }) => {
    if (!kept.interfaces.has(name)) throw new Error(`no such device: ${name}`);
    dropDevice(kept, name);
  },
  removeFirewall: (kept) => {
    kept.firewall = undefined;
  },
};

function dropDevice(kept: Kept, name: string): void {
  kept.interfaces.delete(name);
  kept.routes = kept.routes.filter(({ device }) => device !== name);
  for (const key of kept.sysctls.keys())
    if (key.startsWith(`net.ipv4.conf.${name}.`)) kept.sysctls.delete(key);
}

function change(kept: Kept, name: string, apply: (device: InterfaceState) => InterfaceState): void {
  const device = kept.interfaces.get(name);
  if (!device) throw new Error(`no such device: ${name}`);
  kept.interfaces.set(name, apply(device));
}

/** As WireGuard does it: a prefix has one owner, the last that it was given to; an unnamed endpoint stays. */
function withPeer(device: InterfaceState, peer: PeerState): InterfaceState {
  const before = device.peers.find(({ publicKey }) => publicKey === peer.publicKey);
  const others = device.peers
    .filter((each) => each !== before)
    .map((each) => {
      return { ...each, allowedIps: each.allowedIps.filter((prefix) => !peer.allowedIps.includes(prefix)) };
    });
  const endpoint = peer.endpoint ?? before?.endpoint;
  const after = { ...peer, ...(endpoint === undefined ? {} : { endpoint }) };
  return { ...device, peers: [...others, after].sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1)) };
}

/** A packet that came from a peer, or from the LAN if `peer` is absent. */
export interface Probe extends Packet {
  readonly peer?: string;
}

export class FakeHost {
  readonly #kept: Kept = {
    interfaces: new Map(),
    routes: [],
    unreachable: new Set(),
    firewall: undefined,
    translation: '',
    sysctls: new Map([
      ['net.ipv4.ip_forward', '0'],
      ['net.ipv4.conf.all.send_redirects', '1'],
    ]),
  };

  /** Throws where the real thing would refuse. */
  take<Kind extends StepKind>(step: StepOf<Kind> & Step): void {
    // Indexed by the very kind that the step has; TypeScript cannot follow that through a union.
    const take = TAKE[step.kind] as Take[StepKind] as (kept: Kept, step: Step) => void;
    take(this.#kept, step);
  }

  takeAll(steps: readonly Step[]): this {
    for (const step of steps) this.take(step);
    return this;
  }

  observe(): HostState {
    const { interfaces, routes, unreachable, firewall, translation, sysctls } = this.#kept;
    return {
      interfaces: Object.fromEntries([...interfaces].sort(([a], [b]) => (a < b ? -1 : 1))),
      routes: [...routes].sort((a, b) => (a.prefix < b.prefix ? -1 : 1)),
      unreachable: sortPrefixes([...unreachable]),
      sysctls: Object.fromEntries([...sysctls].sort(([a], [b]) => (a < b ? -1 : 1))),
      ...(firewall ? { firewall: { hash: firewall.hash, translation } } : {}),
    };
  }

  /** Somebody else deletes our table. */
  loseFirewall(): void {
    this.#kept.firewall = undefined;
  }

  /** A daemon ends: its device, the routes and the settings are gone. */
  loseInterface(name: string): void {
    dropDevice(this.#kept, name);
  }

  /** Where a packet would end up: the peer that gets it, `lan`, or undefined if it is dropped. */
  delivers(probe: Probe): string | undefined {
    if (this.#kept.sysctls.get('net.ipv4.ip_forward') !== '1') return undefined;
    if (probe.peer !== undefined && !this.#accepts(probe.peer, probe.source)) return undefined;
    const firewall = this.#kept.firewall;
    if (firewall && !permits(firewall.rules, probe)) return undefined;
    return probe.peer !== undefined && firewall?.rules.role === 'edge'
      ? 'lan'
      : this.#owner(probe.destination);
  }

  #accepts(peer: string, source: string): boolean {
    return this.#up().some(([, { peers }]) => ownerOf(peers, source)?.publicKey === peer);
  }

  #owner(destination: string): string | undefined {
    const device = longest(this.#kept.routes, destination)?.device;
    const found = this.#up().find(([name]) => name === device);
    return found && ownerOf(found[1].peers, destination)?.publicKey;
  }

  #up(): [string, InterfaceState][] {
    return [...this.#kept.interfaces].filter(([, { link }]) => link === 'up');
  }
}

function ownerOf(peers: readonly PeerState[], address: string): PeerState | undefined {
  const entries = peers.flatMap((peer) => peer.allowedIps.map((prefix) => ({ prefix, peer })));
  return longest(entries, address)?.peer;
}

function longest<Entry extends { readonly prefix: string }>(
  entries: readonly Entry[],
  address: string,
): Entry | undefined {
  const value = parseAddress(address);
  return entries
    .filter(({ prefix }) => containsAddress(parsePrefix(prefix), value))
    .sort((a, b) => parsePrefix(b.prefix).length - parsePrefix(a.prefix).length)[0];
}
