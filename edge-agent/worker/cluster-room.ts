/** One cluster of this host: keeps it attached, looks at it, reports. It must not decide what is served to whom: the document does. */
import type { BackupSpec } from '../../protocol/backup.ts';
import type { ClusterFacts, Statement } from '../../protocol/cluster.ts';
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import type { WorkloadLeaf } from '../../protocol/document.ts';
import type { Run } from '../apply/command.ts';
import { type Cache, openCache } from '../cache/cache.ts';
import type { ClusterFile } from '../cluster-files.ts';
import { createKubernetesDriver } from '../clusters/kubernetes.ts';
import { inspectKubernetes, unreachableStatement } from '../clusters/kubernetes-facts.ts';
import { selectorOf } from '../clusters/kubernetes-marks.ts';
import { CONTROLLERS_MS, Controllers } from '../controllers/controllers.ts';
import { askHost } from '../controllers/node-probe.ts';
import type { AppContract } from '../controllers/replacement.ts';
import { EtcdCare } from '../etcd/care.ts';
import { KubeClient } from '../kube/client.ts';
import type { Caller } from '../link/fetch.ts';
import type { Pools } from '../node/pools.ts';
import { Poll } from '../poll.ts';
import { Attachment } from './attachment.ts';
import { withEnforcement } from './enforcement.ts';
import { type ClusterView, ROUTABLE_MAX } from './messages.ts';
import { PoolKeeper } from './pools.ts';
import { ClusterReporter } from './reporter.ts';
import { Workloads } from './workloads.ts';

const LOOK_MS = 10_000;
/** Of one cluster; the least used types go first. Pods of 2,000 containers are about 30 MB. */
const CACHE_BYTES_MAX = 200_000_000;
const REPORT_MS = 2_000;
const APPS_MS = 10_000;
/** While an app is not yet as it should be. */
const APPS_MOVING_MS = 2_000;

export interface ClusterRoomOptions {
  readonly file: ClusterFile;
  readonly caller: Caller;
  /** PEM of the proxy's authority, which clients are told. */
  readonly authority: () => Promise<string>;
  /** For scratch files of snapshots and drills. */
  readonly scratch: string;
  readonly run: Run;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
}

export class ClusterRoom {
  readonly file: ClusterFile;
  readonly client: KubeClient;
  /** Answers reads from memory; the proxy asks it first. */
  readonly cache: Cache;
  readonly #options: ClusterRoomOptions;
  readonly #attachment: Attachment;
  readonly #reporter: ClusterReporter;
  readonly #looks = new Poll(() => this.#look());
  readonly #reports = new Poll(() => this.#report());
  readonly #passes = new Poll(() => this.#pass());
  readonly #workloads: Workloads;
  readonly #etcd: EtcdCare | undefined;
  readonly #care = new Poll(() => this.#lookAfterEtcd());
  readonly #controllers: Controllers;
  readonly #judging = new Poll(() => this.#judge());
  readonly #pools: PoolKeeper;
  readonly #poolPasses = new Poll(() => this.#passPools());
  #facts: ClusterFacts | undefined;
  #wantedText: string | undefined;
  #poolsText: string | undefined;
  #poolsFault: string | undefined;

