/** The cases of the upgrade bench: one a kind of cluster, each the real thing. Another driver is one line more in the list. */
import { createMesosDriver } from '../edge-agent/clusters/mesos.ts';
import { MesosClient } from '../edge-agent/mesos/client.ts';
import { MesosFramework } from '../edge-agent/mesos/framework.ts';
import type { DockerEngine } from '../test/fixtures/docker/engines.ts';
import { raiseMesos } from '../test/fixtures/mesos/mesos.ts';
import { raiseDockerStand } from '../test/live/docker-stand.ts';
import { raiseMarathon } from '../test/live/marathon-stand.ts';
import { raiseRebuildStand } from '../test/live/rebuild-stand.ts';
import { raiseSwarmStand } from '../test/live/swarm-stand.ts';
import { startBalancer } from './upgrade-follow.ts';
import type { LoadTarget, UpgradeCase, UpgradeStand } from './upgrade-stand.ts';

/** Of Docker, in each container's network. */
const NAMESERVER = '127.0.0.11';
const NETWORK = 'isthmus_acme';
const BY_NAME =
  "a container in the tenant's network that asks for the app's name before each request and takes the first address";

export const UPGRADE_CASES: readonly UpgradeCase[] = [
  {
    kind: 'kubernetes',
    client: "the Service's address, from a node",
    ending: 'at once',
    raise: raiseKubernetes,
  },
  { kind: 'swarm', client: BY_NAME, ending: 'after 2 s', raise: raiseSwarm },
  { kind: 'docker', client: BY_NAME, ending: 'at once', raise: raiseDocker },
  {
    kind: 'mesos',
    client: 'an HAProxy over the containers that are ready, without retries',
    ending: 'after 2 s',
    raise: raiseMesosCase,
  },
  {
    kind: 'marathon',
    client:
      'an HAProxy over the containers that are ready, without retries; a double of Marathon over the real Mesos',
    ending: 'after 2 s',
    raise: raiseMarathonCase,
  },
];

async function raiseKubernetes(): Promise<UpgradeStand> {
  const { cluster, driver, close } = await raiseRebuildStand('upgk');
  return {
    driver,
    close,
    target: async () => {
      const words = ['-n', 'acme', 'get', 'service', 'steady', '-o', 'jsonpath={.spec.clusterIP}'];
      const [node] = cluster.nodes;
      if (node === undefined) throw new Error('there is no node');
      return {
        url: `http://${await cluster.kube(words)}:8080/`,
        spawn: (command) => node.host.spawn(command),
      };
    },
  };
}

async function raiseSwarm(): Promise<UpgradeStand> {
  const { swarm, stand, close } = await raiseSwarmStand('upgs');
  return { driver: stand.driver, close, target: () => containerTarget(swarm.first) };
}

async function raiseDocker(): Promise<UpgradeStand> {
  // A network of a plain engine ends at the engine.
  const { ground, stand, close } = await raiseDockerStand('upgd', [{}]);
  return { driver: stand.driver, close, target: () => containerTarget(ground.first) };
}

/** A process of ours with the network of a container. */
async function containerTarget({ docker, host }: DockerEngine): Promise<LoadTarget> {
  await docker('run', '-d', '--name', 'client', '--network', NETWORK, 'local/tool:1', 'sleep', '3600');
  const pid = await docker('inspect', 'client', '-f', '{{.State.Pid}}');
  return {
    url: 'http://steady:8080/',
    nameserver: NAMESERVER,
    spawn: (command) => host.spawn(['nsenter', '-t', pid.trim(), '-n', '--', ...command]),
  };
}

async function raiseMarathonCase(): Promise<UpgradeStand> {
  const { driver, cluster, close } = await raiseMarathon('upgn');
  const { host } = cluster.engine;
  const balancer = await startBalancer(host, cluster.directory);
  return {
    driver,
    close,
    follow: balancer.follow,
    target: async () => ({ url: balancer.url, spawn: (command) => host.spawn(command) }),
  };
}

async function raiseMesosCase(): Promise<UpgradeStand> {
  const cluster = await raiseMesos({ name: 'upgm', agents: 2 });
  const client = new MesosClient({ server: cluster.server, agentOrigin: () => cluster.server });
  const settings = { client, directory: `${cluster.directory}/framework`, name: 'isthmus', user: 'root' };
  const framework = new MesosFramework({ ...settings, wallNow: Date.now });
  framework.start();
  const { host } = cluster.engine;
  const balancer = await startBalancer(host, cluster.directory);
  return {
    driver: createMesosDriver(framework),
    follow: balancer.follow,
    target: async () => ({ url: balancer.url, spawn: (command) => host.spawn(command) }),
    close: async () => {
      await framework.stop();
      await cluster.close();
    },
  };
}
