/** A Mesos cluster of this host, by our own framework. Its masters are not passed on to anybody. */
import type { MesosFile } from '../cluster-files.ts';
import { createMesosDriver } from '../clusters/mesos.ts';
import { inspectMesos } from '../clusters/mesos-facts.ts';
import { noAnswer } from '../clusters/statements.ts';
import { MesosClient } from '../mesos/client.ts';
import { MesosFramework } from '../mesos/framework.ts';
import { type ClusterRoom, Keeper, type KeeperOptions, plainRoom } from './room.ts';

export interface MesosRoomOptions extends KeeperOptions {
  readonly file: MesosFile;
  /** Where the framework remembers itself: without it, its tasks are another's. */
  readonly memory: string;
  readonly wallNow: () => number;
}

/** Agents of Mesos give containers addresses of their own; an app that asks for a pool is refused by the driver. */
export function openMesosRoom(options: MesosRoomOptions): ClusterRoom {
  const { file, memory, wallNow } = options;
  const client = mesosClientOf(file);
  const framework = new MesosFramework({
    client,
    directory: `${memory}/${file.name}`,
    name: `isthmus-${file.name}`,
    user: file.user,
    wallNow,
    log: (words) => options.log(`${file.name}: ${words}`),
  });
  const keeper = new Keeper(options, {
    driver: createMesosDriver(framework),
    inspect: () => inspectMesos(client, framework.frameworkId),
    unreachable: noAnswer,
  });
  return plainRoom({
    file,
    keeper,
    start: () => framework.start(),
    // Tasks run on.
    close: () => void framework.stop(),
  });
}

export function mesosClientOf({
  server,
  credentials,
}: Pick<MesosFile, 'server' | 'credentials'>): MesosClient {
  return new MesosClient({ server, ...(credentials === undefined ? {} : { credentials }) });
}
