/**
 * A hub's part in owning the routes of its VPC: hears of its twins, claims the epoch when the owner is silent, turns the
 * routes, and looks again and again as long as it owns them, because EC2 would take a stalled former owner's late write.
 * Who should own them is decided in `vpc/plan/owner.ts`, what to write in `vpc/plan/routes.ts`.
 */
import type { SlotLeaf } from '../../protocol/document.ts';
import type { Finding } from '../../protocol/report.ts';
import type { RouteOwner } from '../../protocol/slot.ts';
import type { Discovery } from '../../vpc/discovery.ts';
import { asVpcError } from '../../vpc/ec2-errors.ts';
import { keepRoutes, moveRoutes, type RoutesOrder, type RoutesOutcome } from '../../vpc/keep.ts';
import { claimByHub, FIRST_CLAIM_STATE } from '../../vpc/plan/owner.ts';
import { planRoutes, type RouteKey } from '../../vpc/plan/routes.ts';
import type { Owners, RouteTables } from '../../vpc/port.ts';
import { Poll } from '../poll.ts';
import type { Ownership, OwnershipOptions, OwnershipView } from './cloud.ts';
import { Faults, faultText, lasting } from './faults.ts';
import { type OwnershipPace, PACE } from './pace.ts';

const TEXT_MAX = 300;
const JOURNAL_TEXT_MAX = 2_000;

export interface OwnershipPorts {
  /** Of the table with this name. */
  readonly owners: (table: string) => Owners;
  readonly tables: RouteTables;
  readonly discovery: Discovery;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** From 0 to below 1. */
  readonly chance: () => number;
  readonly pace?: OwnershipPace | undefined;
}

export function openOwnership(options: OwnershipOptions, ports: OwnershipPorts): Ownership {
  return new VpcOwnership(options, ports);
}

