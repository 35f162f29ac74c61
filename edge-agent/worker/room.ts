/**
 * What every cluster of this host has, whatever its orchestrator: it is kept attached, looked at, given its apps, and reported. It must not decide what is
 * served to whom or what runs: the document does.
 */
import type { BackupSpec, DrillWish } from '../../protocol/backup.ts';
import { type CertificateTold, CLUSTER_LEAF_KNOWN, type ClusterFacts } from '../../protocol/cluster.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { ClusterReport, SiteEvent } from '../../protocol/cluster-report.ts';
import type { Relief } from '../cache/port.ts';
import type { ClusterFile } from '../cluster-files.ts';
import type { Driver } from '../clusters/driver.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Caller } from '../link/fetch.ts';
import type { Pools } from '../node/pools.ts';
import { Poll } from '../poll.ts';
import { Attachment } from './attachment.ts';
import { withEnforcement } from './enforcement.ts';
import { type ClusterView, ROUTABLE_MAX } from './messages.ts';
import { ClusterReporter } from './reporter.ts';
import { SAMPLE_MS, Sampler } from './sampler.ts';
import { Workloads } from './workloads.ts';

const LOOK_MS = 10_000;
const REPORT_MS = 2_000;
const APPS_MS = 10_000;
/** While an app is not yet as it should be. */
const APPS_MOVING_MS = 2_000;
const RESTING_MS = 3_600_000;

type AppTold = NonNullable<ClusterReport['apps']>[number];

/** A cluster of this host. */
export interface ClusterRoom {
  readonly file: ClusterFile;
  /** What the cluster proxy passes requests on by; undefined where the orchestrator's API is not passed on. */
  readonly served: { readonly client: KubeClient; readonly relief: Relief } | undefined;
  start(): void;
  /** Snapshots and drills as the cluster's spec wants them. */
  setBackup(spec: BackupSpec | undefined): void;
  /** A drill that people asked for; held once. */
  setDrill(wish: DrillWish | undefined): void;
  /** Prefixes of the site in which services can be reached. */
  setExposed(prefixes: readonly string[]): void;
  /** Pools of the document, with prefixes that see their addresses as they are; undefined while it does not speak of this cluster. */
  setPools(pools: Pools | undefined): void;
  /** What runs here by the document; undefined while it does not speak of this cluster. */
  setWorkloads(wanted: readonly WorkloadLeaf[] | undefined): void;
  record(event: SiteEvent): void;
  view(): Omit<ClusterView, 'openStreams' | 'workloads'>;
  close(): void;
}

export interface KeeperOptions {
  readonly file: ClusterFile;
  readonly caller: Caller;
  /** PEM of the proxy's authority, which clients are told. */
  readonly authority: () => Promise<string>;
  readonly now: () => number;
  /** What to tell of the certificate for browsers; undefined where it is not asked for. */
  readonly certificate?: () => CertificateTold | undefined;
  /** From this edge to its hub and back; undefined while it is not known. */
  readonly rttMs?: () => number | undefined;
  readonly log: (line: string) => void;
}

/** The part that differs by orchestrator. */
export interface Orchestrator {
  readonly driver: Driver;
  /** Rejects if the cluster does not answer. */
  inspect(): Promise<ClusterFacts>;
  unreachable(cause: unknown): ClusterFacts['statements'][number];
  /** Facts with what was learned since the last look. */
  factsNow?(facts: ClusterFacts): ClusterFacts;
  /** An app as it is told, with what only this orchestrator knows of it. */
  appNow?(told: AppTold, workloads: readonly WorkloadLeaf[]): AppTold;
  /** Further parts of the report, beside the apps as they are told in it. */
  parts?(apps: readonly AppTold[] | undefined, workloads: readonly WorkloadLeaf[]): Partial<ClusterReport>;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #orchestrator: Orchestrator;
  readonly #attachment: Attachment;
  readonly #reporter: ClusterReporter;
  readonly #workloads: Workloads;
  readonly #looks = new Poll(() => this.#look());
  readonly #reports = new Poll(() => this.#report());
  readonly #passes = new Poll(() => this.#pass());
  readonly #sampler: Sampler;
  readonly #samples = new Poll(() => this.#sample());
  #facts: ClusterFacts | undefined;
  #wantedText: string | undefined;

  constructor(options: KeeperOptions, orchestrator: Orchestrator) {
    const { file, caller, now, log } = options;
    this.#options = options;
    this.#orchestrator = orchestrator;
    this.#attachment = new Attachment(caller, file.name);
    this.#reporter = new ClusterReporter({ caller, cluster: file.name, now, log });
    this.#workloads = new Workloads({ driver: orchestrator.driver, now, log });
    this.#sampler = new Sampler({ driver: orchestrator.driver, now });
  }

  start(): void {
    this.#looks.wake();
    this.#reports.wake();
  }

