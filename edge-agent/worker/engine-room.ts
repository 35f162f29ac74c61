/** A swarm, or a cluster of plain Docker engines, of this host. Their API is not passed on: whoever reaches an engine is root on its host. */
import type { ClusterFacts } from '../../protocol/cluster.ts';
import type { DockerFile, SwarmFile } from '../cluster-files.ts';
import { createDockerDriver } from '../clusters/docker.ts';
import { inspectDocker, inspectSwarm, silentStatement } from '../clusters/docker-facts.ts';
import { reservationsIn } from '../clusters/docker-pool.ts';
import type { Driver } from '../clusters/driver.ts';
import { createSwarmDriver } from '../clusters/swarm.ts';
import { EngineClient } from '../engine/client.ts';
import type { Pools } from '../node/pools.ts';
import { type ClusterRoom, Keeper, type KeeperOptions, plainRoom } from './room.ts';

export interface EngineRoomOptions extends KeeperOptions {
  readonly file: SwarmFile | DockerFile;
  readonly wallNow: () => number;
}

interface Engines {
  readonly driver: Driver;
  readonly clients: readonly EngineClient[];
  readonly inspect: () => Promise<ClusterFacts>;
}

export function openEngineRoom(options: EngineRoomOptions): ClusterRoom {
  const { file, wallNow } = options;
  const held: { pools?: Pools | undefined } = {};
  const rangesOf = (pool: string) => held.pools?.pools.find(({ name }) => name === pool)?.prefixes ?? [];
  const engines = file.kind === 'swarm' ? swarmOf(file) : dockerOf(file, { wallNow, rangesOf });
  const { driver, inspect, clients } = engines;
  return plainRoom({
    file,
    keeper: new Keeper(options, {
      driver,
      inspect,
      unreachable: silentStatement,
      parts: (apps, workloads) => {
        const pools = held.pools?.pools ?? [];
        // A swarm gives no addresses of pools; a cluster without pools has nothing to tell.
        if (file.kind === 'swarm' || pools.length === 0 || apps === undefined) return {};
        return { reservations: reservationsIn({ cluster: file.name, pools, workloads, apps }) };
      },
    }),
    setPools: (pools) => {
      held.pools = pools;
    },
    close: () => {
      for (const client of clients) client.close();
    },
  });
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
