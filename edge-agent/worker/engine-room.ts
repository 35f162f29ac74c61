/** A swarm, or a cluster of plain Docker engines, of this host. Their API is not passed on: whoever reaches an engine is root on its host. */
import type { ClusterFacts } from '../../protocol/cluster.ts';
import type { DockerFile, SwarmFile } from '../cluster-files.ts';
import { createDockerDriver } from '../clusters/docker.ts';
import { inspectDocker, inspectSwarm, silentStatement } from '../clusters/docker-facts.ts';
import { reservationsIn } from '../clusters/docker-pool.ts';
import type { Driver } from '../clusters/driver.ts';
import { createSwarmDriver } from '../clusters/swarm.ts';
import type { Certifier } from '../door/door.ts';
import { addressesAt } from '../engine/addresses.ts';
import { EngineClient } from '../engine/client.ts';
import { EngineError } from '../engine/errors.ts';
import type { Pools } from '../node/pools.ts';
import { EnginesFile } from './engines-file.ts';
import { JoinedNodes } from './joined-nodes.ts';
import { type ClusterRoom, Keeper, type KeeperOptions, plainRoom } from './room.ts';

export interface EngineRoomOptions extends KeeperOptions {
  readonly file: SwarmFile | DockerFile;
  readonly wallNow: () => number;
  /** Of the nodes that join. */
  readonly certifier: Certifier;
  /** Where it is kept which ones did. */
  readonly nodes: string;
}

interface Engines {
  readonly driver: Driver;
  readonly inspect: () => Promise<ClusterFacts>;
  readonly start?: () => void;
  readonly close: () => void;
}

export function openEngineRoom(options: EngineRoomOptions): ClusterRoom {
  const { file } = options;
  const held: { pools?: Pools | undefined } = {};
  const rangesOf = (pool: string) => held.pools?.pools.find(({ name }) => name === pool)?.prefixes ?? [];
  const { driver, inspect, start, close } =
    file.kind === 'swarm' ? swarmOf(file) : dockerOf({ ...options, file, rangesOf });
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
    ...(start === undefined ? {} : { start }),
    close,
  });
}

function swarmOf({ manager, others = [] }: SwarmFile): Engines {
  const client = new EngineClient(manager);
  const rest = others.map((other) => new EngineClient(other));
  return {
    driver: createSwarmDriver(client, rest),
    inspect: () => inspectSwarm(client),
    close: () => {
      for (const one of [client, ...rest]) one.close();
    },
  };
}

interface DockerOptions extends EngineRoomOptions {
  readonly file: DockerFile;
  readonly rangesOf: (pool: string) => readonly string[];
}

function dockerOf(options: DockerOptions): Engines {
  const { file, wallNow, rangesOf } = options;
  const { engines, lan } = file;
  const known = engines.map(({ name, endpoint, address }) => ({
    name,
    client: new EngineClient(endpoint),
    addresses: () => addressesAt(endpoint, address),
  }));
  const joined = new JoinedNodes({ ...options, fixed: known });
  const { nodes } = joined;
  const given = { nodes, wallNow, rangesOf };
  const seen = new EnginesFile(options.nodes, options.log);
  return {
    driver: createDockerDriver({ ...given, ...(lan === undefined ? {} : { lan: lanOf(lan) }) }),
    inspect: async () => {
      try {
        return await inspectDocker(nodes, seen);
      } catch (cause) {
        const why = whyNobody(joined, file);
        throw why === undefined ? cause : new EngineError('engine.unreachable', why);
      }
    },
    start: () => joined.start(),
    close: () => {
      joined.stop();
      for (const { client } of nodes) client.close();
    },
  };
}

/** Why no engine answers, where that is nobody's fault but the edge's, or where none has joined yet. */
function whyNobody({ nodes, fault }: JoinedNodes, { name, door }: DockerFile): string | undefined {
  if (door === undefined) return undefined;
  if (fault !== undefined) return `Nodes can't connect to ${door.address}:${door.port}: ${fault}`;
  return nodes.length > 0
    ? undefined
    : `No node has joined yet. A token for one: edge-agent cluster node-token ${name}`;
}

function lanOf({ parent, subnet, gateway }: NonNullable<DockerFile['lan']>) {
  return { parent, subnet, ...(gateway === undefined ? {} : { gateway }) };
}
