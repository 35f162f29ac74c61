/** Plain engines with a driver, and how tests look at them and meddle with them. */
import { createDockerDriver, type DockerSettings } from '../../edge-agent/clusters/docker.ts';
import { EngineClient } from '../../edge-agent/engine/client.ts';
import type { TrackStand } from '../edge-agent/clusters/track-contract.ts';
import { type DockerEngine, type DockerEngines, raiseEngines } from '../fixtures/docker/engines.ts';
import { askFrom } from './asking.ts';

export interface DockerStand {
  readonly ground: DockerEngines;
  readonly nodes: DockerSettings['nodes'];
  readonly stand: TrackStand;
  close(): Promise<void>;
}

/** Two engines, or as many as there are labels. */
export async function raiseDockerStand(
  name: string,
  labels: readonly Readonly<Record<string, string>>[] = [{ zone: 'a' }, { zone: 'b' }],
  more: Partial<DockerSettings> = {},
): Promise<DockerStand> {
  const ground = await raiseEngines({ name, labels });
  const nodes = ground.engines.map((engine) => ({
    name: engine.name,
    client: new EngineClient({ kind: 'socket', path: engine.socket }),
  }));
  const close = async () => {
    for (const { client } of nodes) client.close();
    await ground.close();
  };
  return { ground, nodes, stand: driverStand(ground, { nodes, wallNow: Date.now, ...more }), close };
}

/** What docker prints of each engine, a line each. */
export async function linesOf(ground: DockerEngines, ...words: readonly string[]): Promise<string[]> {
  const found = await Promise.all(ground.engines.map((engine) => engine.docker(...words)));
  return found.flatMap((text) => text.split('\n')).filter((line) => line !== '');
}

/** The engine that has this container. */
export async function engineWith(ground: DockerEngines, container: string): Promise<DockerEngine> {
  for (const engine of ground.engines)
    if ((await engine.docker('ps', '-aq', '--filter', `name=^${container}$`)) !== '') return engine;
  throw new Error(`no engine has ${container}`);
}

export function driverStand(ground: DockerEngines, settings: DockerSettings): TrackStand {
  const driver = createDockerDriver(settings);
  const nobody = new EngineClient({ kind: 'socket', path: `${ground.directory}/nobody.sock` });
  return {
    driver,
    pass: (workload) => driver.apply(workload),
    unreachable: createDockerDriver({ ...settings, nodes: [{ name: 'nobody', client: nobody }] }),
    images: { first: 'local/tool:1', second: 'local/tool:2', missing: 'local/none:1' },
    meddle: async ({ app }) => {
      const { docker } = await engineWith(ground, `acme_${app}.1`);
      await docker('update', '--restart', 'no', `acme_${app}.1`);
      await docker('stop', '-t', '1', `acme_${app}.1`);
    },
    decorate: async ({ app }) => {
      const { docker } = await engineWith(ground, `acme_${app}.1`);
      await docker('network', 'create', 'others');
      await docker('network', 'connect', 'others', `acme_${app}.1`);
      const format = '{{json .NetworkSettings.Networks}}';
      return async () => (await docker('inspect', `acme_${app}.1`, '-f', format)).includes('"others"');
    },
    occupy: async ({ app }) => {
      const { docker } = ground.first;
      const id = await docker('run', '-d', '--name', `acme_${app}.1`, 'local/tool:1', 'serve');
      return async () => (await docker('ps', '-q', '--no-trunc', '--filter', `name=^acme_${app}.1$`)) === id;
    },
    // Each engine has a network of its own: the name is known where a container is.
    ask: async (url, times) => {
      const said = await Promise.all(ground.engines.map((engine) => askFrom(engine, { url, times })));
      return said.filter((answers) => answers.some((answer) => answer !== 'failed')).flat();
    },
    leftovers: ({ app }) => linesOf(ground, 'ps', '-aq', '--filter', `label=isthmus.dev/app=${app}`),
  };
}
