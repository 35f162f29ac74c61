/** An app that scales by its CPU at a real plain engine, with a real control plane and edge: how it is loaded, and how tests look at it. */
import { z } from 'zod';
import { EngineClient, filtersOf } from '../../edge-agent/engine/client.ts';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { type DockerEngine, enginesOn } from '../fixtures/docker/engines.ts';
import { agentCommand } from './agent-command.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';

const APP = '/v1/tenants/demo/apps/web';
const LABEL = 'isthmus.dev/app=web';
const ATTACHED_MS_MAX = 60_000;

export interface ScaleStand {
  readonly estate: Estate;
  readonly engine: DockerEngine;
  /** Makes the app `web` with one container, and waits until that is ready. */
  begin(replicas: object): Promise<void>;
  app(): Promise<App>;
  /** Containers of the app that are ready, as the engine says. */
  ready(): Promise<number>;
  /** Makes the first container use all the CPU that it may: twice as much as it asks for. */
  burn(): Promise<void>;
  /** Ends that. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

export async function raiseScaleStand(name: string): Promise<ScaleStand> {
  const site = { name: 'berlin', lan: '10.0.0.0/24', lanHosts: 1 };
  const estate = await raiseEstate({ name, sites: [site] });
  const { lanHosts, edge } = estate.site('berlin');
  const places = lanHosts.map(({ host, address }) => ({ host, address, labels: {} }));
  const engines = await enginesOn(places, { name: `${name}e` }).catch(async (cause: unknown) => {
    await estate.destroy();
    throw cause;
  });
  const { first } = engines;
  const client = new EngineClient({ kind: 'socket', path: first.socket });
  const close = async () => {
    client.close();
    await engines.close();
    await estate.destroy();
  };
  try {
    const words = ['--engine', `${first.name}=unix://${first.socket}`];
    await edge.check(agentCommand('cluster', 'add', 'docker', 'plain', ...words));
    await attached(estate);
  } catch (cause) {
    await close();
    throw cause;
  }
  const container = async () => {
    const ids = await first.docker('ps', '-q', '--filter', `label=${LABEL}`);
    return ids.trim().split('\n').at(-1) ?? '';
  };
  const ready = () => readyAt(client);
  const held: { burner?: string } = {};
  return {
    estate,
    engine: first,
    ready,
    close,
    app: () => estate.api.get(APP, App),
    begin: async (replicas) => {
      await estate.api.create(
        '/v1/tenants/demo/apps',
        { metadata: { name: 'web' }, spec: specOf(replicas) },
        App,
      );
      await eventually(async () => {
        if ((await ready()) !== 1) throw new Error('it is not ready');
      }, ATTACHED_MS_MAX);
    },
    burn: async () => {
      held.burner = await container();
      await first.docker('exec', '-d', held.burner, 'sh', '-c', 'echo $$ > /tmp/burner; while :; do :; done');
    },
    rest: async () => {
      if (held.burner !== undefined)
        await first.docker('exec', held.burner, 'sh', '-c', 'kill $(cat /tmp/burner)');
      delete held.burner;
    },
  };
}

async function readyAt(client: EngineClient): Promise<number> {
  const filters = filtersOf({ label: [LABEL], health: ['healthy'], status: ['running'] });
  const call = { method: 'GET', path: '/containers/json', query: { filters } } as const;
  return (await client.json(z.array(z.looseObject({})), call)).length;
}

function specOf(replicas: object) {
  return {
    image: 'local/tool:1',
    pullPolicy: 'never',
    command: ['serve', ':8080'],
    ports: [{ name: 'http', port: 8080 }],
    health: { ready: { http: { path: '/', port: 8080 }, periodSeconds: 1 } },
    stopSeconds: 1,
    resources: { cpuMillis: 100, cpuMillisMax: 200 },
    replicas,
  };
}

async function attached({ api }: Estate): Promise<void> {
  await eventually(async () => {
    const { status } = await api.get('/v1/tenants/demo/clusters/plain', Cluster);
    if (status.facts === undefined || status.conditions.some((one) => one.status !== 'True'))
      throw new Error(`it is not attached: ${JSON.stringify(status)}`);
  }, ATTACHED_MS_MAX);
}
