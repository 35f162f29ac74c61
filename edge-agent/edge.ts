/** What an edge runs beside the loop: probes to its hubs, an ear for their nudges, proofs of isolation, and the process for its clusters. It must not change routes. */
import type { Document } from '../protocol/document.ts';
import type { DevicePeer, Wireguard } from './apply/wireguard.ts';
import type { ClustersProcess } from './clusters-process.ts';
import { readPackets } from './observe/traffic.ts';
import { interfaceName } from './plan/fingerprint.ts';
import { leafOf } from './plan/leaves.ts';
import type { Choice } from './plan/state.ts';
import { beginTraffic, isBusy, nextTraffic } from './plan/traffic.ts';
import { NudgeListener } from './probe/nudge.ts';
import { type HubView, type OwnPackets, Prober } from './probe/prober.ts';
import { ProofAnswerer } from './probe/proof-answerer.ts';
import { ProofAsker } from './probe/proof-asker.ts';
import type { ReadRefused } from './probe/refused-packet.ts';
import type { Role } from './role.ts';
import type { Rotation } from './rotation.ts';
import type { Tuning } from './settings.ts';
import { handshakeAge, type PeerStatus } from './status.ts';

const DNS_PORT = 53;
/** A hub takes a leg for lost after a second (plan/twins.ts): a standby must be asked several times within it. */
const STANDBY_EVERY = 3;

export interface EdgeOptions {
  readonly agent: string;
  readonly tuning: Tuning;
  readonly wireguard: Pick<Wireguard, 'show'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970: handshakes are told in these. */
  readonly wallNow: () => number;
  readonly refused: ReadRefused;
  readonly onPath: () => void;
  readonly onProof: () => void;
  readonly onNudge: () => void;
  readonly clusters: ClustersProcess;
  readonly rotation: Rotation;
}

export function openEdge(options: EdgeOptions): Role {
  const { now, onNudge, onPath, tuning, clusters, rotation } = options;
  const answerer = new ProofAnswerer(options);
  const activeHub = () => prober.view().find(({ name }) => name === prober.active);
  const asker = new ProofAsker({ now, hub: () => activeHub()?.tunnelAddress, onChange: options.onProof });
  const prober: Prober = new Prober({
    settings: tuning,
    now,
    onChange: onPath,
    standbyEvery: STANDBY_EVERY,
    avoided: () => rotation.avoided,
    onRound: () => rotation.tick(prober.view(), prober.active),
    isBusy: watchTraffic(options, () => ({
      hub: prober.active,
      packets: asker.packets + answerer.packets,
    })),
  });
  const listener = new NudgeListener({ now, onNudge });
  return {
    update: (document) => {
      rotation.update(document);
      update(document, prober, listener);
      prove(document, asker, answerer);
      clusters.update(document, activeHub()?.rttMs);
    },
    choice: () => choiceOf(prober, rotation),
    peers: () => Promise.all(prober.view().map((hub) => peerStatus(hub, prober.active, options))),
    silentSites: () => NO_SITES,
    nameHubs: () =>
      [...prober.view()]
        .sort((a, b) => rank(b, prober.active) - rank(a, prober.active))
        .filter(({ state }) => state !== 'down')
        .map(({ tunnelAddress }) => ({ address: tunnelAddress, port: DNS_PORT })),
    ownership: () => undefined,
    clusters: () => clusters.clusters(),
    proofs: () => asker.proofs(),
    findings: () => clusters.findings(),
    isReached: () => prober.view().some(({ state }) => state === 'up'),
    stop: async () => {
      prober.stop();
      listener.stop();
      asker.stop();
      answerer.stop();
      await clusters.stop();
    },
  };
}

const NO_SITES: ReadonlySet<string> = new Set();

function update(document: Document | undefined, prober: Prober, listener: NudgeListener): void {
  const self = document && leafOf(document, 'self');
  if (self === undefined) {
    prober.stop();
    listener.stop();
    return;
  }
  const hubs = (document && leafOf(document, 'hubs')?.hubs) ?? [];
  prober.probe(self.tunnelAddress, hubs);
  listener.listen(self.tunnelAddress, new Set(hubs.map(({ tunnelAddress }) => tunnelAddress)));
}

/** A change of policy may open or close anything, so all is asked again then. */
function prove(document: Document | undefined, asker: ProofAsker, answerer: ProofAnswerer): void {
  const self = document && leafOf(document, 'self');
  const leaf = document && leafOf(document, 'proof');
  if (document === undefined || self === undefined || leaf === undefined) {
    asker.ask(undefined, '', '');
    answerer.stop();
    return;
  }
  answerer.answer(self.tunnelAddress, leaf.address);
  asker.ask(leaf, self.tunnelAddress, JSON.stringify(leafOf(document, 'policy')));
}

/** Tells in every round whether packets pass the tunnels that are not probes. Those of proofs pass the active hub's. */
function watchTraffic(
  { agent, now }: EdgeOptions,
  proofs: () => { readonly hub: string | undefined; readonly packets: number },
): (own: OwnPackets) => boolean {
  let traffic = beginTraffic(now());
  return (own) => {
    const proved = proofs();
    const foreign = Object.entries(own).map(([hub, packets]) => {
      const counted = readPackets(interfaceName(agent, hub));
      const ours = packets + (hub === proved.hub ? proved.packets : 0);
      return [hub, counted === undefined ? undefined : counted - ours] as const;
    });
    traffic = nextTraffic(traffic, now(), Object.fromEntries(foreign));
    return isBusy(traffic, now());
  };
}

function choiceOf(prober: Prober, { keyByHub }: Rotation): Choice {
  const mtuByHub = Object.fromEntries(prober.view().map(({ name, mtuBytes }) => [name, mtuBytes]));
  return {
    mtuByHub,
    ...(prober.active === undefined ? {} : { activeHub: prober.active }),
    ...(keyByHub === undefined ? {} : { keyByHub }),
  };
}

function rank(hub: HubView, active: string | undefined): number {
  return (hub.name === active ? 2 : 0) + (hub.state === 'up' ? 1 : 0);
}

async function peerStatus(
  hub: HubView,
  active: string | undefined,
  options: EdgeOptions,
): Promise<PeerStatus> {
  const device = interfaceName(options.agent, hub.name);
  const shown = await options.wireguard.show(device);
  const peer: DevicePeer | undefined = shown?.peers[0];
  return {
    name: hub.name,
    tunnelAddress: hub.tunnelAddress,
    state: hub.state,
    active: hub.name === active,
    device,
    endpoint: peer?.endpoint,
    handshakeAgeSeconds: handshakeAge(peer?.handshakeSeconds, options.wallNow()),
    probeAgeSeconds: hub.replyAgeMs === undefined ? undefined : hub.replyAgeMs / 1_000,
    rttMs: hub.rttMs,
    mtuBytes: hub.mtuBytes,
    isMtuMeasured: hub.isMtuMeasured,
    receivedBytes: peer?.receivedBytes,
    sentBytes: peer?.sentBytes,
  };
}
