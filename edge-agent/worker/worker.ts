/**
 * The clusters of this host and the proxy in front of them, brought to what files and orders say, again and again. It composes; what may
 * pass is decided in `proxy`, what is wanted by the document.
 */
import { type CertificateTold, CLUSTER_PORT } from '../../protocol/cluster.ts';
import type { ClusterLeaf } from '../../protocol/cluster-leaf.ts';
import type { Finding } from '../../protocol/report.ts';
import { run } from '../apply/command.ts';
import { type ClusterFile, nodesDirectory, readClusterFiles } from '../cluster-files.ts';
import type { Certifier } from '../door/door.ts';
import { DOOR_NAME } from '../door/token.ts';
import type { Caller } from '../link/fetch.ts';
import type { Pools } from '../node/pools.ts';
import { Poll } from '../poll.ts';
import { Authority } from '../proxy/authority.ts';
import { ClusterProxy } from '../proxy/proxy.ts';
import {
  judgeCertificate,
  type PublicCertificate,
  readPublicCertificate,
} from '../proxy/public-certificate.ts';
import { openEngineRoom } from './engine-room.ts';
import { failedFinding, finding } from './findings.ts';
import { KubernetesRoom } from './kubernetes-room.ts';
import { openMarathonRoom } from './marathon-room.ts';
import { openMesosRoom } from './mesos-room.ts';
import type { ClusterOrders, ClusterState, ClusterView } from './messages.ts';
import type { ClusterRoom } from './room.ts';

const TICK_MS = 2_000;

