/** The bearer token of an identity, fresh: files are read again, plugins asked again before their token ends. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { KubeError } from './errors.ts';
import type { KubeIdentity } from './kubeconfig.ts';

const FILE_AGE_MS_MAX = 60_000;
const PLUGIN_TIMEOUT_MS = 30_000;
const PLUGIN_OUTPUT_MAX = 1_000_000;
/** A token that ends sooner than this is not used any more. */
const SPARE_MS = 30_000;

const ExecCredential = z.looseObject({
  kind: z.literal('ExecCredential'),
  status: z.looseObject({ token: z.string().optional(), expirationTimestamp: z.string().optional() }),
});

export interface TokenSource {
  /** Undefined: this identity has no token. Rejects with `kube.unauthenticated`. */
  token(): Promise<string | undefined>;
  /** The server did not take the last one. */
  forget(): void;
}

export interface TokenSourceOptions {
  readonly identity: KubeIdentity;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  /** What plugins run in, beside what the kubeconfig gives them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function tokenSource({ identity, wallNow, environment }: TokenSourceOptions): TokenSource {
  const read = readerOf(identity, environment);
  if (read === undefined) return { token: async () => undefined, forget: () => undefined };
  const kept: { value?: Promise<Token> | undefined } = {};
  const fetchNow = async () => {
    kept.value = read(wallNow());
    return kept.value;
  };
  return {
    token: async () => {
      const held = await kept.value?.catch(() => undefined);
      return (held !== undefined && held.untilMs > wallNow() ? held : await fetchNow()).token;
    },
    forget: () => {
      kept.value = undefined;
    },
  };
}

interface Token {
  readonly token: string;
  readonly untilMs: number;
}

function readerOf(
  identity: KubeIdentity,
  environment: TokenSourceOptions['environment'],
): ((nowMs: number) => Promise<Token>) | undefined {
  if (identity.kind === 'token')
    return async () => ({ token: identity.token, untilMs: Number.POSITIVE_INFINITY });
  if (identity.kind === 'token_file')
    return async (nowMs) => ({
      token: (await readFile(identity.path, 'utf8')).trim(),
      untilMs: nowMs + FILE_AGE_MS_MAX,
    });
  if (identity.kind === 'exec') return (nowMs) => askPlugin(identity, nowMs, environment);
  return undefined;
}

async function askPlugin(
  identity: Extract<KubeIdentity, { kind: 'exec' }>,
  nowMs: number,
  environment: TokenSourceOptions['environment'],
): Promise<Token> {
  try {
    const { stdout } = await promisify(execFile)(identity.command, [...identity.arguments], {
      timeout: PLUGIN_TIMEOUT_MS,
      maxBuffer: PLUGIN_OUTPUT_MAX,
      env: {
        ...environment,
        ...identity.environment,
        KUBERNETES_EXEC_INFO:
          '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}',
      },
    });
    const { status } = ExecCredential.parse(JSON.parse(stdout));
    const until =
      status.expirationTimestamp === undefined
        ? nowMs + FILE_AGE_MS_MAX
        : Date.parse(status.expirationTimestamp);
    return { token: z.string().parse(status.token), untilMs: until - SPARE_MS };
  } catch (cause) {
    throw new KubeError('kube.unauthenticated', `The plugin ${identity.command} gave no token.`, { cause });
  }
}
