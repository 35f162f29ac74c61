/**
 * The passes of the running agent: one at a time over the host, then over what hangs on it, tried again after a failure.
 * It must not decide what belongs on the host: `loop.ts` does, by `plan`.
 */
import { type Applied, applySteps } from './apply/apply.ts';
import type { Clock } from './clock.ts';
import type { Documents } from './documents.ts';
import { type GatewayPass, runGatewayPass } from './gateway-pass.ts';
import type { Host } from './host.ts';
import type { JournalEntry } from './journal.ts';
import { retryDelayMs } from './link/backoff.ts';
import { type Pass, runPass, runPathPass, type World } from './loop.ts';
import type { Names } from './names-room.ts';
import { observeHost } from './observe/host.ts';
import type { Role } from './role.ts';
import { Serial } from './serial.ts';
import type { Config, Paths } from './settings.ts';

export type Cause = 'start' | 'document' | 'trial' | 'drift' | 'retry' | 'path';

export interface PassesOptions {
  readonly config: Config;
  readonly paths: Paths;
  readonly host: Host;
  readonly clock: Clock;
  readonly documents: Documents;
  readonly role: Role;
  readonly names: Names;
  readonly journal: (entry: Omit<JournalEntry, 'at'>) => void;
  readonly log: (line: string) => void;
  /** A pass has ended: there may be something to report. */
  readonly onPassed: () => void;
}

export class Passes {
  readonly #options: PassesOptions;
  readonly #passes = new Serial<Cause>((causes) => this.#converge(causes));
  readonly #gatewayPasses = new Serial<'gateway'>(() => this.#serveRoutes());
  #last: Pass | undefined;
  #lastMs = 0;
  #gateway: GatewayPass | undefined;
  #failures = 0;

  constructor(options: PassesOptions) {
    this.#options = options;
  }

  /** The last pass over the host. */
  get last(): Pass | undefined {
    return this.#last;
  }

  /** When it ended, in monotonic milliseconds. */
  get lastMs(): number {
    return this.#lastMs;
  }

  get gateway(): GatewayPass | undefined {
    return this.#gateway;
  }

  /** Resolves when a pass that began after this call has ended. */
  request(cause: Cause): Promise<void> {
    return this.#passes.request(cause);
  }

  /** Never rejects. */
  async #converge(causes: readonly Cause[]): Promise<void> {
    const world = this.#world(causes);
    const last = this.#last;
    const isPath = last !== undefined && causes.every((cause) => cause === 'path');
    try {
      this.#last = isPath ? await runPathPass(world, last) : await runPass(world);
      this.#failures = this.#last.failure === undefined ? 0 : this.#failures + 1;
      if (!isPath) await this.#updateServices();
    } catch (cause) {
      this.#failures += 1;
      this.#options.log(`pass failed: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
    this.#lastMs = this.#options.clock.monotonicMs();
    if (this.#failures > 0) this.#retry();
    this.#options.onPassed();
  }

  #retry(): void {
    const { clock, config } = this.#options;
    const delayMs = Math.min(config.tuning.driftMs, retryDelayMs(this.#failures, clock.chance()));
    setTimeout(() => void this.request('retry'), delayMs).unref();
  }

  /** What listens on tunnel addresses follows the pass that made them. */
  async #updateServices(): Promise<void> {
    const { config, documents, names, role } = this.#options;
    const document = documents.inForce();
    role.update(document);
    if (document === undefined) return;
    await names.update(document);
    if (config.role === 'hub') void this.#gatewayPasses.request('gateway');
  }

  /** Apart from the host's passes: HAProxy may take seconds, and a tunnel must not wait for it. Never rejects. */
  async #serveRoutes(): Promise<void> {
    const { config, paths, clock, documents, journal, log, onPassed } = this.#options;
    const document = documents.inForce();
    if (document === undefined || !config.gateway.enabled) return;
    const gateway = await runGatewayPass({ config, paths, document, wallNow: () => clock.wallMs() });
    this.#gateway = gateway;
    if (gateway.steps.length === 0 && gateway.failure === undefined) return;
    const event = gateway.failure === undefined ? 'applied' : 'failed';
    journal({ event, causes: ['gateway'], steps: gateway.steps, reason: gateway.failure });
    for (const step of gateway.steps) log(step);
    if (gateway.failure !== undefined) log(`gateway: ${gateway.failure}`);
    onPassed();
  }

  #world(causes: readonly Cause[]): World {
    const { host, documents, role, journal, log } = this.#options;
    return {
      document: () => documents.inForce(),
      fallback: () => documents.fallback(),
      choice: () => role.choice(),
      observe: async () => observeHost(await host.eyes()),
      apply: (steps): Promise<Applied> => applySteps(steps, host.hands),
      applying: (version) => documents.applying(version),
      guardRefused: (version, reason) => documents.guardRefused(version, reason),
      journal: (event, steps, reason) => {
        journal({ event, causes, version: documents.inForce()?.version, steps, reason });
        for (const step of steps) log(step);
        if (reason !== undefined) log(`${event}: ${reason}`);
      },
    };
  }
}
