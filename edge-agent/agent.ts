/**
 * The running agent: puts the loop, the link, the probes, the names and the gateway together and sets their clocks. It
 * must not hold a rule: what is decided is decided in `plan`, `names/answer.ts` and `link/verify.ts`.
 */
import type { Server } from 'node:http';
import { type Applied, applySteps } from './apply/apply.ts';
import { ControlPlane } from './control-plane.ts';
import { Documents } from './documents.ts';
import { openEdge } from './edge.ts';
import { type GatewayPass, runGatewayPass } from './gateway-pass.ts';
import type { Host } from './host.ts';
import { openHub } from './hub.ts';
import { appendJournal, type JournalEntry } from './journal.ts';
import { retryDelayMs } from './link/backoff.ts';
import { Client } from './link/client.ts';
import type { Identity } from './link/identity.ts';
import { Reporter } from './link/report.ts';
import { type Pass, runPass, runPathPass, type World } from './loop.ts';
import { Names } from './names-room.ts';
import { observeHost } from './observe/host.ts';
import { observePeers } from './observe/peers.ts';
import { Pace } from './pace.ts';
import { interfaceName } from './plan/fingerprint.ts';
import { leafOf } from './plan/leaves.ts';
import { Poll } from './poll.ts';
import { reportOf } from './report-of.ts';
import type { Role } from './role.ts';
import { Serial } from './serial.ts';
import type { Config, Paths } from './settings.ts';
import { serveStatus } from './socket.ts';
import { type Status, versionText } from './status.ts';
import { statusOf } from './status-of.ts';

const WATCH_MS = 1_000;

type Cause = 'start' | 'document' | 'trial' | 'drift' | 'retry' | 'path';

/** The one clock and the one source of chance. */
export interface Clock {
  monotonicMs(): number;
  wallMs(): number;
  chance(): number;
}

export interface AgentOptions {
  readonly config: Config;
  readonly paths: Paths;
  readonly identity: Identity;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #client: Client;
  readonly #controlPlane: ControlPlane;
  readonly #documents: Documents;
  readonly #reporter: Reporter;
  readonly #role: Role;
  readonly #names: Names;
  readonly #passes = new Serial<Cause>((causes) => this.#converge(causes));
  readonly #pace = new Pace();
  readonly #reports = new Serial<'report'>(() => this.#report());
  readonly #gatewayPasses = new Serial<'gateway'>(() => this.#serveRoutes());
  readonly #fetches = new Poll(() => this.#fetch());
  readonly #drift = new Poll(() => this.#checkDrift());
  readonly #watch = new Poll(() => this.#watchTrial());
  readonly #startedMs: number;
  #socket: Server | undefined;
  #pass: Pass | undefined;
  #passedMs = 0;
  #checkedMs: number | undefined;
  #gateway: GatewayPass | undefined;
  #toldRefusal = '';
  #passFailures = 0;

