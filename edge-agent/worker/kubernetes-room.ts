/**
 * A Kubernetes cluster of this host: beside what every cluster has, its API is passed on and relieved, its nodes and services are looked after, its etcd is
 * saved, and its containers have addresses of pools.
 */
import type { BackupSpec, DrillWish } from '../../protocol/backup.ts';
import type { ClusterFacts, Statement } from '../../protocol/cluster.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { ClusterReport, SiteEvent } from '../../protocol/cluster-report.ts';
import type { Run } from '../apply/command.ts';
import { type Cache, openCache } from '../cache/cache.ts';
import type { KubernetesFile } from '../cluster-files.ts';
import { createKubernetesDriver } from '../clusters/kubernetes.ts';
import { inspectKubernetes, unreachableStatement } from '../clusters/kubernetes-facts.ts';
import { ForeignLoad } from '../clusters/kubernetes-foreign.ts';
import { selectorOf } from '../clusters/kubernetes-marks.ts';
import { CONTROLLERS_MS, Controllers } from '../controllers/controllers.ts';
import { askHost } from '../controllers/node-probe.ts';
import type { AppContract } from '../controllers/replacement.ts';
import { EtcdCare } from '../etcd/care.ts';
import { KubeClient } from '../kube/client.ts';
import type { Pools } from '../node/pools.ts';
import { Poll } from '../poll.ts';
import { withAddressing } from './addressing.ts';
import { NodeAgents } from './node-agents.ts';
import { PoolKeeper } from './pools.ts';
import { type ClusterRoom, Keeper, type KeeperOptions } from './room.ts';

const CARE_MS = 10_000;
/** Of one cluster; the least used types go first. Pods of 2,000 containers are about 30 MB. */
const CACHE_BYTES_MAX = 200_000_000;

