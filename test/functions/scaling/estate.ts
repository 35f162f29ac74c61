/**
 * A simulated estate of one app in one cluster: containers that burn what the load gives them, an edge that samples and reports, a control plane that chooses, and the time that
 * all of this takes. The same seed is the same run.
 */
import { type CpuReading, type Metered, meter, usageOf } from '../../../edge-agent/usage/meter.ts';
import { type Told, tell } from '../../../edge-agent/usage/news.ts';
import { cpuLoad } from '../../../functions/scaling/loads.ts';
import { type Choice, scale } from '../../../functions/scaling/scale.ts';
import type { Scaling } from '../../../protocol/scaling.ts';

const TICK_MS = 500;
const SAMPLE_MS = 2_500;
/** The control plane looks again by itself: facts are told again, or the sweep comes. */
const LOOK_MS = 60_000;

export interface SimulatedLoad {
  readonly policy: Scaling;
  /** CPU that all requests together want, thousandths of a core. */
  readonly load: (nowMs: number) => number;
  readonly forMs: number;
  readonly seed: number;
  /** Until a container that was begun is ready. */
  readonly startMs: number;
}

export interface Simulated {
  /** Every change of the wanted number. */
  readonly changes: readonly { readonly atMs: number; readonly from: number; readonly to: number }[];
  readonly reports: number;
  /** Ready containers at each half second. */
  readonly ready: readonly { readonly atMs: number; readonly count: number }[];
}

/** Of one container; it can use half as much again as it asks for. */
export const ASKED_MILLIS = 100;
const MOST_MILLIS = 150;
const TARGET_MILLIS = 70;

/** A small generator of Park and Miller, so that a run can be had again. */
function chanceOf(seed: number): () => number {
  let state = (seed * 48_271 + 1) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface Container {
  readonly name: string;
  readonly readyMs: number;
  usedMs: number;
}

export function simulate(options: SimulatedLoad): Simulated {
  const estate = new Simulation(options);
  for (let nowMs = 0; nowMs < options.forMs; nowMs += TICK_MS) estate.tick(nowMs);
  return estate;
}

class Simulation implements Simulated {
  readonly changes: Simulated['changes'][number][] = [];
  readonly ready: Simulated['ready'][number][] = [];
  reports = 0;
  readonly #options: SimulatedLoad;
  readonly #chance: () => number;
  readonly #later: { readonly atMs: number; readonly act: () => void }[] = [];
  readonly #containers: Container[] = [];
  #made = 0;
  #metered: Metered = new Map();
  #told: Told | undefined;
  #arrived: { readonly usage: Told['usage']; readonly atMs: number } | undefined;
  #choice: Choice | undefined;

  constructor(options: SimulatedLoad) {
    this.#options = options;
    this.#chance = chanceOf(options.seed);
    this.#bring(options.policy.min, -60_000);
  }

  tick(nowMs: number): void {
    const running = this.#containers.filter(({ readyMs }) => readyMs <= nowMs);
    const each = Math.min(MOST_MILLIS, this.#options.load(nowMs) / Math.max(1, running.length));
    for (const one of running) one.usedMs += (each * (0.97 + this.#chance() * 0.06) * TICK_MS) / 1_000;
    this.ready.push({ atMs: nowMs, count: running.length });
    if (nowMs % SAMPLE_MS === 0) this.#sample(running, nowMs);
    if (nowMs % LOOK_MS === 0) this.#choose(nowMs);
    for (const due of this.#later.filter(({ atMs }) => atMs <= nowMs)) {
      this.#later.splice(this.#later.indexOf(due), 1);
      due.act();
    }
  }

  #bring(count: number, nowMs: number): void {
    while (this.#containers.length > count) this.#containers.pop();
    while (this.#containers.length < count) {
      const readyMs = nowMs + this.#options.startMs * (0.5 + this.#chance());
      this.#containers.push({ name: `c${++this.#made}`, readyMs, usedMs: 0 });
    }
  }

  /** As the edge does: measured, and told if it is worth telling. */
  #sample(running: readonly Container[], nowMs: number): void {
    const readings = running.map(
      ({ name, usedMs }): CpuReading => ({ kind: 'counter', container: name, usedMs, atMs: nowMs }),
    );
    this.#metered = meter(this.#metered, readings);
    const usage = usageOf(this.#metered, readings);
    const next = tell(this.#told, { usage, targetMillis: TARGET_MILLIS, nowMs });
    if (next.usage !== this.#told?.usage) this.#report(next.usage, nowMs + 200 + this.#chance() * 2_000);
    this.#told = next;
  }

  #report(usage: Told['usage'], atMs: number): void {
    this.reports += 1;
    const act = () => {
      this.#arrived = { usage, atMs };
      this.#choose(atMs);
    };
    this.#later.push({ atMs, act });
  }

  #choose(nowMs: number): void {
    const { policy } = this.#options;
    const before = this.#choice;
    const there = before?.wanted ?? policy.min;
    const told = { usage: this.#arrived?.usage, atMs: this.#arrived?.atMs };
    const clusters = [{ cluster: 'a', isHeard: true, replicas: there, ...told }];
    const load = cpuLoad({ clusters, targetMillis: TARGET_MILLIS, nowMs });
    const choice = scale({
      policy,
      before,
      there,
      loads: (current) => [load(current)],
      now: new Date(nowMs).toISOString(),
    });
    this.#choice = choice;
    if (choice.wanted === there) return;
    this.changes.push({ atMs: nowMs, from: there, to: choice.wanted });
    // A document, a nudge, a fetch.
    const atMs = nowMs + 300 + this.#chance() * 2_000;
    this.#later.push({ atMs, act: () => this.#bring(choice.wanted, atMs) });
  }
}