  /** True if this is another order than the last. */
  setWorkloads(wanted: readonly WorkloadLeaf[] | undefined): boolean {
    const text = JSON.stringify(wanted);
    if (text === this.#wantedText) return false;
    this.#wantedText = text;
    this.#workloads.set(wanted);
    this.#passes.wake();
    this.#samples.wake();
    return true;
  }

  record(event: SiteEvent): void {
    this.#reporter.record(event);
    this.wakeReport();
  }

  /** The cluster says that something changed: looks at its apps now. */
  wakeApps(): void {
    this.#passes.wake();
  }

  wakeReport(): void {
    this.#reports.wake();
  }

  view(): ReturnType<ClusterRoom['view']> {
    const { name, kind } = this.#options.file;
    const { attached, reason, cause = 'cluster' } = this.#attachment.state;
    const unreachable = this.#facts?.statements.find(
      ({ type, status }) => type === 'Reachable' && status !== 'True',
    );
    const why = reason ?? unreachable?.message;
    return {
      name,
      kind,
      state: why !== undefined ? 'failed' : attached === undefined ? 'attaching' : 'attached',
      ...(attached === undefined ? {} : { host: attached.host }),
      ...(why === undefined ? {} : { reason: why, cause: reason === undefined ? 'cluster' : cause }),
      ...(this.#facts === undefined ? {} : { version: this.#facts.version }),
      nodes: this.#facts?.nodes.length ?? 0,
      routable: routableOf(this.#facts),
    };
  }

  close(): void {
    this.#looks.stop();
    this.#reports.stop();
    this.#passes.stop();
    this.#samples.stop();
  }

  /** Never rejects: what fails is a statement about the cluster. */
  async #look(): Promise<number> {
    try {
      this.#facts = await this.#orchestrator.inspect();
    } catch (cause) {
      const statement = this.#orchestrator.unreachable(cause);
      this.#facts = { ...(this.#facts ?? NOTHING_KNOWN), statements: [statement] };
    }
    this.#reports.wake();
    return LOOK_MS;
  }

  async #pass(): Promise<number> {
    try {
      await this.#workloads.pass();
    } catch (cause) {
      this.#say(cause);
    }
    this.#reports.wake();
    const isSettled = ({ instance: { statements, stage } }: AppTold) =>
      statements.every(({ status }) => status === 'True') && (stage?.state ?? 'held') === 'held';
    return (this.#workloads.told ?? []).every(isSettled) ? APPS_MS : APPS_MOVING_MS;
  }

  /** Rests while no app here is measured; the next order wakes it. */
  async #sample(): Promise<number> {
    const wanted = this.#workloads.wanted ?? [];
    if (await this.#sampler.pass(wanted)) this.#reports.wake();
    return wanted.some(({ sample }) => sample !== undefined) ? SAMPLE_MS : RESTING_MS;
  }

  async #report(): Promise<number> {
    const { file, now, authority } = this.#options;
    try {
      await this.#attachment.say(
        { kind: file.kind, authority: await authority(), knows: [...CLUSTER_LEAF_KNOWN] },
        now(),
      );
      if (this.#attachment.state.attached === undefined) return LOOK_MS;
      const facts = this.#facts;
      const apps = this.#workloads.told;
      const wanted = this.#workloads.wanted ?? [];
      await this.#reporter.send({
        ...(facts === undefined ? {} : { facts: this.#factsNow(facts) }),
        ...(apps === undefined ? {} : { apps: apps.map((told) => this.#appNow(told)) }),
        ...(this.#sampler.told === undefined ? {} : { usage: this.#sampler.told }),
        ...this.#orchestrator.parts?.(apps, wanted),
      });
    } catch (cause) {
      this.#say(cause);
    }
    return REPORT_MS;
  }

  #factsNow(facts: ClusterFacts): ClusterFacts {
    const rttMs = this.#options.rttMs?.();
    const now = this.#orchestrator.factsNow?.(facts) ?? facts;
    const certificate = this.#options.certificate?.();
    return {
      ...now,
      ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs) }),
      ...(certificate === undefined ? {} : { certificate }),
    };
  }

  #appNow(told: AppTold): AppTold {
    const workloads = this.#workloads.wanted ?? [];
    const { kind } = this.#options.file;
    const known = withEnforcement(told, { kind, network: this.#facts?.network, workloads });
    return this.#orchestrator.appNow?.(known, workloads) ?? known;
  }

  #say(cause: unknown): void {
    const { file, log } = this.#options;
    log(`cluster ${file.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** What a cluster has whose orchestrator's API is not passed on, which has no etcd of ours, and in which nothing publishes itself. */
export interface PlainRoom {
  readonly file: ClusterFile;
  readonly keeper: Keeper;
  /** Absent where containers have no addresses of pools. */
  setPools?(pools: Pools | undefined): void;
  /** Of what the driver needs beside the keeper. */
  start?(): void;
  close(): void;
}

export function plainRoom({ file, keeper, setPools, start, close }: PlainRoom): ClusterRoom {
  return {
    file,
    served: undefined,
    start: () => {
      start?.();
      keeper.start();
    },
    setBackup: () => undefined,
    setDrill: () => undefined,
    setExposed: () => undefined,
    setPools: (pools) => setPools?.(pools),
    setWorkloads: (wanted) => void keeper.setWorkloads(wanted),
    record: (event) => keeper.record(event),
    view: () => keeper.view(),
    close: () => {
      keeper.close();
      close();
    },
  };
}

/** Behind an overlay nobody outside finds a pod. */
function routableOf(facts: ClusterFacts | undefined): string[] {
  return facts?.network?.reachability === 'routable' ? facts.network.podPrefixes.slice(0, ROUTABLE_MAX) : [];
}

const NOTHING = { cpuMillis: 0, memoryMib: 0, pods: 0 };
const NOTHING_KNOWN: ClusterFacts = {
  version: 'unknown',
  capacity: NOTHING,
  allocatable: NOTHING,
  nodes: [],
  statements: [],
};
