/** A Mesos cluster of this host, by our own framework. Its masters are not passed on to anybody. */
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import type { WorkloadLeaf } from '../../protocol/document.ts';
import type { MesosFile } from '../cluster-files.ts';
import { createMesosDriver } from '../clusters/mesos.ts';
import { inspectMesos } from '../clusters/mesos-facts.ts';
import { MesosClient } from '../mesos/client.ts';
import { MesosFramework } from '../mesos/framework.ts';
import { type ClusterRoom, Keeper, type KeeperOptions } from './room.ts';

export interface MesosRoomOptions extends KeeperOptions {
  readonly file: MesosFile;
  /** Where the framework remembers itself: without it, its tasks are another's. */
  readonly memory: string;
  readonly wallNow: () => number;
}

export class MesosRoom implements ClusterRoom {
  readonly file: MesosFile;
  readonly served = undefined;
  readonly #framework: MesosFramework;
  readonly #keeper: Keeper;

  constructor(options: MesosRoomOptions) {
    const { file, memory, wallNow } = options;
    this.file = file;
    const client = mesosClientOf(file);
    this.#framework = new MesosFramework({
      client,
      directory: `${memory}/${file.name}`,
      name: `isthmus-${file.name}`,
      user: file.user,
      wallNow,
      log: (words) => options.log(`${file.name}: ${words}`),
    });
    this.#keeper = new Keeper(options, {
      driver: createMesosDriver(this.#framework),
      inspect: () => inspectMesos(client),
      unreachable: (cause) => ({
        type: 'Reachable',
        status: 'False',
        reason: 'NoAnswer',
        message: (cause instanceof Error ? cause.message : String(cause)).slice(0, 500),
      }),
    });
  }

  start(): void {
    this.#framework.start();
    this.#keeper.start();
  }

  /** There is no etcd of ours to save. */
  setBackup(): void {}

  /** Nothing publishes itself here. */
  setExposed(): void {}

  /** Agents of Mesos give containers addresses of their own; an app that asks for a pool is refused by the driver. */
  setPools(): void {}

  setWorkloads(wanted: readonly WorkloadLeaf[] | undefined): void {
    this.#keeper.setWorkloads(wanted);
  }

  record(event: SiteEvent): void {
    this.#keeper.record(event);
  }

  view(): ReturnType<ClusterRoom['view']> {
    return this.#keeper.view();
  }

  /** Tasks run on. */
  close(): void {
    this.#keeper.close();
    void this.#framework.stop();
  }
}

export function mesosClientOf({
  server,
  credentials,
}: Pick<MesosFile, 'server' | 'credentials'>): MesosClient {
  return new MesosClient({ server, ...(credentials === undefined ? {} : { credentials }) });
}