export interface WorkerOptions {
  readonly agent: string;
  /** Of the cluster files. */
  readonly directory: string;
  /** What this process keeps: keys of the proxy, recordings. */
  readonly state: string;
  /** Directory of the certificate that browsers trust, if there is one. */
  readonly publicCertificate: string;
  readonly caller: Caller;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  readonly onState: (state: ClusterState) => void;
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #authority: Authority;
  /** Nodes of plain engines trust the authority that clients of clusters trust. */
  readonly #certifier: Certifier = {
    certificate: () => this.#authority.certificate(),
    door: () => this.#authority.serve([DOOR_NAME], 'door'),
    client: (name, publicKey) => this.#authority.client(name, publicKey),
  };
  readonly #rooms = new Map<string, ClusterRoom>();
  readonly #ticks = new Poll(() => this.#tick());
  #orders: ClusterOrders | undefined;
  #faults: readonly string[] = [];
  #proxy:
    | { readonly address: string; readonly certificate: string; readonly proxy: ClusterProxy }
    | undefined;
  #public: PublicCertificate;
  #failure: string | undefined;

  constructor(options: WorkerOptions) {
    const { agent, state, wallNow } = options;
    this.#options = options;
    this.#public = readPublicCertificate(options.publicCertificate);
    this.#authority = new Authority({ directory: `${state}/proxy`, agent, run, wallNow });
  }

  start(): void {
    this.#ticks.wake();
  }

  setOrders(orders: ClusterOrders): void {
    this.#orders = orders;
    // Access that is withdrawn must not wait for the next tick.
    this.#serve();
    this.#ticks.wake();
  }

  async stop(): Promise<void> {
    this.#ticks.stop();
    for (const room of this.#rooms.values()) room.close();
    await this.#proxy?.proxy.close();
  }

  async #tick(): Promise<number> {
    this.#matchFiles();
    this.#public = readPublicCertificate(this.#options.publicCertificate);
    try {
      await this.#listen();
      this.#serve();
      this.#proxy?.proxy.setPublicCertificate(this.#public.kind === 'pair' ? this.#public.pair : undefined);
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = cause instanceof Error ? cause.message : String(cause);
    }
    this.#options.onState(this.#state());
    return TICK_MS;
  }

  /** A file that changed is another cluster under the same name. */
  #matchFiles(): void {
    const { clusters, faults } = readClusterFiles(this.#options.directory);
    this.#faults = faults;
    const wanted = new Map(clusters.map((file) => [file.name, file]));
    for (const [name, room] of this.#rooms) {
      if (JSON.stringify(wanted.get(name)) === JSON.stringify(room.file)) continue;
      room.close();
      this.#rooms.delete(name);
    }
    for (const file of clusters) if (!this.#rooms.has(file.name)) this.#open(file);
  }

  #open(file: ClusterFile): void {
    const { caller, now, wallNow, environment, log, directory } = this.#options;
    const authority = () => this.#authority.certificate();
    const scratch = `${this.#options.state}/scratch`;
    const rttMs = () => this.#orders?.rttMs;
    const certificate = () => this.#certificateOf(file.name);
    const kept = { caller, authority, certificate, now, wallNow, log, rttMs };
    const room =
      file.kind === 'kubernetes'
        ? new KubernetesRoom({ ...kept, file, scratch, run, environment })
        : file.kind === 'mesos'
          ? openMesosRoom({ ...kept, file, memory: `${this.#options.state}/mesos` })
          : file.kind === 'marathon'
            ? openMarathonRoom({ ...kept, file })
            : openEngineRoom({
                ...kept,
                file,
                certifier: this.#certifier,
                nodes: nodesDirectory(directory, file.name),
              });
    this.#rooms.set(file.name, room);
    room.start();
  }

  /** Clusters that are both here and in the document. */
  #served(): { readonly leaf: ClusterLeaf; readonly room: ClusterRoom }[] {
    return (this.#orders?.clusters ?? []).flatMap((leaf) => {
      const room = this.#rooms.get(leaf.cluster);
      return room === undefined ? [] : [{ leaf, room }];
    });
  }

  /** Listens at the tunnel address once there is a name to serve; follows both, and the certificate, which is renewed while it runs. */
  async #listen(): Promise<void> {
    const names = this.#served().flatMap(({ leaf, room }) => (room.served === undefined ? [] : [leaf.host]));
    const address = this.#orders?.tunnelAddress;
    if (this.#proxy !== undefined && this.#proxy.address !== address) {
      await this.#proxy.proxy.close();
      this.#proxy = undefined;
    }
    if (address === undefined || names.length === 0) return;
    const certificate = await this.#authority.serve(names);
    if (this.#proxy !== undefined) {
      if (this.#proxy.certificate !== certificate.certificate) this.#proxy.proxy.setCertificate(certificate);
      this.#proxy = { ...this.#proxy, certificate: certificate.certificate };
      return;
    }
    const { state, now, wallNow, log } = this.#options;
    const proxy = new ClusterProxy({
      certificate,
      recordings: `${state}/recordings`,
      now,
      wallNow,
      log,
      onEvent: (cluster, event) => this.#rooms.get(cluster)?.record(event),
    });
    await proxy.listen(address, CLUSTER_PORT);
    this.#proxy = { address, certificate: certificate.certificate, proxy };
  }

  #serve(): void {
    for (const [name, room] of this.#rooms) {
      room.setExposed(this.#orders?.exposed ?? []);
      room.setWorkloads(this.#workloadsOf(name));
      room.setPools(this.#poolsOf(name));
    }
    for (const { leaf, room } of this.#served()) {
      room.setBackup(leaf.backup);
      room.setDrill(leaf.drill);
    }
    this.#proxy?.proxy.setClusters(
      new Map(
        this.#served().flatMap(({ leaf, room: { served } }) =>
          served === undefined ? [] : [[leaf.host, { leaf, ...served }]],
        ),
      ),
    );
  }

  /** Undefined where the deployment has no domain of clusters, or the document does not speak of this one. */
  #certificateOf(name: string): CertificateTold | undefined {
    const browsers = this.#orders?.clusters.find(({ cluster }) => cluster === name)?.browsers;
    return browsers && judgeCertificate(this.#public, browsers.host, this.#options.wallNow());
  }

  /** Undefined while the document does not speak of the cluster. */
  #poolsOf(name: string): Pools | undefined {
    const orders = this.#orders;
    if (orders?.clusters.some(({ cluster }) => cluster === name) !== true) return undefined;
    const pools = orders.pools.filter(({ cluster }) => cluster === name);
    return {
      pools: pools.map(({ pool, prefixes }) => ({ name: pool, prefixes })),
      joined: [...orders.exposed, ...orders.joined],
    };
  }

  #workloadsOf(name: string): ClusterOrders['workloads'] | undefined {
    const isOurs = this.#orders?.clusters.some(({ cluster }) => cluster === name) === true;
    return isOurs ? this.#orders?.workloads.filter(({ cluster }) => cluster === name) : undefined;
  }

  #state(): ClusterState {
    return {
      kind: 'state',
      residentBytes: process.memoryUsage.rss(),
      clusters: [...this.#rooms.values()].map((room) => this.#view(room)),
      findings: this.#findings(),
    };
  }

  #view(room: ClusterRoom): ClusterView {
    const leaf = this.#served().find((one) => one.room === room)?.leaf;
    return {
      ...room.view(),
      workloads: this.#orders?.workloads.filter(({ cluster }) => cluster === room.file.name).length ?? 0,
      openStreams: leaf === undefined ? 0 : (this.#proxy?.proxy.openStreams(leaf.host) ?? 0),
    };
  }

  #findings(): Finding[] {
    const failed = [...this.#rooms.values()]
      .map((room) => room.view())
      .filter(({ state }) => state === 'failed');
    return [
      ...this.#faults.map((fault) => finding('cluster.file', fault, 'Run edge-agent cluster add again.')),
      ...failed.map(failedFinding),
      ...(this.#failure === undefined
        ? []
        : [
            finding(
              'cluster.proxy',
              `The cluster proxy does not serve: ${this.#failure}`,
              'It is tried again by itself.',
            ),
          ]),
    ];
  }
}
