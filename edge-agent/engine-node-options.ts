/** The commands about nodes of plain engines, as the command line has them: on the edge, and on the nodes. What they do is in `clusters.ts`' bundle. */
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import type { JoinOptions } from './engine-node-command.ts';
import type { Paths } from './settings.ts';

const NOT_RUNNING = 3;
const APART = 1;

/** On the host of an engine. */
export function addNodeCommands(node: Command, pathsOf: () => Paths): void {
  node
    .command('join')
    .description('make this host with its Docker engine a node of an edge')
    .requiredOption('--token-file <file>', 'file that holds a token of: edge-agent cluster node-token')
    .option('--name <name>', "the node's name; the host's name if absent", hostname())
    .option('--socket <path>', "of the engine's API", '/var/run/docker.sock')
    .option('--lan <interface...>', 'let containers have addresses of pools on the LAN of this interface')
    .option('--volume-driver <name...>', "let apps use this driver of volumes beside the engine's own")
    .action(async (options: JoinOptions) => {
      const { joinNode } = await import('./clusters.ts');
      for (const line of await joinNode(options, pathsOf())) console.log(line);
    });
  node
    .command('status')
    .description('say whether the agent beside the engine runs and is connected to its edge')
    .action(async () => {
      const { showNode } = await import('./clusters.ts');
      const { lines, state } = showNode(pathsOf());
      for (const line of lines) console.log(line);
      process.exitCode = state === 'connected' ? 0 : state === 'apart' ? APART : NOT_RUNNING;
    });
  node
    .command('rotate')
    .description('give this node a new key and certificate; the old ones end')
    .action(async () => {
      const { rotateNode } = await import('./clusters.ts');
      for (const line of await rotateNode(pathsOf())) console.log(line);
    });
  node
    .command('leave')
    .description('forget the edge; containers run on')
    .action(async () => {
      const { leaveEdge } = await import('./clusters.ts');
      for (const line of leaveEdge(pathsOf())) console.log(line);
    });
}

/** Of an enrolled host. */
export interface EdgePlace {
  readonly paths: Paths;
  readonly agent: string;
}

/** On the edge. */
export function addJoinCommands(clusters: Command, placeOf: () => EdgePlace): void {
  clusters
    .command('node-token')
    .description('make a token with which a host with a Docker engine joins: good once, and not for long')
    .argument('<cluster>')
    .option('--node <name>', 'good for the node of this name alone')
    .option('--hours <hours>', 'how long it is good', numberOf, 1)
    .action(async (cluster: string, options: { node?: string; hours: number }) => {
      const { makeNodeToken } = await import('./clusters.ts');
      const { paths, agent } = placeOf();
      console.log(await makeNodeToken({ cluster, agent, ...options }, paths));
    });
  clusters
    .command('nodes')
    .description('show the nodes of a cluster of plain engines')
    .argument('<cluster>')
    .action(async (cluster: string) => {
      const { listNodes } = await import('./clusters.ts');
      for (const line of listNodes(cluster, placeOf().paths)) console.log(line);
    });
  clusters
    .command('remove-node')
    .description('send a node away that joined; its key is good for nothing then')
    .argument('<cluster>')
    .argument('<node>')
    .action(async (cluster: string, name: string) => {
      const { removeNode } = await import('./clusters.ts');
      for (const line of removeNode(cluster, name, placeOf().paths)) console.log(line);
    });
}

function numberOf(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number)) throw new InvalidArgumentError('give a number');
  return number;
}
