/**
 * `edge-agent enrol`: keys, enrolment, configuration. Asked again after a lost answer it ends in the same state; with a
 * configuration in place it refuses, because a host has one identity.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { Cidr } from '../protocol/address.ts';
import { INGRESS_PORT } from '../protocol/ingress.ts';
import { RELEASE } from '../protocol/version.ts';
import { ensureKey } from './apply/keys.ts';
import { Client } from './link/client.ts';
import { writeDurably } from './link/durable.ts';
import { type EnrolmentInput, type EnrolResult, enrol } from './link/enrol.ts';
import { ensureIdentity } from './link/identity.ts';
import { loadCloud } from './open-cloud.ts';
import { pause } from './pause.ts';
import { Config, type Paths, readConfig } from './settings.ts';
import { readSlotFile, readTakenSlot } from './slot-file.ts';

export interface EnrolOptions {
  readonly controlPlane: string;
  /** This or `slot`. */
  readonly tokenFile?: string | undefined;
  /** Of an instance that has taken a slot. */
  readonly slot?: string | undefined;
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
  const credential = credentialOf(options, paths);
  if (credential.kind === 'failed') return credential;
  const ca = options.ca === undefined ? undefined : readFileSync(options.ca, 'utf8');
  const identity = ensureIdentity(paths.identityKey);
  const client = new Client({ url: options.controlPlane, ca, timeoutMs: TIMEOUT_MS, now: Date.now });
  try {
    const result = await enrol(client, {
      identity,
      rootKeys: options.rootKey ?? [],
      statement: {
        ...credential.stated,
        wireguardKey: await ensureKey(paths.wireguardKey),
        hostname: hostname().slice(0, 253),
        version: RELEASE,
        advertise: advertise.data,
      },
      prove: credential.prove,
      sleep: pause,
      chance: Math.random,
    });
    if (result.kind !== 'enrolled') return failureOf(result, options.controlPlane);
    const { agent, role, roots, approved, tunnelAddress } = result.enrolled;
    const config = Config.parse({
      controlPlane: options.controlPlane,
      ...(ca === undefined ? {} : { ca }),
      agent,
      role,
      roots: roots.slice(0, ROOTS_MAX),
      advertise: advertise.data,
      ...credential.settings,
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
/** Where the cloud's ingress finds a hub's gateway. */

type Failed = Extract<EnrolOutcome, { kind: 'failed' }>;

/** What admits this host, and what of its configuration follows from that. */
interface Credential {
  readonly kind: 'credential';
  readonly stated: { readonly token: string } | { readonly hub: string };
  readonly prove?: EnrolmentInput['prove'];
  readonly settings: Readonly<Record<string, unknown>>;
}

function credentialOf(options: EnrolOptions, paths: Paths): Credential | Failed {
  const { slot, tokenFile } = options;
  if (slot !== undefined && tokenFile === undefined) return slotCredential(slot, options, paths);
  if (tokenFile === undefined || slot !== undefined)
    return failed('Give --token-file or --slot, one of them.');
  return {
    kind: 'credential',
    stated: { token: readFileSync(tokenFile, 'utf8').trim() },
    settings: {},
  };
}

function slotCredential(path: string, options: EnrolOptions, paths: Paths): Credential | Failed {
  const { hub, region, interface: wanted } = readSlotFile(path);
  const taken = readTakenSlot(paths.slot);
  const lanDevice = options.lanDevice ?? (taken?.interface === wanted ? taken.device : undefined);
  if (lanDevice === undefined || !existsSync(paths.wireguardKey))
    return failed(`This instance has not taken the slot ${wanted}: run edge-agent slot ${path} first.`);
  const audience = new URL(options.controlPlane).origin;
  return {
    kind: 'credential',
    stated: { hub },
    prove: async (text) => {
      const { prove } = await loadCloud();
      return prove({ region, audience, statementHash: createHash('sha256').update(text).digest('hex') });
    },
    settings: {
      cloud: { region, hub },
      lanDevice,
      gateway: { ingressPort: INGRESS_PORT },
    },
  };
}

function failureOf(result: Exclude<EnrolResult, { kind: 'enrolled' }>, controlPlane: string): Failed {
  if (result.kind === 'denied') return failed(`${result.code}: ${result.reason}`);
  if (result.kind === 'foreign_root') return failed(result.reason);
  return { ...failed(`${controlPlane} does not answer: ${result.code} ${result.reason}`), retry: true };
}

function failed(reason: string): Failed {
  return { kind: 'failed', reason, retry: false };
}
