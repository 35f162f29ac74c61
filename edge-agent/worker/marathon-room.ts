/** A Marathon of this host. Its API is not passed on to anybody: whoever reaches it runs what he likes on every agent. */
import type { MarathonFile } from '../cluster-files.ts';
import { createMarathonDriver } from '../clusters/marathon.ts';
import { inspectMarathon, type MarathonReach } from '../clusters/marathon-facts.ts';
import { noAnswer } from '../clusters/statements.ts';
import { MarathonClient } from '../marathon/client.ts';
import { MarathonNews } from '../marathon/news.ts';
import { mesosClientOf } from './mesos-room.ts';
import { type ClusterRoom, Keeper, type KeeperOptions, plainRoom } from './room.ts';

/** Between looks because of events. */
const NEWS_MS = 2_000;

export interface MarathonRoomOptions extends KeeperOptions {
  readonly file: MarathonFile;
}

/** Marathon gives containers the addresses of their agents' bridges; an app that asks for a pool is refused by the driver. */
export function openMarathonRoom(options: MarathonRoomOptions): ClusterRoom {
  const { file } = options;
  const reach = marathonReachOf(file);
  let lookedMs = Number.NEGATIVE_INFINITY;
  // Most events of a busy Marathon are about apps of others.
  const onNews = () => {
    const nowMs = options.now();
    if (nowMs - lookedMs < NEWS_MS) return;
    lookedMs = nowMs;
    keeper.wakeApps();
  };
  const news = new MarathonNews({
    client: reach.client,
    log: (words) => options.log(`${file.name}: ${words}`),
    onNews,
  });
  const keeper = new Keeper(options, {
    driver: createMarathonDriver({ ...reach, news }),
    inspect: () => inspectMarathon(reach),
    unreachable: noAnswer,
  });
  return plainRoom({
    file,
    keeper,
    start: () => news.start(),
    // Marathon needs nobody of us to keep apps running.
    close: () => void news.stop(),
  });
}

export function marathonReachOf({
  server,
  authority,
  credentials,
  mesos,
}: Omit<MarathonFile, 'name' | 'kind'>): MarathonReach {
  return {
    client: new MarathonClient({ server, authority, credentials }),
    mesos: mesos === undefined ? undefined : mesosClientOf(mesos),
  };
}
