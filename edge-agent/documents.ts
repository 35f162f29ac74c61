/**
 * Which document is in force: fetches, keeps the ledger, and runs the trial of each new one. It must not apply
 * anything: the loop asks what is in force and says when it has begun to apply it.
 */
import { compareVersions, type Document, type Version } from '../protocol/document.ts';
import { type SigningRoot } from '../protocol/signing-root.ts';
import {
  isBad,
  isSameVersion,
  type LedgerState,
  readLedger,
  withBad,
  withNewest,
  writeLedger,
} from './ledger.ts';
import { type Caller, type Fetched, fetchDocument } from './link/fetch.ts';
import { rootsAfter, type Trust } from './link/verify.ts';
import { judgeTrial, revertedDocument, type Trial, type TrialEvent } from './plan/rollback.ts';

export interface DocumentsOptions {
  readonly path: string;
  readonly agent: string;
  readonly role: 'edge' | 'hub';
  /** Roots of the enrolment; the ledger's replace them. */
  readonly roots: readonly SigningRoot[];
  readonly rollbackMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface Refused {
  readonly epoch: number;
  readonly generation: number;
  readonly reason: string;
}

export class Documents {
  readonly #options: DocumentsOptions;
  readonly #torn: readonly string[];
  #state: LedgerState;
  #trial: Trial = { kind: 'settled' };
  /** Version whose trial was begun in this run; each is tried once. */
  #tried: Version | undefined;
  #refused: Refused | undefined;

  constructor(options: DocumentsOptions) {
    this.#options = options;
    const { state, torn } = readLedger(options.path);
    this.#torn = torn;
    this.#state = state ?? { sequence: 0, roots: [...options.roots], bad: [] };
  }

  /** Files of the ledger that could not be read at the start. */
  get torn(): readonly string[] {
    return this.#torn;
  }

  get trial(): Trial['kind'] {
    return this.#trial.kind;
  }

  get newest(): Version | undefined {
    return this.#state.newest?.document.version;
  }

  get roots(): readonly SigningRoot[] {
    return this.#state.roots;
  }

  /** The last document that was not taken, or that was rolled back; gone when a newer one is in force. */
  get refused(): Refused | undefined {
    return this.#refused ?? this.#badNewest();
  }

  /** What the host should obey now; undefined before the first document. */
  inForce(): Document | undefined {
    const newest = this.#state.newest?.document;
    if (newest === undefined) return undefined;
    const isHeldBack = this.#trial.kind === 'reverted' || isBad(this.#state, newest.version);
    return isHeldBack ? (this.fallback() ?? newest) : newest;
  }

  /** The previous document under the newest one's denials, for when the newest must not be applied. */
  fallback(): Document | undefined {
    const { newest, previous } = this.#state;
    if (newest === undefined || previous === undefined) return undefined;
    return revertedDocument(newest.document, previous.document);
  }

  /** Fetches and, if there is a newer one, keeps it. */
  async fetch(caller: Caller): Promise<Fetched> {
    const { newest, previous } = this.#state;
    const held = [newest, previous].flatMap((kept) => (kept === undefined ? [] : [kept]));
    const fetched = await fetchDocument(caller, { trust: this.#trust(), held });
    if (fetched.kind === 'document') {
      const roots = rootsAfter(fetched.kept, this.#state.roots);
      this.#write(withNewest(this.#state, fetched.kept, roots));
      this.#trial = { kind: 'settled' };
      this.#refused = undefined;
    }
    if (fetched.kind === 'unchanged' && !this.#isNewest(this.#refused)) this.#refused = undefined;
    if (fetched.kind === 'refused') this.#refuse(fetched.version, `${fetched.code}: ${fetched.reason}`);
    return fetched;
  }

  /** The loop begins to apply this version: from now on the control plane has to answer. */
  applying(version: Version): void {
    if (!this.#isNewest(version)) return;
    if (this.#isNewest(this.#refused)) this.#refused = undefined;
    const isDone = isSameVersion(version, this.#state.proven) || isSameVersion(version, this.#tried);
    if (isDone || this.#trial.kind === 'reverted') return;
    this.#tried = version;
    const hasPrevious = this.#state.previous !== undefined;
    this.#judge({ kind: 'applied', atMs: this.#options.now(), wasReachable: true, hasPrevious });
  }

  /** The guard would not have this version; nothing of it was applied. */
  guardRefused(version: Version, reason: string): void {
    this.#refuse(version, reason);
  }

  /** The control plane answered a request that began then. True if another document is in force now. */
  contact(begunMs: number): boolean {
    return this.#judge({ kind: 'contact', begunMs });
  }

  /** Time passes. True if another document is in force now. */
  tick(): boolean {
    return this.#judge({ kind: 'tick', atMs: this.#options.now() });
  }

  #judge(event: TrialEvent): boolean {
    const step = judgeTrial(this.#trial, event, this.#options.rollbackMs);
    this.#trial = step.trial;
    if (step.verdict === 'proven') this.#prove();
    if (step.verdict === 'mark_bad') this.#markBad();
    return step.verdict === 'revert' || step.verdict === 'forward';
  }

  /** Only what was begun in this run can be proven by it. */
  #prove(): void {
    const version = this.newest;
    if (version === undefined || !isSameVersion(version, this.#tried)) return;
    if (isSameVersion(version, this.#state.proven) || isBad(this.#state, version)) return;
    this.#write({ ...this.#state, proven: version });
  }

  #markBad(): void {
    const version = this.newest;
    if (version === undefined) return;
    this.#write(withBad(this.#state, version, 'rolled_back: it cut the agent off from the control plane'));
  }

  #isNewest(version: Version | undefined): boolean {
    return version !== undefined && isSameVersion(version, this.newest);
  }

  #badNewest(): Refused | undefined {
    const version = this.newest;
    return version && this.#state.bad.find((bad) => isSameVersion(bad, version));
  }

  /** An older refusal must not hide a newer one. */
  #refuse(version: Version | undefined, reason: string): void {
    const at = version ?? { epoch: 0, generation: 0 };
    if (this.#refused !== undefined && compareVersions(at, this.#refused) < 0 && version !== undefined)
      return;
    this.#refused = { ...at, reason: reason.slice(0, REASON_MAX) };
  }

  #trust(): Trust {
    const { agent, role } = this.#options;
    return { agent, role, roots: this.#state.roots, newest: this.#state.newest?.signed };
  }

  #write(state: LedgerState): void {
    this.#state = writeLedger(this.#options.path, state);
  }
}

const REASON_MAX = 500;
