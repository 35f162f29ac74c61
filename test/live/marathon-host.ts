/**
 * The Marathon-compatible double as a process of a host, over the Mesos there, for edges of the same LAN. Words: server of Mesos, a directory, and the address and
 * the port where it listens.
 */
import { MesosClient } from '../../edge-agent/mesos/client.ts';
import { MesosFramework } from '../../edge-agent/mesos/framework.ts';
import { startMarathon } from '../fakes/marathon.ts';

const [server = '', directory = '', address = '', port = ''] = process.argv.slice(2);
const client = new MesosClient({ server, agentOrigin: () => server });
const framework = new MesosFramework({
  client,
  directory: `${directory}/framework`,
  name: 'marathon-double',
  user: 'root',
  wallNow: Date.now,
});
framework.start();
await framework.ready();
await startMarathon({ framework, directory, address, port: Number(port), hostname: address });
console.log('listening');
