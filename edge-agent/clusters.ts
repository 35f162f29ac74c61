/**
 * Root of the process for clusters (`clusters.mjs`): reads this host's settings, opens the worker and passes it the agent's orders. The same
 * file holds the commands about clusters and their nodes, so that the agent itself stays as small as it is. It holds no rule, and ends when the agent does.
 */
import { join } from 'node:path';
import { Client } from './link/client.ts';
import { readIdentity } from './link/identity.ts';
import { pathsUnder, readConfig, readEnvironment } from './settings.ts';
import { ClusterOrders, type ClusterState } from './worker/messages.ts';
import { Worker } from './worker/worker.ts';

export { addKubernetes, listClusters, removeCluster } from './cluster-command.ts';
export { addEngines } from './engine-command.ts';
export { joinNode, leaveEdge, rotateNode, runEngineNode, showNode } from './engine-node-command.ts';
export { listNodes, makeNodeToken, removeNode } from './joined-nodes-command.ts';
export { addMarathon } from './marathon-command.ts';
export { addMesos } from './mesos-command.ts';
export { installNode, runNode, uninstallNode } from './node-command.ts';

const TITLE = 'isthmus-clusters';
const REQUEST_TIMEOUT_MS = 15_000;

/** Runs until the agent is gone or says so. */
function runWorker(root: string | undefined): void {
  process.title = TITLE;
  const environment = readEnvironment(root);
  const paths = pathsUnder(environment.root);
  const read = readConfig(paths.config);
  const identity = readIdentity(paths.identityKey);
  if (read.kind !== 'config' || identity === undefined) throw new Error('this host is not enrolled');
  const { config } = read;
  const wallNow = () => Date.now();
  const client = new Client({
    url: config.controlPlane,
    ca: config.ca,
    signer: { agent: config.agent, sign: (message) => identity.sign(message) },
    timeoutMs: REQUEST_TIMEOUT_MS,
    now: wallNow,
  });
  const worker = new Worker({
    agent: config.agent,
    directory: paths.clusters,
    state: join(paths.state, 'clusters'),
    publicCertificate: paths.publicCertificate,
    caller: client,
    now: () => performance.now(),
    wallNow,
    environment: environment.all,
    log: (line) => console.log(line),
    onState: tell,
  });
  const end = () => void worker.stop().finally(() => process.exit(0));
  process.on('message', (message) => {
    const orders = ClusterOrders.safeParse(message);
    if (orders.success) worker.setOrders(orders.data);
    else console.log(`orders that can't be read: ${orders.error.message}`);
  });
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  process.once('SIGINT', () => undefined);
  worker.start();
}

/** The agent may be gone at any moment; that is seen by `disconnect`. */
function tell(state: ClusterState): void {
  if (process.connected) process.send?.(state, undefined, undefined, () => undefined);
}

if (process.argv[2] === '--root' && process.send !== undefined) runWorker(process.argv[3]);