class VpcOwnership implements Ownership {
  readonly #options: OwnershipOptions;
  readonly #ports: OwnershipPorts;
  readonly #pace: OwnershipPace;
  readonly #faults = new Faults();
  #reads = new Poll(() => this.#readIfOld());
  #keeps = new Poll(() => this.#keep());
  #slot: SlotLeaf | undefined;
  #state = FIRST_CLAIM_STATE;
  #owner: RouteOwner | undefined;
  /** When the owner was read; undefined: never. */
  #readMs: number | undefined;
  #lookMs: number | undefined;
  #known: readonly RouteKey[] = [];
  #outcome: Pick<RoutesOutcome, 'tables' | 'conflicts' | 'failures'> = {
    tables: 0,
    conflicts: [],
    failures: [],
  };
  /** Its failures in words. */
  #failed: readonly string[] = [];
  #takeover: 'idle' | 'running' = 'idle';
  #claimedMs = Number.NEGATIVE_INFINITY;
  #repairs = 0;
  #healthEpoch = 0;

  constructor(options: OwnershipOptions, ports: OwnershipPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#pace = ports.pace ?? PACE;
  }

  update(slot: SlotLeaf | undefined): void {
    const before = this.#slot;
    if (JSON.stringify(slot) === JSON.stringify(before)) return;
    if (slot === undefined) return this.stop();
    if (before === undefined || before.vpc !== slot.vpc || before.table !== slot.table) this.#begin();
    this.#slot = slot;
    this.#healthEpoch = 0;
    this.#reads.wake();
    this.#keeps.wake();
  }

  round(answered: readonly string[], late: boolean): void {
    const slot = this.#slot;
    if (slot === undefined || this.#readMs === undefined) return;
    const self = this.#options.hub;
    const hubs = slot.hubs.map(({ name }) => name);
    const view = { self, hubs, owner: this.#owner, heard: answered, late };
    const { state, decision } = claimByHub(this.#state, view);
    const began = state.owns && !this.#state.owns;
    this.#state = state;
    if (began && this.#takeover === 'idle') this.#keeps.wake();
    if (decision.do === 'yield') this.#told('applied', [`Another hub owns ${slot.vpc}: stops writing.`]);
    if (decision.do === 'claim') void this.#take(slot, decision);
  }

  view(): OwnershipView | undefined {
    if (this.#slot === undefined) return undefined;
    const age = (thenMs: number | undefined) =>
      thenMs === undefined ? undefined : Math.round((this.#options.now() - thenMs) / 100) / 10;
    const { tables, conflicts } = this.#outcome;
    return {
      owner: this.#owner?.hub,
      epoch: this.#owner?.epoch,
      since: this.#owner?.since,
      readAgeSeconds: age(this.#readMs),
      lookAgeSeconds: age(this.#lookMs),
      tables,
      conflicts: conflicts.map(({ table, destination, target }) => `${table} ${destination} ${target}`),
      failures: this.#failed,
    };
  }

  findings(): readonly Finding[] {
    return this.#faults.findings(this.#outcome);
  }

  stop(): void {
    this.#slot = undefined;
    this.#reads.stop();
    this.#keeps.stop();
  }

  /** What was read of another table, or for another VPC, says nothing here. */
  #begin(): void {
    this.stop();
    this.#owner = undefined;
    this.#readMs = undefined;
    this.#state = FIRST_CLAIM_STATE;
    this.#known = [];
    this.#reads = new Poll(() => this.#readIfOld());
    this.#keeps = new Poll(() => this.#keep());
  }

  /** Writes rest on this: that we own the routes, and have read so a moment ago. */
  #mayWrite(): boolean {
    if (this.#slot === undefined) return false;
    const isFresh = this.#readMs !== undefined && this.#options.now() - this.#readMs <= this.#pace.freshMs;
    return isFresh && this.#owner?.hub === this.#options.hub;
  }

  /** An owner reads before each look, which is often enough. */
  async #readIfOld(): Promise<number> {
    const ageMs = this.#readMs === undefined ? undefined : this.#options.now() - this.#readMs;
    if (ageMs === undefined || ageMs > this.#pace.keepMs) await this.#read();
    return this.#pace.readMs;
  }

  /** What is older than what is known says nothing: readings overlap with claims. */
  async #read(): Promise<void> {
    const slot = this.#slot;
    if (slot === undefined) return;
    const begunMs = this.#options.now();
    const read = await this.#tried('the table of owners', () =>
      this.#ports.owners(slot.table).read(slot.vpc),
    );
    if (read === undefined || slot !== this.#slot || (read.value?.epoch ?? 0) < (this.#owner?.epoch ?? 0))
      return;
    this.#owner = read.value;
    this.#readMs = begunMs;
  }

  /** Claims; if the claim stands, turns the routes and the ingress at once. Never rejects. */
  async #take(slot: SlotLeaf, claim: { epoch: number; reason: string }): Promise<void> {
    const { now } = this.#options;
    if (this.#takeover === 'running' || now() - this.#claimedMs < this.#pace.claimAgainMs) return;
    this.#takeover = 'running';
    this.#claimedMs = now();
    const isClaimed = await this.#claim(slot, claim);
    if (isClaimed && slot === this.#slot) await this.#turn(slot);
    else this.#reads.wake();
    this.#takeover = 'idle';
    this.#keeps.wake();
  }

  async #claim(slot: SlotLeaf, { epoch, reason }: { epoch: number; reason: string }): Promise<boolean> {
    const { hub, now, wallNow } = this.#options;
    const since = new Date(wallNow()).toISOString();
    const owner = { vpc: slot.vpc, hub, epoch, since, reason: reason.slice(0, TEXT_MAX) };
    const begunMs = now();
    const claimed = await this.#tried('the table of owners', () =>
      this.#ports.owners(slot.table).claim(owner),
    );
    if (claimed?.value !== 'claimed') return false;
    this.#owner = owner;
    this.#readMs = begunMs;
    this.#repairs = 0;
    this.#told('applied', [`Own the routes of ${slot.vpc}, epoch ${epoch}: ${reason}.`]);
    return true;
  }

  async #turn(slot: SlotLeaf): Promise<void> {
    const begunMs = this.#options.now();
    const known = this.#known;
    const [outcome] = await Promise.all([
      this.#tried('the route tables', () => moveRoutes(this.#hands(), this.#orderOf(slot), known)),
      this.#setHealth(slot),
    ]);
    if (outcome === undefined) return;
    this.#looked(outcome.value);
    const tookMs = Math.round(this.#options.now() - begunMs);
    this.#told('applied', [`Turned ${outcome.value.moved} routes and looked again within ${tookMs} ms.`]);
  }

  /** As the owner: looks and repairs. As any other hub: looks, to know what to turn at a takeover. */
  async #keep(): Promise<number> {
    const slot = this.#slot;
    if (slot === undefined) return this.#pace.lookMs;
    if (this.#takeover === 'running') return this.#pace.keepMs;
    await this.#read();
    if (this.#owner?.hub !== this.#options.hub) {
      await this.#lookOnly(slot);
      return this.#pace.lookMs;
    }
    const kept = await this.#tried('the route tables', () => keepRoutes(this.#hands(), this.#orderOf(slot)));
    if (kept !== undefined) this.#looked(kept.value);
    if (kept !== undefined && kept.value.moved > 0)
      this.#told('applied', [`Repaired ${kept.value.moved} routes of ${slot.vpc}.`]);
    await this.#setHealth(slot);
    const nextMs = this.#pace.repairMs[this.#repairs] ?? this.#pace.keepMs;
    this.#repairs += 1;
    return nextMs;
  }

  async #lookOnly(slot: SlotLeaf): Promise<void> {
    const looked = await this.#tried('the route tables', () => this.#ports.tables.describe(slot.vpc));
    if (looked === undefined) return;
    const { ours, conflicts } = planRoutes(looked.value, this.#orderOf(slot));
    this.#looked({ ours, conflicts: [...conflicts], tables: looked.value.length, failures: [] });
  }

  #looked(outcome: Omit<RoutesOutcome, 'moved'>): void {
    const failures = outcome.failures.map((failure) => ({ ...failure, reason: lasting(failure.reason) }));
    const words = failures.map(({ table, destination, reason }) => `${table} ${destination}: ${reason}`);
    const news = words.filter((word) => !this.#failed.includes(word));
    if (news.length > 0) this.#told('failed', [], news.join('; ').slice(0, JOURNAL_TEXT_MAX));
    this.#failed = words;
    this.#outcome = { ...outcome, failures };
    if (outcome.ours === undefined) return;
    this.#known = outcome.ours;
    this.#lookMs = this.#options.now();
  }

  #orderOf({ vpc, hubs, destinations }: SlotLeaf): RoutesOrder {
    return {
      vpc,
      target: hubs.find(({ name }) => name === this.#options.hub)?.interface,
      interfaces: hubs.map((hub) => hub.interface),
      destinations,
      former: [],
    };
  }

  #hands() {
    const { pause, chance, tables } = this.#ports;
    return { tables, mayWrite: () => this.#mayWrite(), pause, chance };
  }

  /** The ingress finds the owner alone. Once an epoch; what failed is tried at the next look. */
  async #setHealth({ hubs }: SlotLeaf): Promise<void> {
    const { hub } = this.#options;
    const epoch = this.#owner?.epoch ?? 0;
    if (this.#healthEpoch === epoch || this.#owner?.hub !== hub) return;
    const known = hubs.flatMap(({ name, discovery }) =>
      discovery === undefined ? [] : [{ name, ...discovery }],
    );
    const set = await this.#tried('Cloud Map', () =>
      Promise.all(
        known.map(({ name, service, instance }) =>
          this.#ports.discovery.setHealth(service, instance, name === hub),
        ),
      ),
    );
    if (set !== undefined) this.#healthEpoch = epoch;
  }

  /** The value in a box, or undefined after a failure, which is then a finding. */
  async #tried<T>(what: string, work: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    try {
      const value = await work();
      this.#faults.passed(what);
      return { value };
    } catch (cause) {
      const error = asVpcError(cause);
      if (this.#faults.failed(what, error)) this.#told('failed', [], faultText(what, error));
      return undefined;
    }
  }

  #told(event: 'applied' | 'failed', steps: readonly string[], reason?: string): void {
    this.#options.journal(event, steps, reason);
  }
}
