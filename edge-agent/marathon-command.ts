/** `edge-agent cluster add marathon`: sees that a Marathon answers and lets us read, finds its Mesos, and keeps how both are reached on this host. */
import { readFile } from 'node:fs/promises';
import { Name } from '../protocol/metadata.ts';
import { MarathonFile, writeClusterFile } from './cluster-files.ts';
import { inspectMarathon } from './clusters/marathon-facts.ts';
import { MarathonError, type MarathonFault } from './marathon/errors.ts';
import { Info } from './marathon/wire.ts';
import { credentialsIn } from './mesos-command.ts';
import { marathonReachOf } from './worker/marathon-room.ts';

export interface AddMarathonOptions {
  readonly name: string;
  readonly server: string;
  /** Of any master of Mesos; what Marathon says itself if absent. */
  readonly master: string | undefined;
  readonly files: {
    /** `USER:PASSWORD`. */
    readonly credentials?: string | undefined;
    readonly token?: string | undefined;
    /** PEM. */
    readonly authority?: string | undefined;
    /** `PRINCIPAL:SECRET`. */
    readonly mesosCredentials?: string | undefined;
  };
  readonly directory: string;
}

/** What something else would say. */
const ODD: readonly MarathonFault[] = ['marathon.not_found', 'marathon.malformed'];

/** Lines for the terminal. Throws a sentence if the cluster can't be used; nothing is kept then. */
export async function addMarathon(options: AddMarathonOptions): Promise<readonly string[]> {
  const named = Name.safeParse(options.name);
  if (!named.success)
    throw new Error(`${options.name} can't be the name of a cluster: ${named.error.issues[0]?.message}`);
  const file = await fileOf(named.data, options);
  const { known, facts } = await lookedAt(file, options).catch((cause: unknown) => {
    throw withAdvice(cause, file.server);
  });
  const missing = facts.statements.find(({ reason }) => reason === 'MesosNotReached');
  if (missing !== undefined && options.master !== undefined) throw new Error(missing.message);
  const kept = missing === undefined ? known : file;
  writeClusterFile(options.directory, kept);
  const { nodes, capacity } = facts;
  return [
    `${named.data}: Marathon ${facts.version} at ${options.server}`,
    missing === undefined
      ? `${nodes.length} agents, ${capacity.cpuMillis / 1_000} CPUs, ${Math.round(capacity.memoryMib / 1_024)} GiB, told by Mesos at ${kept.mesos?.server}`
      : `${missing.message} Until then placements see no room here.`,
    'added; the agent attaches it within seconds. Whether apps may be changed is seen with the first one',
  ];
}

async function lookedAt(file: MarathonFile, options: AddMarathonOptions) {
  const known = { ...file, ...(await mesosOf(file, options)) };
  return { known, facts: await inspectMarathon(marathonReachOf(known)) };
}

function withAdvice(cause: unknown, server: string): unknown {
  const isOdd = cause instanceof MarathonError && ODD.includes(cause.code);
  return isOdd ? new Error(`${server} answers, and is no Marathon: ${cause.message}`, { cause }) : cause;
}

async function fileOf(name: string, { server, files }: AddMarathonOptions): Promise<MarathonFile> {
  if (files.credentials !== undefined && files.token !== undefined)
    throw new Error('Give one of --marathon-credentials and --marathon-token.');
  const authority =
    files.authority === undefined ? {} : { authority: await readFile(files.authority, 'utf8') };
  const file = MarathonFile.safeParse({
    name,
    kind: 'marathon',
    server,
    ...authority,
    ...(await secretOf(files)),
  });
  if (!file.success) throw new Error(`--marathon ${server}: give http://HOST:8080 of any Marathon.`);
  return file.data;
}

async function secretOf({ credentials, token }: AddMarathonOptions['files']): Promise<object> {
  if (token !== undefined) {
    const text = (await readFile(token, 'utf8')).trim();
    if (text === '') throw new Error(`${token}: a token is wanted.`);
    return { credentials: { kind: 'token', token: text } };
  }
  if (credentials === undefined) return {};
  const { principal: user, secret: password } = await credentialsIn(credentials);
  return { credentials: { kind: 'basic', user, password } };
}

async function mesosOf(
  file: MarathonFile,
  { master, files }: AddMarathonOptions,
): Promise<Pick<MarathonFile, 'mesos'>> {
  const server = master ?? (await toldMaster(file));
  if (server === undefined) return {};
  const credentials =
    files.mesosCredentials === undefined ? {} : { credentials: await credentialsIn(files.mesosCredentials) };
  const parsed = MarathonFile.shape.mesos.safeParse({ server, ...credentials });
  if (parsed.success) return parsed.data === undefined ? {} : { mesos: parsed.data };
  if (master === undefined) return {};
  throw new Error(`--master ${master}: give http://HOST:5050 of any master.`);
}

async function toldMaster(file: MarathonFile): Promise<string | undefined> {
  const { marathon_config: config } = await marathonReachOf(file).client.json(Info, {
    method: 'GET',
    path: '/v2/info',
  });
  return config.mesos_leader_ui_url?.replace(/\/+$/, '');
}
