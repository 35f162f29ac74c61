/**
 * The plan: from what should be and what is, the steps between. Narrow, then the firewall, then widen:
 * first prefixes are taken from peers that lose them, then the final filter is loaded, and only then anything is added.
 * So at each point no more passes than the old state or the new one allows. What is right already gets no step.
 */
import type { DesiredState, HostState, InterfaceState, PeerState, RouteState } from './state.ts';
import { PEERS_PER_STEP, type PeerReason, type Step } from './steps.ts';

export function planSteps(desired: DesiredState, before: HostState): Step[] {
  const names = Object.keys(desired.interfaces).sort();
  const narrowing = narrowSteps(desired, before);
  const observed = narrowed(desired, before);
  const gone = Object.keys(observed.interfaces).filter((name) => !desired.interfaces[name]);
  return [
    ...narrowing,
    ...firewallSteps(desired, observed),
    ...blockSteps('blockPrefix', desired, observed),
    ...sysctlSteps(desired, observed, (key) => !names.some((name) => isOf(key, name))),
    ...names.flatMap((name) => interfaceSteps({ name, desired, observed })),
    ...routeSteps(desired, observed),
    ...names.flatMap((name) => primeSteps({ name, desired, observed })),
    ...removedRoutes(desired, observed),
    ...blockSteps('unblockPrefix', observed, desired),
    ...names.flatMap((name) => removedAddresses(name, desired.interfaces[name], observed.interfaces[name])),
    ...gone.sort().map((name): Step => ({ kind: 'removeInterface', name })),
    ...(observed.firewall && !desired.firewall ? [{ kind: 'removeFirewall' } as const] : []),
  ];
}

/** A new firewall holds for running connections too; tracked ones are dropped only if addresses are translated anew. */
function firewallSteps({ firewall }: DesiredState, { firewall: loaded }: HostState): Step[] {
  if (!firewall) return [];
  const { translation, translated } = firewall;
  const load: Step[] = firewall.hash === loaded?.hash ? [] : [{ kind: 'loadFirewall', firewall }];
  const flush: Step[] =
    translation === loaded?.translation
      ? []
      : [{ kind: 'flushConntrack', prefixes: translated, translation }];
  return [...load, ...flush];
}

function isOf(key: string, name: string): boolean {
  return key.startsWith(`net.ipv4.conf.${name}.`);
}

function sysctlSteps(desired: DesiredState, observed: HostState, wanted: (key: string) => boolean): Step[] {
  return Object.entries(desired.sysctls)
    .filter(([key, value]) => wanted(key) && observed.sysctls[key] !== value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ kind: 'setSysctl', key, value }));
}

/** Devices that go without a successor, peers that go, and prefixes that a peer gives up. */
function narrowSteps(desired: DesiredState, observed: HostState): Step[] {
  return Object.keys(observed.interfaces)
    .sort()
    .flatMap((name): Step[] => {
      const want = desired.interfaces[name];
      const have = observed.interfaces[name];
      if (isLast(desired)) return [{ kind: 'removeInterface', name }];
      if (!want || !have) return [];
      const wanted = byKey(want.peers);
      const removed = have.peers.filter(({ publicKey }) => !wanted.has(publicKey));
      const withdrawn = narrowedPeers(want, have).filter((peer) => !have.peers.includes(peer));
      return [
        ...chunks(removed).map(
          (peers): Step => ({ kind: 'removePeers', name, publicKeys: peers.map(keyOf) }),
        ),
        ...peerSteps(name, withdrawn, 'withdraw'),
      ];
    });
}

/** The state after those steps. */
function narrowed(desired: DesiredState, observed: HostState): HostState {
  if (isLast(desired)) return { ...observed, interfaces: {}, routes: [] };
  const interfaces = Object.entries(observed.interfaces).map(([name, have]) => {
    const want = desired.interfaces[name];
    return [name, want ? { ...have, peers: narrowedPeers(want, have) } : have] as const;
  });
  return { ...observed, interfaces: Object.fromEntries(interfaces) };
}

/** If no tunnel is to remain, there is none that a new one could take over from. */
function isLast({ interfaces }: DesiredState): boolean {
  return Object.keys(interfaces).length === 0;
}

/**
 * Peers that stay, with the prefixes that they keep; one that gives up nothing is the same value as before. What goes to another peer of the same owner is not taken
 * away first: WireGuard moves it when the other one gets it, and nobody else may use it in between.
 */
function narrowedPeers(want: InterfaceState, have: InterfaceState): PeerState[] {
  const wanted = byKey(want.peers);
  return have.peers.flatMap((peer) => {
    const after = wanted.get(peer.publicKey);
    const allowed = new Set(after && prefixesOfOwner(after, want.peers));
    const kept = peer.allowedIps.filter((prefix) => allowed.has(prefix));
    if (!after) return [];
    return kept.length === peer.allowedIps.length ? peer : { ...peer, allowedIps: kept };
  });
}

function prefixesOfOwner({ owner, allowedIps }: PeerState, peers: readonly PeerState[]): readonly string[] {
  if (owner === undefined) return allowedIps;
  return peers.flatMap((peer) => (peer.owner === owner ? peer.allowedIps : []));
}

function keyOf({ publicKey }: PeerState): string {
  return publicKey;
}

