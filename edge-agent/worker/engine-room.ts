/** A swarm, or a cluster of plain Docker engines, of this host. Their API is not passed on: whoever reaches an engine is root on its host. */
import type { ClusterFacts } from '../../protocol/cluster.ts';
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import type { WorkloadLeaf } from '../../protocol/document.ts';
import type { DockerFile, SwarmFile } from '../cluster-files.ts';
import { createDockerDriver } from '../clusters/docker.ts';
import { inspectDocker, inspectSwarm, silentStatement } from '../clusters/docker-facts.ts';
import type { Driver } from '../clusters/driver.ts';
import { createSwarmDriver } from '../clusters/swarm.ts';
import { EngineClient } from '../engine/client.ts';
import type { Pools } from '../node/pools.ts';
import { type ClusterRoom, Keeper, type KeeperOptions } from './room.ts';

export interface EngineRoomOptions extends KeeperOptions {
  readonly file: SwarmFile | DockerFile;
  readonly wallNow: () => number;
}

interface Engines {
  readonly driver: Driver;
  readonly clients: readonly EngineClient[];
  inspect(): Promise<ClusterFacts>;
}

export class EngineRoom implements ClusterRoom {
  readonly file: SwarmFile | DockerFile;
  readonly served = undefined;
  readonly #engines: Engines;
  readonly #keeper: Keeper;
  #pools: Pools | undefined;

  constructor(options: EngineRoomOptions) {
    const { file, wallNow } = options;
    this.file = file;
    this.#engines =
      file.kind === 'swarm'
        ? swarmOf(file)
        : dockerOf(file, { wallNow, rangesOf: (name) => this.#rangesOf(name) });
    this.#keeper = new Keeper(options, {
      driver: this.#engines.driver,
      inspect: () => this.#engines.inspect(),
      unreachable: silentStatement,
    });
  }

  start(): void {
    this.#keeper.start();
  }

  /** There is no etcd of ours to save. */
  setBackup(): void {}

  /** Nothing publishes itself here. */
  setExposed(): void {}

  setPools(pools: Pools | undefined): void {
    this.#pools = pools;
  }

  setWorkloads(wanted: readonly WorkloadLeaf[] | undefined): void {
    this.#keeper.setWorkloads(wanted);
  }

  record(event: SiteEvent): void {
    this.#keeper.record(event);
  }

  view(): ReturnType<ClusterRoom['view']> {
    return this.#keeper.view();
  }

  close(): void {
    this.#keeper.close();
    for (const client of this.#engines.clients) client.close();
  }

  #rangesOf(pool: string): readonly string[] {
    return this.#pools?.pools.find(({ name }) => name === pool)?.prefixes ?? [];
  }
}

function swarmOf({ manager }: SwarmFile): Engines {
  const client = new EngineClient(manager);
  return { driver: createSwarmDriver(client), clients: [client], inspect: () => inspectSwarm(client) };
}

function dockerOf(
  { engines, lan }: DockerFile,
  more: { readonly wallNow: () => number; readonly rangesOf: (pool: string) => readonly string[] },
): Engines {
  const nodes = engines.map(({ name, endpoint }) => ({ name, client: new EngineClient(endpoint) }));
  const driver = createDockerDriver({ nodes, ...more, ...(lan === undefined ? {} : { lan: lanOf(lan) }) });
  return { driver, clients: nodes.map(({ client }) => client), inspect: () => inspectDocker(nodes) };
}

function lanOf({ parent, subnet, gateway }: NonNullable<DockerFile['lan']>) {
  return { parent, subnet, ...(gateway === undefined ? {} : { gateway }) };
}
