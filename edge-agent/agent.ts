/**
 * The running agent: puts the loop, the link, the probes, the names and the gateway together and sets their clocks. It
 * must not hold a rule: what is decided is decided in `plan`, `names/answer.ts` and `link/verify.ts`.
 */
import type { Server } from 'node:http';
import type { Clock } from './clock.ts';
import type { Cloud, OwnershipOptions } from './cloud/cloud.ts';
import { ClustersProcess } from './clusters-process.ts';
import { ControlPlane } from './control-plane.ts';
import { Documents } from './documents.ts';
import { openEdge } from './edge.ts';
import { talkToRuntime } from './gateway/runtime-socket.ts';
import { gatewayDirectories } from './gateway-pass.ts';
import type { Host } from './host.ts';
import { openHub } from './hub.ts';
import { appendJournal, type JournalEntry } from './journal.ts';
import { Client } from './link/client.ts';
import type { Identity } from './link/identity.ts';
import { Reporter } from './link/report.ts';
import { Names } from './names-room.ts';
import { observePeers } from './observe/peers.ts';
import { readRefused } from './observe/refused.ts';
import { Pace } from './pace.ts';
import { Passes } from './passes.ts';
import { interfaceName } from './plan/fingerprint.ts';
import { gatewayPaths } from './plan/gateway-files.ts';
import { leafOf } from './plan/leaves.ts';
import { Poll } from './poll.ts';
import { reportOf } from './report-of.ts';
import { RequestCounter } from './request-counter.ts';
import type { Role } from './role.ts';
import { Rotation } from './rotation.ts';
import { Serial } from './serial.ts';
import type { Config, Paths } from './settings.ts';
import { serveStatus } from './socket.ts';
import { type Status, versionText } from './status.ts';
import { statusOf } from './status-of.ts';

const WATCH_MS = 1_000;

export interface AgentOptions {
  readonly config: Config;
  readonly paths: Paths;
  readonly identity: Identity;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** Of a hub that is a cloud instance. */
  readonly account?: Cloud | undefined;
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #client: Client;
  readonly #controlPlane: ControlPlane;
  readonly #documents: Documents;
  readonly #reporter: Reporter;
  readonly #role: Role;
  readonly #rotation: Rotation;
  readonly #names: Names;
  readonly #passes: Passes;
  readonly #pace = new Pace();
  readonly #reports = new Serial<'report'>(() => this.#report());
  readonly #fetches = new Poll(() => this.#fetch());
  readonly #drift = new Poll(() => this.#checkDrift());
  readonly #watch = new Poll(() => this.#watchTrial());
  readonly #startedMs: number;
  #socket: Server | undefined;
  #checkedMs: number | undefined;
  #toldRefusal = '';

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
    this.#rotation = this.#openRotation();
    this.#role = this.#openRole();
    this.#names = new Names({
      config,
      now,
      nameHubs: () => this.#role.nameHubs(),
      silentSites: () => this.#role.silentSites(),
    });
    this.#passes = new Passes({
      ...options,
      documents: this.#documents,
      role: this.#role,
      names: this.#names,
      journal: (entry) => this.#journal(entry),
      onPassed: () => void this.#reports.request('report'),
    });
  }

  async start(): Promise<void> {
    this.#socket = await serveStatus(this.#options.paths.socket, () => this.status());
    await this.#passes.request('start');
    for (const task of [this.#fetches, this.#drift, this.#watch]) task.wake();
  }

  /** Stops the agent alone: tunnels, routes and firewall stay, and packets go on flowing. */
  async stop(): Promise<void> {
    for (const task of [this.#fetches, this.#drift, this.#watch]) task.stop();
    await this.#role.stop();
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
      pass: this.#passes.last,
      passedMs: this.#passes.lastMs,
      gateway: this.#passes.gateway,
      choice: this.#role.choice(),
      peers: await this.#role.peers(),
      names: this.#names.listening,
      ownership: this.#role.ownership(),
      clusters: this.#role.clusters(),
      proofs: this.#role.proofs(),
      findings: this.#role.findings(),
    });
  }

  #openRole(): Role {
    const { config, clock, host, account } = this.#options;
    const { agent, tuning } = config;
    const timing = { agent, tuning, now: () => clock.monotonicMs(), wallNow: () => clock.wallMs() };
    const onNudge = () => this.#fetches.wake();
    const onPath = () => void this.#passes.request('path');
    const { wireguard, runtimeDirectory, run } = host.hands;
    const refused = readRefused(run, timing.now);
    const chance = () => clock.chance();
    if (config.role === 'edge') {
      const clusters = this.#openClusters();
      const onProof = () => void this.#reports.request('report');
      const rotation = this.#rotation;
      return openEdge({ ...timing, wireguard, refused, onNudge, onPath, onProof, clusters, rotation });
    }
    const device = interfaceName(agent, agent);
    const { enabled } = config.gateway;
    const socket = gatewayPaths(gatewayDirectories(this.#options.paths)).runtimeSocket;
    const talk = (line: string) => talkToRuntime(socket, line);
    const requests = enabled ? new RequestCounter({ talk, now: timing.now }) : undefined;
    return openHub({
      ...timing,
      refused,
      requests,
      onPath,
      caller: this.#controlPlane,
      chance,
      onNudge,
      sights: () => observePeers({ wireguard, device, runtimeDirectory }),
      cloud: account && config.cloud && { account, hub: config.cloud.hub, journal: this.#journalOfVpc },
    });
  }

  #openRotation(): Rotation {
    const { config, clock, host, log } = this.#options;
    return new Rotation({
      agent: config.agent,
      ring: host.ring,
      devices: () => this.#passes.last?.state?.interfaces,
      now: () => clock.monotonicMs(),
      log,
      onSwitch: () => void this.#passes.request('path'),
      onTold: () => void this.#reports.request('report'),
    });
  }

  #openClusters(): ClustersProcess {
    const { paths, clock, log } = this.#options;
    return new ClustersProcess({
      directory: paths.clusters,
      root: paths.root,
      now: () => clock.monotonicMs(),
      chance: () => clock.chance(),
      log,
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
    const status = await this.status();
    const { config } = this.#options;
    const certificate = this.#passes.gateway?.certificate;
    const told = this.#rotation.told();
    const sent = await this.#reporter.send(reportOf({ status, config, told, certificate }));
    if (sent.kind === 'denied' && sent.pointers.includes('/rotation/nextKey')) this.#rotation.refused();
  }

  readonly #journalOfVpc: OwnershipOptions['journal'] = (event, steps, reason) => {
    this.#journal({ event, causes: ['vpc'], steps, reason });
    for (const line of [...steps, ...(reason === undefined ? [] : [`failed: ${reason}`])]) this.#log(line);
    void this.#reports.request('report');
  };

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