interface Where {
  readonly name: string;
  readonly desired: DesiredState;
  readonly observed: HostState;
}

function interfaceSteps({ name, desired, observed }: Where): Step[] {
  const want = desired.interfaces[name];
  const have = observed.interfaces[name];
  if (!want) return [];
  const missing = want.addresses.filter((address) => !have?.addresses.includes(address));
  const sysctls = sysctlSteps(desired, have ? observed : { ...observed, sysctls: {} }, (key) =>
    isOf(key, name),
  );
  return [
    ...(have ? [] : [{ kind: 'createInterface', name } as const]),
    ...(have && isConfigured(want, have) ? [] : [configure(name, want)]),
    ...peerSteps(name, changedPeers(want, have), 'set'),
    ...(have?.mtu === want.mtu ? [] : [{ kind: 'setMtu', name, mtu: want.mtu } as const]),
    ...missing.map((address): Step => ({ kind: 'addAddress', name, address })),
    ...sysctls,
    ...(have?.link === 'up' ? [] : [{ kind: 'raise', name } as const]),
  ];
}

function configure(name: string, { publicKey, listenPort }: InterfaceState): Step {
  return { kind: 'configureInterface', name, publicKey, ...(listenPort === undefined ? {} : { listenPort }) };
}

function isConfigured(want: InterfaceState, have: InterfaceState): boolean {
  const port = want.listenPort === undefined || want.listenPort === have.listenPort;
  return want.publicKey === have.publicKey && port;
}

/** Whoever takes over comes before who hands over. */
function changedPeers(want: InterfaceState, have?: InterfaceState): PeerState[] {
  const current = byKey(have?.peers ?? []);
  const changed = want.peers.filter((peer) => !isPeer(peer, current.get(peer.publicKey)));
  const isLeft = ({ owner, allowedIps }: PeerState) => owner !== undefined && allowedIps.length === 0;
  return [...changed.filter((peer) => !isLeft(peer)), ...changed.filter(isLeft)];
}

function isPeer(want: PeerState, have: PeerState | undefined): boolean {
  if (!have) return false;
  const endpoint = want.endpoint === undefined || want.endpoint === have.endpoint;
  const prefixes = want.allowedIps.join() === have.allowedIps.join();
  return endpoint && prefixes && want.keepaliveSeconds === have.keepaliveSeconds;
}

function peerSteps(name: string, peers: readonly PeerState[], reason: PeerReason): Step[] {
  return chunks(peers).map((some): Step => ({ kind: 'configurePeers', name, peers: some, reason }));
}

function byKey(peers: readonly PeerState[]): Map<string, PeerState> {
  return new Map(peers.map((peer) => [peer.publicKey, peer]));
}

function chunks<Item>(items: readonly Item[]): Item[][] {
  const starts = Array.from(
    { length: Math.ceil(items.length / PEERS_PER_STEP) },
    (_, index) => index * PEERS_PER_STEP,
  );
  return starts.map((start) => items.slice(start, start + PEERS_PER_STEP));
}

/** What the one state holds unreachable and the other does not. */
function blockSteps(kind: 'blockPrefix' | 'unblockPrefix', some: HostState, other: HostState): Step[] {
  return some.unreachable
    .filter((prefix) => !other.unreachable.includes(prefix))
    .map((prefix) => ({ kind, prefix }));
}

function isRoute(a: RouteState, b: RouteState): boolean {
  return a.prefix === b.prefix && a.device === b.device && a.mtu === b.mtu;
}

/** A device that is not up carries no route, whatever was observed. */
function routeSteps(desired: DesiredState, observed: HostState): Step[] {
  const kept = observed.routes.filter(({ device }) => observed.interfaces[device]?.link === 'up');
  return desired.routes
    .filter((route) => !kept.some((existing) => isRoute(existing, route)))
    .map((route) => ({ kind: 'replaceRoute', route }));
}

/** A replaced route is gone already; any other that is not wanted is removed. */
function removedRoutes(desired: DesiredState, observed: HostState): Step[] {
  const wanted = new Set(desired.routes.map(({ prefix }) => prefix));
  return observed.routes
    .filter(({ prefix }) => !wanted.has(prefix))
    .map((route): Step => ({ kind: 'removeRoute', route }));
}

/** Only who dials out can begin a handshake, and only by sending something. */
function primeSteps({ name, desired, observed }: Where): Step[] {
  const want = desired.interfaces[name];
  if (!want) return [];
  const have = observed.interfaces[name];
  const isRekeyed = have !== undefined && have.publicKey !== want.publicKey;
  const touched = isRekeyed ? want.peers : changedPeers(want, have);
  const dialled = touched.filter(({ endpoint }) => endpoint !== undefined);
  const route = desired.routes.find(({ prefix, device }) => device === name && prefix.endsWith('/32'));
  const address = route?.prefix.replace(/\/32$/, '');
  return dialled.length === 0 || !address ? [] : [{ kind: 'primeTunnel', name, address }];
}

function removedAddresses(name: string, want?: InterfaceState, have?: InterfaceState): Step[] {
  const extra = have?.addresses.filter((address) => !want?.addresses.includes(address)) ?? [];
  return want ? extra.map((address) => ({ kind: 'removeAddress', name, address })) : [];
}
