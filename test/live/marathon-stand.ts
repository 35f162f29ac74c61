/** A Marathon-compatible double over a real Mesos with real containers, and our driver before it. Needs root. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Driver } from '../../edge-agent/clusters/driver.ts';
import { createMarathonDriver } from '../../edge-agent/clusters/marathon.ts';
import { MarathonClient } from '../../edge-agent/marathon/client.ts';
import { MarathonNews } from '../../edge-agent/marathon/news.ts';
import { MesosClient } from '../../edge-agent/mesos/client.ts';
import { MesosFramework } from '../../edge-agent/mesos/framework.ts';
import { type MarathonDouble, startMarathon } from '../fakes/marathon.ts';
import { type MesosCluster, raiseMesos } from '../fixtures/mesos/mesos.ts';

/** The double asks for it. */
export const TOKEN = { kind: 'token', token: 'of-the-tests' } as const;

export interface MarathonStand {
  readonly cluster: MesosCluster;
  readonly scratch: string;
  readonly client: MarathonClient;
  readonly mesos: MesosClient;
  readonly driver: Driver;
  /** The double's own. */
  framework(): MesosFramework;
  server(): string;
  /** Ends the double and its framework; everything that runs runs on. */
  stopDouble(): Promise<void>;
  startDouble(): Promise<void>;
  close(): Promise<void>;
}

/** `name` is unique on the machine. */
export async function raiseMarathon(name: string): Promise<MarathonStand> {
  const scratch = mkdtempSync(join(tmpdir(), `isthmus-${name}-`));
  const cluster = await raiseMesos({ name, agents: 2 });
  const mesos = new MesosClient({ server: cluster.server, agentOrigin: () => cluster.server });
  const state: { double?: MarathonDouble; framework?: MesosFramework; port: number } = { port: 0 };
  const startDouble = async () => {
    const framework = new MesosFramework({
      client: mesos,
      directory: join(scratch, 'framework'),
      name: 'marathon-double',
      user: 'root',
      wallNow: Date.now,
    });
    framework.start();
    await framework.ready();
    state.framework = framework;
    const { port } = state;
    const { token } = TOKEN;
    state.double = await startMarathon({ framework, directory: scratch, port, hostname: 'agents', token });
    state.port = state.double.port;
  };
  const stopDouble = async () => {
    await state.double?.close();
    await state.framework?.stop();
  };
  await startDouble();
  const server = () => `http://127.0.0.1:${state.port}`;
  const client = new MarathonClient({ server: server(), credentials: TOKEN });
  const news = new MarathonNews({ client });
  news.start();
  return {
    cluster,
    scratch,
    client,
    mesos,
    driver: createMarathonDriver({ client, mesos, news }),
    framework: () => {
      if (state.framework === undefined) throw new Error('the double does not run');
      return state.framework;
    },
    server,
    stopDouble,
    startDouble,
    close: async () => {
      await news.stop();
      await stopDouble();
      await cluster.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
