/**
 * `isthmus credential CLUSTER`: what kubectl runs to learn who it is. A token is kept until shortly before its end, so that a hundred commands in a
 * minute ask the control plane once.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterCredential } from '../protocol/cluster-token.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import type { Profile, Settings } from './profile.ts';

/** A kept token with less time than this left is not given out any more. */
const SPARE_MS = 60_000;

export interface CredentialWanted {
  readonly cluster: string;
  readonly tenant: string;
  readonly nowMs: number;
}

export interface CredentialKeep {
  readonly api: Api;
  readonly profile: Profile;
  readonly settings: Settings;
  /** Of whoever signed in instead of having a key: the sign-in's own name. */
  readonly session?: string | undefined;
}

export async function credentialFor(
  { api, profile, settings, session }: CredentialKeep,
  { cluster, tenant, nowMs }: CredentialWanted,
): Promise<ClusterCredential> {
  const path = cachePath(settings, [profile.url, profile.key ?? session ?? '', tenant, cluster]);
  const kept = readKept(path);
  if (kept !== undefined && Date.parse(kept.expiresAt) - SPARE_MS > nowMs) return kept;
  const fresh = await api.post(
    at('/v1/tenants/{tenant}/clusters/{cluster}/credentials', { tenant, cluster }),
    ClusterCredential,
  );
  keep(path, fresh);
  return fresh;
}

/** What client-go reads. */
export function execCredential({ token, expiresAt }: ClusterCredential): object {
  // To the second: client-go asks again at this time.
  const expirationTimestamp = `${new Date(Date.parse(expiresAt) - SPARE_MS).toISOString().slice(0, 19)}Z`;
  return {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token, expirationTimestamp },
  };
}

/** One file for whom and what; the key itself is in no name. */
function cachePath(settings: Settings, of: readonly string[]): string {
  return join(
    directoryOf(settings),
    `${createHash('sha256').update(of.join('\n')).digest('hex').slice(0, 32)}.json`,
  );
}

function directoryOf({ environment, home }: Settings): string {
  return join(environment['XDG_CACHE_HOME'] || join(home, '.cache'), 'isthmus', 'credentials');
}

/** Tokens for clusters must not outlive the login that they were given to. */
export function forgetCredentials(settings: Settings): void {
  rmSync(directoryOf(settings), { recursive: true, force: true });
}

function readKept(path: string): ClusterCredential | undefined {
  try {
    return ClusterCredential.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** A cache that can't be written costs a request a command, and nothing else. */
function keep(path: string, credential: ClusterCredential): void {
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(credential), { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // Nothing to do about it here.
  }
}
