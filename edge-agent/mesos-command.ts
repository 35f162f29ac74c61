/** `edge-agent cluster add mesos`: sees that a master answers, and keeps how it is reached on this host. */
import { readFile } from 'node:fs/promises';
import { Name } from '../protocol/metadata.ts';
import { MesosFile, writeClusterFile } from './cluster-files.ts';
import { inspectMesos } from './clusters/mesos-facts.ts';
import { mesosClientOf } from './worker/mesos-room.ts';

export interface AddMesosOptions {
  readonly name: string;
  readonly server: string;
  readonly user: string;
  /** File of `PRINCIPAL:SECRET`, where masters ask for it. */
  readonly credentials: string | undefined;
  readonly directory: string;
}

/** Lines for the terminal. Throws a sentence if the cluster can't be used; nothing is kept then. */
export async function addMesos(options: AddMesosOptions): Promise<readonly string[]> {
  const named = Name.safeParse(options.name);
  if (!named.success)
    throw new Error(`${options.name} can't be the name of a cluster: ${named.error.issues[0]?.message}`);
  const { name, server, user } = options;
  const credentials =
    options.credentials === undefined ? {} : { credentials: await credentialsIn(options.credentials) };
  const file = MesosFile.safeParse({ name, kind: 'mesos', server, user, ...credentials });
  if (!file.success) throw new Error(`--master ${server}: give http://HOST:5050 of any master.`);
  const { version, nodes, capacity } = await inspectMesos(mesosClientOf(file.data));
  writeClusterFile(options.directory, file.data);
  return [
    `${name}: Mesos ${version} at ${server}`,
    `${nodes.length} agents, ${capacity.cpuMillis / 1_000} CPUs, ${Math.round(capacity.memoryMib / 1_024)} GiB`,
    'added; the agent attaches it within seconds',
  ];
}

export async function credentialsIn(path: string): Promise<{ principal: string; secret: string }> {
  const [principal = '', secret = ''] = (await readFile(path, 'utf8')).trim().split(/:(.*)/s);
  if (principal === '' || secret === '')
    throw new Error(`${path}: one line of two parts with a colon between is wanted.`);
  return { principal, secret };
}