  constructor(options: ClusterRoomOptions) {
    const { file, caller, now, wallNow, environment, log } = options;
    this.#options = options;
    this.file = file;
    this.client = new KubeClient({ credentials: credentialsOf(file), wallNow, environment });
    this.cache = openCache({
      client: this.client,
      monotonicNow: now,
      wallNow,
      budgetBytes: CACHE_BYTES_MAX,
      log: (line) => log(`${file.name}: ${line}`),
    });
    this.#attachment = new Attachment(caller, file.name);
    this.#reporter = new ClusterReporter({ caller, cluster: file.name, now, log });
    this.#etcd = etcdCareOf(options, (event) => this.record(event));
    this.#pools = new PoolKeeper({
      client: this.client,
      cluster: file.name,
      wallNow,
      log: (line) => log(`${file.name}: ${line}`),
    });
    this.#workloads = new Workloads({ driver: createKubernetesDriver(this.client, wallNow), log });
    this.#controllers = new Controllers({
      client: this.client,
      ask: (address) => askHost(address),
      now,
      wallNow,
      log: (line) => log(`${file.name}: ${line}`),
      onEvent: (event) => this.record(event),
    });
  }

  start(): void {
    this.#looks.wake();
    this.#reports.wake();
    this.#controllers.start();
    this.#judging.wake();
    if (this.#etcd !== undefined) this.#care.wake();
  }

  /** Snapshots and drills as the cluster's spec wants them. */
  setBackup(spec: BackupSpec | undefined): void {
    this.#etcd?.setSpec(spec);
  }

  /** Prefixes of the site in which services can be reached. */
  setExposed(prefixes: readonly string[]): void {
    this.#controllers.setExposed(prefixes);
  }

  /** Pools of the document, with prefixes that see their addresses as they are; undefined while it does not speak of this cluster. */
  setPools(pools: Pools | undefined): void {
    const text = JSON.stringify(pools);
    if (text === this.#poolsText) return;
    this.#poolsText = text;
    this.#pools.set(pools);
    this.#poolPasses.wake();
  }

  /** What runs here by the document; undefined while it does not speak of this cluster. */
  setWorkloads(wanted: readonly WorkloadLeaf[] | undefined): void {
    const text = JSON.stringify(wanted);
    if (text === this.#wantedText) return;
    this.#wantedText = text;
    this.#workloads.set(wanted);
    this.#controllers.setContracts((wanted ?? []).map(contractOf));
    this.#passes.wake();
  }

  record(event: SiteEvent): void {
    this.#reporter.record(event);
    this.#reports.wake();
  }

  view(): Omit<ClusterView, 'openStreams' | 'workloads'> {
    const { attached, reason } = this.#attachment.state;
    const unreachable = this.#facts?.statements.find(
      ({ type, status }) => type === 'Reachable' && status !== 'True',
    );
    const why = reason ?? unreachable?.message;
    return {
      name: this.file.name,
      kind: this.file.kind,
      state: why !== undefined ? 'failed' : attached === undefined ? 'attaching' : 'attached',
      ...(attached === undefined ? {} : { host: attached.host }),
      ...(why === undefined ? {} : { reason: why }),
      ...(this.#facts === undefined ? {} : { version: this.#facts.version }),
      nodes: this.#facts?.nodes.length ?? 0,
      routable: routableOf(this.#facts),
    };
  }

  close(): void {
    this.#looks.stop();
    this.#reports.stop();
    this.#passes.stop();
    this.#care.stop();
    this.#judging.stop();
    this.#poolPasses.stop();
    this.#controllers.close();
    this.cache.close();
    this.client.close();
  }

  /** Never rejects: what fails is a statement about the cluster. */
  async #look(): Promise<number> {
    try {
      this.#facts = await inspectKubernetes(this.client);
    } catch (cause) {
      const statement = unreachableStatement(cause);
      this.#facts = { ...(this.#facts ?? NOTHING_KNOWN), statements: [statement] };
    }
    this.#reports.wake();
    return LOOK_MS;
  }

  /** Verdicts are newer than the last look, and go on while the API server is away. */
  #factsNow(facts: ClusterFacts): ClusterFacts {
    return {
      ...facts,
      nodes: facts.nodes.map((node) => ({ ...node, ...this.#controllers.verdict(node.name) })),
      statements: [
        ...facts.statements,
        ...this.#controllers.statements(),
        ...(this.#poolsFault === undefined ? [] : [poolsStatement(this.#poolsFault)]),
      ],
      ...(this.#etcd === undefined ? {} : { etcd: this.#etcd.status() }),
    };
  }

  async #judge(): Promise<number> {
    await this.#controllers.pass();
    return CONTROLLERS_MS;
  }

  async #passPools(): Promise<number> {
    try {
      await this.#pools.pass();
      this.#poolsFault = undefined;
    } catch (cause) {
      this.#poolsFault = cause instanceof Error ? cause.message : String(cause);
    }
    this.#reports.wake();
    return LOOK_MS;
  }

  /** Apart from everything else: a drill takes minutes. */
  async #lookAfterEtcd(): Promise<number> {
    await this.#etcd?.pass();
    this.#reports.wake();
    return LOOK_MS;
  }

  async #pass(): Promise<number> {
    try {
      await this.#workloads.pass();
    } catch (cause) {
      this.#options.log(
        `cluster ${this.file.name}: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    }
    this.#reports.wake();
    const statements = (this.#workloads.told ?? []).flatMap(({ instance }) => instance.statements);
    return statements.every(({ status }) => status === 'True') ? APPS_MS : APPS_MOVING_MS;
  }

  async #report(): Promise<number> {
    const { now, authority, log } = this.#options;
    try {
      const kind = this.file.kind;
      await this.#attachment.say({ kind, authority: await authority() }, now());
      if (this.#attachment.state.attached === undefined) return LOOK_MS;
      const apps = this.#workloads.told;
      const services = this.#controllers.services();
      const reservations = this.#pools.reservations();
      await this.#reporter.send({
        ...(this.#facts === undefined ? {} : { facts: this.#factsNow(this.#facts) }),
        ...(apps === undefined
          ? {}
          : { apps: apps.map((told) => withEnforcement(told, this.#facts?.network)) }),
        ...(services === undefined ? {} : { services: [...services] }),
        ...(reservations === undefined ? {} : { reservations: [...reservations] }),
        requests: this.cache.analysis(),
      });
    } catch (cause) {
      log(`cluster ${this.file.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
    return REPORT_MS;
  }
}

/** Behind an overlay nobody outside finds a pod. */
function routableOf(facts: ClusterFacts | undefined): string[] {
  return facts?.network?.reachability === 'routable' ? facts.network.podPrefixes.slice(0, ROUTABLE_MAX) : [];
}

function poolsStatement(fault: string): Statement {
  const message = `Pools of this cluster can't be kept: ${fault}`.slice(0, 500);
  return { type: 'PoolsKept', status: 'False', reason: 'Refused', message };
}

function contractOf(workload: WorkloadLeaf): AppContract {
  const { namespace, template } = workload;
  return { namespace, labels: selectorOf(workload), disconnect: template.disconnect };
}

function etcdCareOf(
  { file, scratch, run, now, wallNow, log }: ClusterRoomOptions,
  onEvent: (event: SiteEvent) => void,
): EtcdCare | undefined {
  if (file.etcd === undefined) return undefined;
  const { endpoints, programs, ...identity } = file.etcd;
  const members = endpoints.map((endpoint) => ({ endpoint, ...identity }));
  const directory = `${scratch}/${file.name}`;
  return new EtcdCare({ cluster: file.name, members, programs, directory, run, now, wallNow, onEvent, log });
}

const NOTHING = { cpuMillis: 0, memoryMib: 0, pods: 0 };
const NOTHING_KNOWN: ClusterFacts = {
  version: 'unknown',
  capacity: NOTHING,
  allocatable: NOTHING,
  nodes: [],
  statements: [],
};

function credentialsOf({ credentials }: ClusterFile): KubeClient['credentials'] {
  return { authority: undefined, serverName: undefined, ...credentials };
}
