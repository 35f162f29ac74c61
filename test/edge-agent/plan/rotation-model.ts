/**
 * A rotation as a whole, without packets: an edge with its ring and its legs, hubs with the documents that they have applied, and the control plane's keys of the edge.
 * Each part goes on by itself, by the very functions that decide in the agent and in the control plane.
 */
import { edgePeers, holdersOf, keyInUse, newestKey } from '../../../edge-agent/plan/edge-peers.ts';
import { keysToSwitch, type RingView, ringStep } from '../../../edge-agent/plan/key-ring.ts';
import { NOT_BEGUN, nextSwitch, type SwitchState } from '../../../edge-agent/plan/key-switch.ts';
import { NO_PATH, nextPath, type PathState, withHubs } from '../../../edge-agent/plan/path.ts';
import type { PeerState } from '../../../edge-agent/plan/state.ts';
import { judgeKeys, type KeyState } from '../../../functions/domain/edge-keys.ts';
import type { PeerLeaf } from '../../../protocol/document.ts';
import type { KeyOrder } from '../../../protocol/rotation.ts';

const TICK_MS = 100;
const WANTED = 2;

export type Action =
  | {
      readonly kind: 'hubFetches' | 'hubLooks' | 'hubRestarts' | 'hubFalls' | 'hubRises';
      readonly hub: number;
    }
  | { readonly kind: 'edgeFetches' | 'edgeTicks' | 'edgeRestarts' | 'edgeReports' };

interface Hub {
  readonly name: string;
  leaf: PeerLeaf;
  isRunning: boolean;
  peers: readonly PeerState[];
  chosen: string | undefined;
  mark: string | undefined;
  readonly handshakes: Map<string, number>;
  heardMs: number | undefined;
}

export class RotationModel {
  plane: KeyState = { wireguardKey: 'K1', features: ['two_keys'] };
  ring: RingView = { present: 'K1' };
  readonly hubs: Hub[];
  readonly legs = new Map<string, string>();
  path: PathState = NO_PATH;
  #order: KeyOrder | undefined;
  #switch: SwitchState = NOT_BEGUN;
  #avoided: string | undefined;
  #nowMs = 0;
  #made = 1;

  constructor(hubs: number) {
    const names = Array.from({ length: hubs }, (_, index) => `hub${index}`);
    this.hubs = names.map((name) => ({
      ...{ name, leaf: this.#leaf(), isRunning: true, chosen: undefined, mark: undefined },
      ...{ peers: edgePeers(this.#leaf(), 'K1'), handshakes: new Map([['K1', 0]]), heardMs: 0 },
    }));
    for (const name of names) this.legs.set(name, 'K1');
    this.path = withHubs(NO_PATH, names);
    this.#probe();
  }

  /** Whose packets from the edge this hub takes. */
  takes(hub: Hub): boolean {
    const key = this.legs.get(hub.name);
    return hub.isRunning && hub.peers.some((peer) => peer.publicKey === key && peer.allowedIps.length > 0);
  }

  do(action: Action): void {
    const hub = 'hub' in action ? this.hubs[action.hub % this.hubs.length] : undefined;
    if (action.kind === 'edgeFetches') this.#edgeFetches();
    if (action.kind === 'edgeTicks') this.#edgeTicks();
    if (action.kind === 'edgeReports') this.#edgeReports();
    if (action.kind === 'edgeRestarts') {
      this.#switch = NOT_BEGUN;
      this.#avoided = undefined;
    }
    if (hub === undefined) return;
    if (action.kind === 'hubFalls') hub.isRunning = false;
    if (action.kind === 'hubRises') hub.isRunning = true;
    if (!hub.isRunning) return;
    if (action.kind === 'hubFetches') this.#hubApplies(hub, this.#leaf());
    if (action.kind === 'hubRestarts') {
      hub.chosen = undefined;
      hub.mark = undefined;
      this.#hubApplies(hub, hub.leaf);
    }
    if (action.kind === 'hubLooks') this.#hubLooks(hub);
  }

  #leaf(): PeerLeaf {
    const { wireguardKey: publicKey, nextKey } = this.plane;
    return {
      ...{
        kind: 'peer',
        tenant: 'acme',
        site: 'berlin',
        edge: 'berlin',
        agent: 'edge.acme.berlin',
        publicKey,
      },
      ...(nextKey === undefined ? {} : { nextKey: nextKey.publicKey }),
      ...{ tunnelAddress: '100.64.1.1', virtual: ['100.65.0.0/24'], native: [] },
    };
  }

  #hubApplies(hub: Hub, leaf: PeerLeaf): void {
    hub.leaf = leaf;
    hub.peers = edgePeers(leaf, keyInUse(leaf, hub.chosen, holdersOf(hub.peers)));
  }

  #hubLooks(hub: Hub): void {
    const known = hub.peers.some(({ publicKey }) => publicKey === hub.leaf.nextKey);
    hub.mark = known ? hub.leaf.nextKey : undefined;
    if (!known) return;
    hub.chosen = newestKey(hub.leaf, hub.handshakes);
    this.#hubApplies(hub, hub.leaf);
  }

