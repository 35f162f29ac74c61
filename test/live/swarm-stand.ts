/** A swarm with a driver at its manager, and how tests look at it and meddle with it. */
import { createSwarmDriver } from '../../edge-agent/clusters/swarm.ts';
import { EngineClient } from '../../edge-agent/engine/client.ts';
import type { TrackStand } from '../edge-agent/clusters/track-contract.ts';
import { type DockerEngines, raiseEngines, raiseSwarm } from '../fixtures/docker/engines.ts';
import { askFrom } from './asking.ts';

export interface SwarmStand {
  readonly swarm: DockerEngines;
  readonly client: EngineClient;
  readonly stand: TrackStand;
  close(): Promise<void>;
}

/** A manager and two workers; their engines have the labels zone=a, b, b. */
export async function raiseSwarmStand(name: string): Promise<SwarmStand> {
  const swarm = await raiseEngines({ name, labels: [{ zone: 'a' }, { zone: 'b' }, { zone: 'b' }] });
  const client = new EngineClient({ kind: 'socket', path: swarm.first.socket });
  const close = async () => {
    client.close();
    await swarm.close();
  };
  try {
    await raiseSwarm(swarm);
    return { swarm, client, stand: driverStand(swarm, client), close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

function driverStand(swarm: DockerEngines, client: EngineClient): TrackStand {
  const { docker } = swarm.first;
  const nowhere = new EngineClient({ kind: 'socket', path: `${swarm.directory}/nobody.sock` });
  const version = async (service: string) =>
    docker('service', 'inspect', service, '-f', '{{.Version.Index}}');
  return {
    driver: createSwarmDriver(
      client,
      swarm.engines.slice(1).map(({ socket }) => new EngineClient({ kind: 'socket', path: socket })),
    ),
    unreachable: createSwarmDriver(nowhere),
    images: { first: 'local/tool:1', second: 'local/tool:2', missing: 'local/none:1' },
    meddle: async ({ app }) => {
      await docker('service', 'update', '-d', '--replicas', '5', `acme_${app}`);
    },
    decorate: async ({ app }) => {
      const more = [
        '--label-add',
        'others.example/note=keep',
        '--container-label-add',
        'others.example/on=it',
      ];
      await docker('service', 'update', '-d', ...more, `acme_${app}`);
      const format = '{{json .Spec.Labels}}{{json .Spec.TaskTemplate.ContainerSpec.Labels}}';
      return async () => {
        const kept = await docker('service', 'inspect', `acme_${app}`, '-f', format);
        return kept.includes('"others.example/note":"keep"') && kept.includes('"others.example/on":"it"');
      };
    },
    occupy: async ({ app }) => {
      await docker('service', 'create', '-d', '--name', `acme_${app}`, 'local/tool:1', 'serve');
      const before = await version(`acme_${app}`);
      return async () => (await version(`acme_${app}`)) === before;
    },
    ask: (url, times) => askFrom(swarm.first, { url, times }),
    leftovers: async ({ app }) => {
      const filter = ['--filter', `label=isthmus.dev/app=${app}`, '-q'];
      const found = [
        await docker('service', 'ls', ...filter),
        await docker('config', 'ls', ...filter),
        ...(await Promise.all(swarm.engines.map((engine) => engine.docker('ps', '-a', ...filter)))),
      ];
      return found.flatMap((text) => text.split('\n')).filter((line) => line !== '');
    },
  };
}