export interface KubernetesRoomOptions extends KeeperOptions {
  readonly file: KubernetesFile;
  /** For scratch files of snapshots and drills. */
  readonly scratch: string;
  readonly run: Run;
  readonly wallNow: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export class KubernetesRoom implements ClusterRoom {
  readonly file: KubernetesFile;
  readonly #client: KubeClient;
  /** Answers reads from memory; the proxy asks it first. */
  readonly #cache: Cache;
  readonly #keeper: Keeper;
  readonly #etcd: EtcdCare | undefined;
  readonly #care = new Poll(() => this.#lookAfterEtcd());
  readonly #controllers: Controllers;
  readonly #judging = new Poll(() => this.#judge());
  readonly #pools: PoolKeeper;
  readonly #foreign: ForeignLoad;
  readonly #agents: NodeAgents;
  readonly #poolPasses = new Poll(() => this.#passPools());
  #isBackupWanted = false;
  #poolsText: string | undefined;
  #wantedPools: Pools | undefined;
  #poolsFault: string | undefined;

  constructor(options: KubernetesRoomOptions) {
    const { file, now, wallNow, environment } = options;
    const log = (line: string) => options.log(`${file.name}: ${line}`);
    this.file = file;
    this.#client = new KubeClient({ credentials: credentialsOf(file), wallNow, environment });
    this.#cache = openCache({
      client: this.#client,
      monotonicNow: now,
      wallNow,
      budgetBytes: CACHE_BYTES_MAX,
      log,
    });
    this.#etcd = etcdCareOf(options, (event) => this.record(event));
    this.#agents = new NodeAgents(this.#client, now);
    this.#foreign = new ForeignLoad(this.#client, now);
    this.#pools = new PoolKeeper({ client: this.#client, cluster: file.name, wallNow, log });
    this.#controllers = new Controllers({
      client: this.#client,
      ask: (address) => askHost(address),
      now,
      wallNow,
      log,
      onEvent: (event) => this.record(event),
    });
    this.#keeper = new Keeper(options, {
      driver: createKubernetesDriver(this.#client, wallNow),
      inspect: () => this.#inspect(),
      unreachable: unreachableStatement,
      factsNow: (facts) => this.#factsNow(facts),
      appNow: (told, workloads) =>
        withAddressing(told, {
          workloads,
          pools: this.#wantedPools?.pools ?? [],
          agents: this.#agents.present(),
        }),
      parts: () => this.#parts(),
    });
  }

  get served() {
    return { client: this.#client, relief: this.#cache };
  }

  start(): void {
    this.#keeper.start();
    this.#controllers.start();
    this.#judging.wake();
    this.#poolPasses.wake();
    if (this.#etcd !== undefined) this.#care.wake();
  }

  setBackup(spec: BackupSpec | undefined): void {
    this.#isBackupWanted = spec !== undefined;
    this.#etcd?.setSpec(spec);
  }

  setDrill(wish: DrillWish | undefined): void {
    if (this.#etcd?.setWish(wish) === true) this.#care.wake();
  }

  setExposed(prefixes: readonly string[]): void {
    this.#controllers.setExposed(prefixes);
  }

  setPools(pools: Pools | undefined): void {
    const text = JSON.stringify(pools);
    if (text === this.#poolsText) return;
    this.#poolsText = text;
    this.#wantedPools = pools;
    this.#pools.set(pools);
    this.#poolPasses.wake();
  }

  setWorkloads(wanted: readonly WorkloadLeaf[] | undefined): void {
    if (this.#keeper.setWorkloads(wanted)) this.#controllers.setContracts(contractsOf(wanted ?? []));
  }

  record(event: SiteEvent): void {
    this.#keeper.record(event);
  }

  view(): ReturnType<ClusterRoom['view']> {
    return this.#keeper.view();
  }

  close(): void {
    this.#keeper.close();
    this.#care.stop();
    this.#judging.stop();
    this.#poolPasses.stop();
    this.#controllers.close();
    this.#cache.close();
    this.#client.close();
  }

  async #inspect(): Promise<ClusterFacts> {
    const facts = await inspectKubernetes(this.#client);
    this.#controllers.setServiceRange(facts.network?.servicePrefix);
    const foreign = await this.#foreign.read();
    return { ...facts, ...(foreign === undefined ? {} : { foreign }) };
  }

  /** Verdicts are newer than the last look, and go on while the API server is away. */
  #factsNow(facts: ClusterFacts): ClusterFacts {
    return {
      ...facts,
      nodes: facts.nodes.map((node) => ({ ...node, ...this.#controllers.verdict(node.name) })),
      statements: [
        ...facts.statements,
        ...this.#controllers.statements(),
        ...this.#agents.statements(facts.nodes),
        ...backupStatement(this.#isBackupWanted, this.file),
        ...(this.#poolsFault === undefined ? [] : [poolsStatement(this.#poolsFault)]),
      ],
      ...(this.#etcd === undefined ? {} : { etcd: this.#etcd.status() }),
    };
  }

  #parts(): Partial<ClusterReport> {
    const services = this.#controllers.services();
    const reservations = this.#pools.reservations();
    return {
      ...(services === undefined ? {} : { services: [...services] }),
      ...(reservations === undefined ? {} : { reservations: [...reservations] }),
      requests: this.#cache.analysis(),
    };
  }

  async #judge(): Promise<number> {
    await this.#controllers.pass();
    return CONTROLLERS_MS;
  }

  async #passPools(): Promise<number> {
    try {
      await this.#pools.pass();
      await this.#agents.pass();
      this.#poolsFault = undefined;
    } catch (cause) {
      this.#poolsFault = cause instanceof Error ? cause.message : String(cause);
    }
    this.#keeper.wakeReport();
    return CARE_MS;
  }

  /** Apart from everything else: a drill takes minutes. */
  async #lookAfterEtcd(): Promise<number> {
    await this.#etcd?.pass();
    this.#keeper.wakeReport();
    return CARE_MS;
  }
}

/** Nothing where it is as it should be: members and snapshots tell of themselves. */
export function backupStatement(isWanted: boolean, { name, etcd }: KubernetesFile): readonly Statement[] {
  if (!isWanted || etcd !== undefined) return [];
  const message = `The cluster's spec wants snapshots, and the edge has no credentials of its etcd. On the edge: edge-agent cluster add kubernetes ${name} again, with --etcd-endpoint, --etcd-ca, --etcd-cert and --etcd-key.`;
  return [{ type: 'BackedUp', status: 'False', reason: 'NoEtcdCredentials', message }];
}

function poolsStatement(fault: string): Statement {
  const message = `Pools of this cluster can't be kept: ${fault}`.slice(0, 500);
  return { type: 'PoolsKept', status: 'False', reason: 'Refused', message };
}

/** One an app: it is of the pods of both tracks. */
function contractsOf(wanted: readonly WorkloadLeaf[]): AppContract[] {
  return wanted.filter(({ track }) => track === undefined).map(contractOf);
}

function contractOf(workload: WorkloadLeaf): AppContract {
  const { namespace, template } = workload;
  return { namespace, labels: selectorOf(workload), disconnect: template.disconnect };
}

function etcdCareOf(
  { file, scratch, run, now, wallNow, log }: KubernetesRoomOptions,
  onEvent: (event: SiteEvent) => void,
): EtcdCare | undefined {
  if (file.etcd === undefined) return undefined;
  const { endpoints, programs, ...identity } = file.etcd;
  const members = endpoints.map((endpoint) => ({ endpoint, ...identity }));
  const directory = `${scratch}/${file.name}`;
  return new EtcdCare({ cluster: file.name, members, programs, directory, run, now, wallNow, onEvent, log });
}

function credentialsOf({ credentials }: KubernetesFile): KubeClient['credentials'] {
  return { authority: undefined, serverName: undefined, ...credentials };
}
