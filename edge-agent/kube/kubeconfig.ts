/**
 * From a kubeconfig to what is needed to reach one API server. It reads what kubectl writes; plugins that are gone since
 * Kubernetes 1.26 (`auth-provider`) are refused with what to do instead. Nothing here leaves the host.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const FILE_BYTES_MAX = 4_000_000;
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How we say who we are. Files are read again when they change, as the tokens of service accounts do. */
export type KubeIdentity =
  | { readonly kind: 'certificate'; readonly certificate: string; readonly key: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'token_file'; readonly path: string }
  | {
      readonly kind: 'exec';
      readonly command: string;
      readonly arguments: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'anonymous' };

export interface KubeCredentials {
  /** `https://HOST:PORT`, without a path at its end unless the server is behind one. */
  readonly server: string;
  /** PEM; the system's authorities if absent. */
  readonly authority: string | undefined;
  /** Name to verify the certificate by, if it is not the host of `server`. */
  readonly serverName: string | undefined;
  readonly identity: KubeIdentity;
}

/** A kubeconfig that can't be used, and what to do about it. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

const Named = <T extends z.ZodType>(field: string, schema: T) =>
  z.array(z.looseObject({ name: z.string(), [field]: schema }));

const ClusterEntry = z.looseObject({
  server: z.string(),
  'certificate-authority': z.string().optional(),
  'certificate-authority-data': z.string().optional(),
  'tls-server-name': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
});
const UserEntry = z.looseObject({
  'client-certificate': z.string().optional(),
  'client-certificate-data': z.string().optional(),
  'client-key': z.string().optional(),
  'client-key-data': z.string().optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  exec: z
    .looseObject({
      command: z.string(),
      args: z.array(z.string()).nullish(),
      env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
    })
    .optional(),
  'auth-provider': z.unknown().optional(),
  username: z.string().optional(),
});
const Kubeconfig = z.looseObject({
  'current-context': z.string().default(''),
  clusters: Named('cluster', ClusterEntry).nullish(),
  users: Named('user', UserEntry).nullish(),
  contexts: Named('context', z.looseObject({ cluster: z.string(), user: z.string().default('') })).nullish(),
});

/** Reads a kubeconfig file; paths inside are relative to it. `context`: the current one unless given. */
export async function readKubeconfig(path: string, context?: string): Promise<KubeCredentials> {
  const text = await readSmall(path);
  return credentialsOf(text, { directory: dirname(path), context });
}

/** The same from its text. Certificates in files are read from `directory`. */
export async function credentialsOf(
  text: string,
  options: { readonly directory: string; readonly context?: string | undefined },
): Promise<KubeCredentials> {
  const config = parsed(text);
  const wanted = options.context ?? config['current-context'];
  const context = entryOf(
    config.contexts,
    'context',
    wanted,
    z.object({ cluster: z.string(), user: z.string() }),
  );
  const cluster = entryOf(config.clusters, 'cluster', context.cluster, ClusterEntry);
  if (cluster['insecure-skip-tls-verify'] === true)
    throw new KubeconfigError(
      `The cluster ${context.cluster} is used without verifying its certificate. Give its certificate-authority instead.`,
    );
  const user = context.user === '' ? {} : entryOf(config.users, 'user', context.user, UserEntry);
  if (cluster['certificate-authority-data'] === '' && !cluster['certificate-authority'])
    throw new KubeconfigError(
      `The certificate-authority-data of the cluster ${context.cluster} is empty. The kubeconfig that it was copied from may name a file instead (certificate-authority): put that file's text in base64 here, or leave the field out if the system's authorities vouch for the server.`,
    );
  const read = reader(options.directory);
  return {
    server: cluster.server.replace(/\/+$/, ''),
    authority: await read(cluster['certificate-authority-data'], cluster['certificate-authority']),
    serverName: cluster['tls-server-name'],
    identity: await identityOf(UserEntry.parse(user), { read, directory: options.directory }),
  };
}

/** What a pod has of its service account. */
export async function inClusterCredentials(environment: NodeJS.ProcessEnv): Promise<KubeCredentials> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  if (host === undefined)
    throw new KubeconfigError(
      'This is not inside a cluster: KUBERNETES_SERVICE_HOST is not set. Give --kubeconfig.',
    );
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    authority: await readSmall(`${SERVICE_ACCOUNT}/ca.crt`),
    serverName: undefined,
    identity: { kind: 'token_file', path: `${SERVICE_ACCOUNT}/token` },
  };
}

function parsed(text: string): z.infer<typeof Kubeconfig> {
  const result = Kubeconfig.safeParse(parseYaml(text));
  if (result.success) return result.data;
  throw new KubeconfigError(`This is not a kubeconfig: ${z.prettifyError(result.error)}`);
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new KubeconfigError('This is not a kubeconfig: it is not YAML.', { cause });
  }
}

function entryOf<T extends z.ZodType>(
  entries: readonly Readonly<Record<string, unknown>>[] | null | undefined,
  kind: 'cluster' | 'user' | 'context',
  ...[name, schema]: [string, T]
): z.infer<T> {
  const found = entries?.find((entry) => entry['name'] === name)?.[kind];
  const result = schema.safeParse(found);
  if (result.success) return result.data;
  const known = (entries ?? []).map((entry) => entry['name']).join(', ');
  throw new KubeconfigError(
    `The kubeconfig has no ${kind} ${name === '' ? '(none is current)' : name}; it has: ${known || 'none'}.`,
  );
}

type Read = (data: string | undefined, file: string | undefined) => Promise<string | undefined>;

function reader(directory: string): Read {
  return async (data, file) => {
    if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
    return file === undefined || file === '' ? undefined : readSmall(resolvePath(directory, file));
  };
}

async function identityOf(
  user: z.infer<typeof UserEntry>,
  { read, directory }: { readonly read: Read; readonly directory: string },
): Promise<KubeIdentity> {
  if (user['auth-provider'] !== undefined || user.username !== undefined)
    throw new KubeconfigError(
      'auth-provider and passwords are not taken any more: use a certificate, a token or an exec plugin.',
    );
  const certificate = await read(user['client-certificate-data'], user['client-certificate']);
  const key = await read(user['client-key-data'], user['client-key']);
  if (certificate !== undefined && key !== undefined) return { kind: 'certificate', certificate, key };
  if (user.tokenFile !== undefined)
    return { kind: 'token_file', path: resolvePath(directory, user.tokenFile) };
  if (user.token !== undefined) return { kind: 'token', token: user.token };
  if (user.exec === undefined) return { kind: 'anonymous' };
  return {
    kind: 'exec',
    command: user.exec.command.includes('/') ? resolvePath(directory, user.exec.command) : user.exec.command,
    arguments: user.exec.args ?? [],
    environment: Object.fromEntries((user.exec.env ?? []).map(({ name, value }) => [name, value])),
  };
}

function resolvePath(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

async function readSmall(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new KubeconfigError(
      `${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  });
  if (text.length > FILE_BYTES_MAX) throw new KubeconfigError(`${path} is too large.`);
  return text;
}
