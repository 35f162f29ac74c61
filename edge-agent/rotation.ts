/**
 * The rotation of an edge's WireGuard key: keeps the ring of keys as the document wants it, and moves the legs by `plan/key-switch.ts`. What it decides it says as a
 * choice; routes and devices are the passes' to change.
 */
import type { Document } from '../protocol/document.ts';
import type { KeyOrder, RotationReport } from '../protocol/rotation.ts';
import type { KeyRing } from './key-ring.ts';
import { interfaceName } from './plan/fingerprint.ts';
import { keysToSwitch, type RingStep, ringStep } from './plan/key-ring.ts';
import { type LegSight, NOT_BEGUN, nextSwitch, type SwitchState } from './plan/key-switch.ts';
import { leafOf } from './plan/leaves.ts';
import type { InterfaceState } from './plan/state.ts';
import { keyMark } from './probe/packet.ts';
import type { HubView } from './probe/prober.ts';

/** A ring is as wanted after at most so many steps. */
const RING_STEPS_MAX = 3;

export interface RotationOptions {
  readonly agent: string;
  readonly ring: KeyRing;
  /** Devices as the last pass left them; undefined if that failed. */
  readonly devices: () => Readonly<Record<string, InterfaceState>> | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Another key is wanted on a leg. */
  readonly onSwitch: () => void;
  /** There is something to report. */
  readonly onTold: () => void;
}

export class Rotation {
  readonly #options: RotationOptions;
  #order: KeyOrder | undefined;
  #hubs: readonly string[] = [];
  #state: SwitchState = NOT_BEGUN;
  #keyByHub: Readonly<Record<string, string>> | undefined;
  #avoided: string | undefined;
  #waitsFor: string | undefined;

  constructor(options: RotationOptions) {
    this.#options = options;
  }

  /** The key of each leg; undefined before there was a document: they stay as they are. */
  get keyByHub(): Readonly<Record<string, string>> | undefined {
    return this.#keyByHub;
  }

  /** The hub that traffic should leave. */
  get avoided(): string | undefined {
    return this.#avoided;
  }

  /** What is told of the keys. */
  told(): { readonly wireguardKey: string; readonly rotation?: RotationReport } {
    const { present, next } = this.#options.ring.view;
    if (next === undefined || this.#order?.rotate !== true) return { wireguardKey: present };
    const waitsFor = this.#waitsFor;
    return {
      wireguardKey: present,
      rotation: { nextKey: next, ...(waitsFor === undefined ? {} : { waitsFor }) },
    };
  }

  /** The control plane has refused the next key: another one is made. */
  refused(): void {
    if (keysToSwitch(this.#options.ring.view, this.#order) !== undefined) return;
    this.#take('discard_next');
    this.#keepRing();
  }

  update(document: Document | undefined): void {
    const self = document && leafOf(document, 'self');
    if (document === undefined || self === undefined) return;
    this.#order = self.keys;
    this.#hubs = leafOf(document, 'hubs')?.hubs.map(({ name }) => name) ?? [];
    this.#keepRing();
    if (keysToSwitch(this.#options.ring.view, this.#order) === undefined) this.#rest();
  }

  /** Called in every round of probes. */
  tick(hubs: readonly HubView[], active: string | undefined): void {
    const keys = keysToSwitch(this.#options.ring.view, this.#order);
    const devices = this.#options.devices();
    if (keys === undefined || devices === undefined) return;
    const nowMs = this.#options.now();
    const legs = hubs.map((hub) => this.#sightOf(hub, { devices, target: keys.target, nowMs }));
    const step = nextSwitch(this.#state, { legs, active, nowMs, ...keys });
    this.#state = step.state;
    this.#avoided = step.avoided;
    this.#want(step.keyByHub);
    if (step.isDone && this.#options.ring.view.next === keys.target) this.#promote();
    if (step.waitsFor !== this.#waitsFor) {
      this.#waitsFor = step.waitsFor;
      this.#options.onTold();
    }
  }

  #sightOf(
    { name, state, replyAgeMs, accepts }: HubView,
    at: {
      readonly devices: Readonly<Record<string, InterfaceState>>;
      readonly target: string;
      readonly nowMs: number;
    },
  ): LegSight {
    return {
      hub: name,
      key: at.devices[interfaceName(this.#options.agent, name)]?.publicKey,
      isUp: state === 'up',
      heardMs: replyAgeMs === undefined ? undefined : at.nowMs - replyAgeMs,
      accepts: accepts === keyMark(at.target),
    };
  }

  #want(keyByHub: Readonly<Record<string, string>>): void {
    if (JSON.stringify(keyByHub) === JSON.stringify(this.#keyByHub)) return;
    this.#keyByHub = keyByHub;
    this.#options.onSwitch();
  }

  #promote(): void {
    this.#take('promote');
    this.#options.log('key rotated: every leg speaks with the new one');
    this.#options.onTold();
  }

  #keepRing(): void {
    const { ring } = this.#options;
    for (let steps = 0; steps < RING_STEPS_MAX; steps += 1) {
      const step = ringStep(ring.view, this.#order);
      if (step === undefined) return;
      this.#take(step);
      this.#options.onTold();
    }
  }

  #take(step: RingStep): void {
    this.#options.ring.take(step);
    this.#options.log(`key ring: ${step}`);
  }

  /** Nothing to go over to: every leg has the present key. */
  #rest(): void {
    const { present } = this.#options.ring.view;
    this.#state = NOT_BEGUN;
    this.#avoided = undefined;
    this.#waitsFor = undefined;
    this.#want(Object.fromEntries(this.#hubs.map((hub) => [hub, present])));
  }
}
