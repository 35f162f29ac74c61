/**
 * `edge-agent enrol`: keys, enrolment, configuration. Asked again after a lost answer it ends in the same state; with a
 * configuration in place it refuses, because a host has one identity.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { Cidr } from '../protocol/address.ts';
import { RELEASE } from '../protocol/version.ts';
import { ensureKey } from './apply/keys.ts';
import { Client } from './link/client.ts';
import { writeDurably } from './link/durable.ts';
import { enrol } from './link/enrol.ts';
import { ensureIdentity } from './link/identity.ts';
import { pause } from './pause.ts';
import { Config, type Paths, readConfig } from './settings.ts';

export interface EnrolOptions {
  readonly controlPlane: string;
  readonly tokenFile: string;
  readonly ca?: string | undefined;
  readonly rootKey?: readonly string[] | undefined;
  readonly advertise?: readonly string[] | undefined;
  readonly lanDevice?: string | undefined;
}

export type EnrolOutcome =
  | {
      readonly kind: 'enrolled';
      readonly config: Config;
      readonly approved: boolean;
      readonly tunnelAddress: string;
    }
  | { readonly kind: 'failed'; readonly reason: string; readonly retry: boolean };

export async function enrolHost(options: EnrolOptions, paths: Paths): Promise<EnrolOutcome> {
  if (readConfig(paths.config).kind !== 'absent')
    return failed(`${paths.config} exists: this host is enrolled. Run teardown and remove it to enrol anew.`);
  const advertise = z
    .array(Cidr)
    .max(64)
    .safeParse(options.advertise ?? []);
  if (!advertise.success) return failed(`--advertise: ${z.prettifyError(advertise.error)}`);
  const ca = options.ca === undefined ? undefined : readFileSync(options.ca, 'utf8');
  const identity = ensureIdentity(paths.identityKey);
  const client = new Client({ url: options.controlPlane, ca, timeoutMs: TIMEOUT_MS, now: Date.now });
  try {
    const result = await enrol(client, {
      identity,
      rootKeys: options.rootKey ?? [],
      statement: {
        token: readFileSync(options.tokenFile, 'utf8').trim(),
        wireguardKey: await ensureKey(paths.wireguardKey),
        hostname: hostname().slice(0, 253),
        version: RELEASE,
        advertise: advertise.data,
      },
      sleep: pause,
      chance: Math.random,
    });
    if (result.kind === 'denied') return failed(`${result.code}: ${result.reason}`);
    if (result.kind === 'foreign_root') return failed(result.reason);
    if (result.kind === 'unreachable')
      return {
        ...failed(`${options.controlPlane} does not answer: ${result.code} ${result.reason}`),
        retry: true,
      };
    const { agent, role, roots, approved, tunnelAddress } = result.enrolled;
    const config = Config.parse({
      controlPlane: options.controlPlane,
      ...(ca === undefined ? {} : { ca }),
      agent,
      role,
      roots: roots.slice(0, ROOTS_MAX),
      advertise: advertise.data,
      ...(options.lanDevice === undefined ? {} : { lanDevice: options.lanDevice }),
    });
    writeDurably(paths.config, `${JSON.stringify(config, null, 2)}\n`);
    return { kind: 'enrolled', config, approved, tunnelAddress };
  } finally {
    client.close();
  }
}

const TIMEOUT_MS = 15_000;
const ROOTS_MAX = 4;

function failed(reason: string): Extract<EnrolOutcome, { kind: 'failed' }> {
  return { kind: 'failed', reason, retry: false };
}