  constructor(options: AgentOptions) {
    const { config, identity, clock, paths } = options;
    const now = () => clock.monotonicMs();
    this.#options = options;
    this.#startedMs = now();
    this.#client = new Client({
      url: config.controlPlane,
      ca: config.ca,
      signer: { agent: config.agent, sign: (message) => identity.sign(message) },
      timeoutMs: config.tuning.requestTimeoutMs,
      now: () => clock.wallMs(),
    });
    this.#controlPlane = new ControlPlane({
      client: this.#client,
      now,
      onContact: (begunMs) => this.#inForceChanged(this.#documents.contact(begunMs)),
    });
    const { agent, role, roots } = config;
    this.#documents = new Documents({
      path: paths.ledger,
      agent,
      role,
      roots,
      rollbackMs: config.tuning.rollbackMs,
      now,
    });
    this.#reporter = new Reporter(this.#controlPlane);
    this.#role = this.#openRole();
    this.#names = new Names({ config, now, nameHubs: () => this.#role.nameHubs() });
  }

  async start(): Promise<void> {
    this.#socket = await serveStatus(this.#options.paths.socket, () => this.status());
    await this.#passes.request('start');
    for (const task of [this.#fetches, this.#drift, this.#watch]) task.wake();
  }

  /** Stops the agent alone: tunnels, routes and firewall stay, and packets go on flowing. */
  stop(): void {
    for (const task of [this.#fetches, this.#drift, this.#watch]) task.stop();
    this.#role.stop();
    this.#names.stop();
    this.#client.close();
    this.#socket?.close();
  }

  async status(): Promise<Status> {
    const { config, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    return statusOf({
      config,
      nowMs,
      startedMs: this.#startedMs,
      contact: this.#controlPlane.contact,
      clockOffsetMs: this.#client.clockOffsetMs,
      documents: this.#documents,
      checkedMs: this.#checkedMs,
      pass: this.#pass,
      passedMs: this.#passedMs,
      gateway: this.#gateway,
      choice: this.#role.choice(),
      peers: await this.#role.peers(),
      names: this.#names.listening,
    });
  }

  #openRole(): Role {
    const { config, clock, host } = this.#options;
    const { agent, tuning } = config;
    const timing = { agent, tuning, now: () => clock.monotonicMs(), wallNow: () => clock.wallMs() };
    const onNudge = () => this.#fetches.wake();
    const onPath = () => void this.#passes.request('path');
    const { wireguard, runtimeDirectory } = host.hands;
    if (config.role === 'edge') return openEdge({ ...timing, wireguard, onNudge, onPath });
    const device = interfaceName(agent, agent);
    return openHub({
      ...timing,
      onPath,
      caller: this.#controlPlane,
      chance: () => clock.chance(),
      onNudge,
      sights: () => observePeers({ wireguard, device, runtimeDirectory }),
    });
  }

  /** Fetches; resolves to the wait before the next time. */
  async #fetch(): Promise<number> {
    const fetched = await this.#documents.fetch(this.#controlPlane);
    if (fetched.kind === 'document') {
      this.#log(`document ${versionText(fetched.kept.document.version)}`);
      await this.#passes.request('document');
    }
    if (fetched.kind === 'refused') await this.#tellRefusal(`${fetched.code}: ${fetched.reason}`);
    if (fetched.kind !== 'unreachable') this.#checkedMs = this.#options.clock.monotonicMs();
    return this.#pace.nextMs(fetched, {
      isOnTrial: this.#documents.trial !== 'settled',
      isAlone: !this.#role.isReached(),
      pollSeconds: this.#self()?.pollSeconds,
      chance: this.#options.clock.chance(),
    });
  }

  /** A document that is refused is offered at every poll: it is told once. */
  async #tellRefusal(reason: string): Promise<void> {
    if (reason === this.#toldRefusal) return;
    this.#toldRefusal = reason;
    this.#log(`document refused, ${reason}`);
    this.#journal({ event: 'refused', causes: ['document'], reason });
    await this.#reports.request('report');
  }

  /** One pass over the host, then over what hangs on it. Never rejects. */
  async #converge(causes: readonly Cause[]): Promise<void> {
    const world = this.#world(causes);
    const last = this.#pass;
    const isPath = last !== undefined && causes.every((cause) => cause === 'path');
    try {
      this.#pass = isPath ? await runPathPass(world, last) : await runPass(world);
      this.#passFailures = this.#pass.failure === undefined ? 0 : this.#passFailures + 1;
      if (!isPath) await this.#updateServices();
    } catch (cause) {
      this.#passFailures += 1;
      this.#log(`pass failed: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
    this.#passedMs = this.#options.clock.monotonicMs();
    if (this.#passFailures > 0) this.#retryPass();
    void this.#reports.request('report');
  }

  #retryPass(): void {
    const delayMs = Math.min(
      this.#options.config.tuning.driftMs,
      retryDelayMs(this.#passFailures, this.#options.clock.chance()),
    );
    setTimeout(() => void this.#passes.request('retry'), delayMs).unref();
  }

  /** What listens on tunnel addresses follows the pass that made them. */
  async #updateServices(): Promise<void> {
    const document = this.#documents.inForce();
    this.#role.update(document);
    if (document === undefined) return;
    await this.#names.update(document);
    if (this.#options.config.role === 'hub') void this.#gatewayPasses.request('gateway');
  }

  /** Apart from the host's passes: HAProxy may take seconds, and a tunnel must not wait for it. Never rejects. */
  async #serveRoutes(): Promise<void> {
    const { config, paths, clock } = this.#options;
    const document = this.#documents.inForce();
    if (document === undefined || !config.gateway.enabled) return;
    const gateway = await runGatewayPass({ config, paths, document, wallNow: () => clock.wallMs() });
    this.#gateway = gateway;
    if (gateway.steps.length === 0 && gateway.failure === undefined) return;
    const event = gateway.failure === undefined ? 'applied' : 'failed';
    this.#journal({ event, causes: ['gateway'], steps: gateway.steps, reason: gateway.failure });
    for (const step of gateway.steps) this.#log(step);
    if (gateway.failure !== undefined) this.#log(`gateway: ${gateway.failure}`);
    void this.#reports.request('report');
  }

  #world(causes: readonly Cause[]): World {
    const { host } = this.#options;
    return {
      document: () => this.#documents.inForce(),
      fallback: () => this.#documents.fallback(),
      choice: () => this.#role.choice(),
      observe: async () => observeHost(await host.eyes()),
      apply: (steps): Promise<Applied> => applySteps(steps, host.hands),
      applying: (version) => this.#documents.applying(version),
      guardRefused: (version, reason) => this.#documents.guardRefused(version, reason),
      journal: (event, steps, reason) => {
        const version = this.#documents.inForce()?.version;
        this.#journal({ event, causes, version, steps, reason });
        for (const step of steps) this.#log(step);
        if (reason !== undefined) this.#log(`${event}: ${reason}`);
      },
    };
  }

  async #checkDrift(): Promise<number> {
    await this.#passes.request('drift');
    return this.#options.config.tuning.driftMs;
  }

  async #watchTrial(): Promise<number> {
    this.#inForceChanged(this.#documents.tick());
    return WATCH_MS;
  }

  #inForceChanged(changed: boolean): void {
    if (!changed) return;
    this.#log(`rollback: ${this.#documents.trial}`);
    this.#journal({ event: 'rolled_back', causes: ['trial'], version: this.#documents.inForce()?.version });
    void this.#passes.request('trial').then(() => this.#fetches.wake());
  }

  /** Says what changed; while the control plane is away, the next drift pass says it again. */
  async #report(): Promise<void> {
    const { host, config } = this.#options;
    const status = await this.status();
    await this.#reporter.send(
      reportOf({ status, config, wireguardKey: host.wireguardKey, certificate: this.#gateway?.certificate }),
    );
  }

  #self() {
    const document = this.#documents.inForce();
    return document && leafOf(document, 'self');
  }

  #journal(entry: Omit<JournalEntry, 'at'>): void {
    appendJournal(this.#options.paths.journal, {
      at: new Date(this.#options.clock.wallMs()).toISOString(),
      ...entry,
    });
  }

  #log(line: string): void {
    this.#options.log(line);
  }
}