  #edgeFetches(): void {
    const { wireguardKey: present, nextKey, key } = this.plane;
    const rotate = (key?.number ?? 1) < WANTED;
    this.#order = { present, ...(nextKey === undefined ? {} : { next: nextKey.publicKey }), rotate };
    for (
      let step = ringStep(this.ring, this.#order);
      step !== undefined;
      step = ringStep(this.ring, this.#order)
    ) {
      if (step === 'make') this.ring = { ...this.ring, next: `K${(this.#made += 1)}` };
      if (step === 'promote') this.#promote();
      if (step === 'discard_next') this.ring = { ...this.ring, next: undefined };
      if (step === 'forget_old') this.ring = { ...this.ring, old: undefined };
    }
    if (keysToSwitch(this.ring, this.#order) !== undefined) return;
    this.#switch = NOT_BEGUN;
    this.#avoided = undefined;
    for (const { name } of this.hubs) this.legs.set(name, this.ring.present);
  }

  #promote(): void {
    const { present, next = present } = this.ring;
    this.ring = { present: next, old: present };
  }

  #edgeTicks(): void {
    this.#nowMs += TICK_MS;
    this.#probe();
    const keys = keysToSwitch(this.ring, this.#order);
    if (keys === undefined) return;
    const legs = this.hubs.map(({ name, heardMs, mark }) => ({
      ...{ hub: name, key: this.legs.get(name), isUp: this.path.hubs[name]?.state === 'up', heardMs },
      accepts: mark === keys.target,
    }));
    const step = nextSwitch(this.#switch, { legs, active: this.path.active, nowMs: this.#nowMs, ...keys });
    this.#switch = step.state;
    this.#avoided = step.avoided;
    for (const [hub, key] of Object.entries(step.keyByHub)) this.legs.set(hub, key);
    if (step.isDone && this.ring.next === keys.target) this.#promote();
  }

  /** A packet each way on each leg: a handshake where the key of the leg is another one, then a question and its answer. */
  #probe(): void {
    for (const hub of this.hubs) {
      const key = this.legs.get(hub.name) ?? '';
      const isKnown = hub.isRunning && hub.peers.some(({ publicKey }) => publicKey === key);
      const newest = Math.max(...hub.handshakes.values());
      if (isKnown && (hub.handshakes.get(key) ?? -1) < newest) hub.handshakes.set(key, this.#nowMs);
      if (this.takes(hub)) hub.heardMs = this.#nowMs;
    }
    const answered = this.hubs.filter((hub) => this.takes(hub)).map(({ name }) => name);
    const settings = { missesToDown: 3, goodToReturn: 3, avoided: this.#avoided };
    this.path = nextPath(this.path, { answered, late: false }, settings);
  }

  #edgeReports(): void {
    const { present, next } = this.ring;
    const rotation = next !== undefined && this.#order?.rotate === true ? { nextKey: next } : undefined;
    const told = { wireguardKey: present, ...(rotation === undefined ? {} : { rotation }) };
    const now = new Date(this.#nowMs).toISOString();
    this.plane = { ...this.plane, ...judgeKeys(this.plane, told, { wanted: WANTED, now }).keys };
  }
}
