/**
 * The environment of the functions: the one place that names its variables and reads them. The constructs in `infra/`
 * set them by the same names. Values, never secrets: those are read from their own service when they are needed.
 */
import { z } from 'zod';
import { ClusterDomain } from '../../protocol/cluster.ts';
import { TrustedIssuers } from '../../protocol/sign-in.ts';
import { readJson } from './json.ts';

export const VARIABLES = {
  /** Name of the table. */
  table: 'ISTHMUS_TABLE',
  /** Name of the bucket with the leaves of documents. */
  leaves: 'ISTHMUS_LEAVES',
  /** Id or ARN of the signing key in KMS. */
  signingKey: 'ISTHMUS_SIGNING_KEY',
  /** Signing roots, SPKI (DER in base64), divided by spaces; the first one signs. */
  roots: 'ISTHMUS_ROOTS',
  /** Virtual pools, divided by commas. */
  pools: 'ISTHMUS_POOLS',
  /** Id of the secret from which secrets of idempotent creations follow. */
  tokenSecret: 'ISTHMUS_TOKEN_SECRET',
  /** JSON object: the queue's URL by the hub's name. */
  queues: 'ISTHMUS_QUEUES',
  /** Where the installer's downloads lie, `https://HOST/install`. */
  downloads: 'ISTHMUS_DOWNLOADS',
  /** JSON list of the issuers whose access tokens are taken. */
  issuers: 'ISTHMUS_ISSUERS',
  /** The domain of clusters; empty if there is none. */
  clusterDomain: 'ISTHMUS_CLUSTER_DOMAIN',
  /** The console's URL, which is its origin too. */
  consoleUrl: 'ISTHMUS_CONSOLE_URL',
  /** Name of the bucket that the audit log is copied to. */
  audit: 'ISTHMUS_AUDIT',
  /** Our region; Lambda sets it. */
  region: 'AWS_REGION',
  /** In place of STS, for tests only; the SDK's own name, because no client of the SDK makes that one request. */
  stsEndpoint: 'AWS_ENDPOINT_URL_STS',
} as const;

/** What the API's function needs. */
export const API_KEYS = [
  'table',
  'leaves',
  'roots',
  'pools',
  'tokenSecret',
  'downloads',
  'issuers',
  'clusterDomain',
  'consoleUrl',
  'stsEndpoint',
] as const;

const list = (separator: string) =>
  z
    .string()
    .min(1)
    .transform((text) => text.split(separator));

const Environment = z.object({
  table: z.string().min(3),
  leaves: z.string().min(3),
  signingKey: z.string().min(1),
  roots: list(' '),
  pools: list(','),
  tokenSecret: z.string().min(1),
  queues: z.string().transform(readJson).pipe(z.record(z.string(), z.url())),
  downloads: z.url(),
  issuers: z.string().default('[]').transform(readJson).pipe(TrustedIssuers),
  clusterDomain: z.union([ClusterDomain, z.literal('')]).default(''),
  consoleUrl: z.union([z.url({ protocol: /^https$/ }), z.literal('')]).default(''),
  audit: z.string().min(3),
  region: z.string().min(1),
  stsEndpoint: z.union([z.url(), z.literal('')]).default(''),
});
export type Environment = z.infer<typeof Environment>;

/** The variables that a function needs; throws a sentence that names the one that is missing or wrong. */
export function readEnvironment<Key extends keyof Environment>(
  environment: Readonly<Record<string, string | undefined>>,
  keys: readonly Key[],
): Pick<Environment, Key> {
  const read = keys.map((key) => [key, readVariable(key, environment[VARIABLES[key]])]);
  // Each value was read by the schema of its own key.
  return Object.fromEntries(read) as Pick<Environment, Key>;
}

function readVariable(key: keyof Environment, text: string | undefined): unknown {
  const parsed = Environment.shape[key].safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Error(`${VARIABLES[key]} is missing or wrong: ${parsed.error.issues[0]?.message ?? ''}`);
}
