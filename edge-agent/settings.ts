/**
 * The one reader of the agent's configuration, environment and paths. Everything below it is handed values.
 * It must not decide anything about the network.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Address, Cidr } from '../protocol/address.ts';
import { Name } from '../protocol/metadata.ts';
import { SigningRoot } from '../protocol/signing-root.ts';

const CONFIG_BYTES_MAX = 1_000_000;

/**
 * Intervals that tests and unusual links change; the defaults are for a data center's line. A hub that dies is seen as down
 * after three to four probe intervals while packets flow, and within nine while nothing does (`plan/pace.ts`).
 */
export const Tuning = z
  .strictObject({
    probeIntervalMs: z.int().min(20).max(10_000).default(100),
    probeMisses: z.int().min(1).max(100).default(3),
    probeGoodToReturn: z.int().min(1).max(1_000).default(10),
    mtuVerifyMs: z.int().min(100).max(60_000).default(5_000),
    mtuRaiseMs: z.int().min(1_000).max(3_600_000).default(60_000),
    driftMs: z.int().min(1_000).max(3_600_000).default(10_000),
    rollbackMs: z.int().min(1_000).max(3_600_000).default(60_000),
    livenessMs: z.int().min(500).max(600_000).default(5_000),
    requestTimeoutMs: z.int().min(500).max(120_000).default(15_000),
  })
  .meta({ id: 'Tuning' });
export type Tuning = z.infer<typeof Tuning>;

/** A hub's HTTPS listener. */
const Gateway = z.strictObject({
  enabled: z.boolean().default(true),
  address: Address.default('0.0.0.0'),
  port: z.int().min(1).max(65_535).default(443),
  /** Plain HTTP that only redirects; off if absent. */
  redirectPort: z.int().min(1).max(65_535).optional(),
  /** Plain HTTP for the cloud's ingress alone, which a firewall before the hub must see to; off if absent. */
  ingressPort: z.int().min(1).max(65_535).optional(),
  /** Account that HAProxy's worker runs as. */
  account: z.string().max(32).optional(),
});

/** The account of a cloud instance, and the hub whose slot it fills. */
const CloudPlace = z.strictObject({ region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/), hub: Name });

/** `/etc/isthmus/agent.json`: written by `enrol`, mode 0600. */
export const Config = z.strictObject({
  controlPlane: z.url({ protocol: /^https$/ }),
  ca: z.string().optional(),
  agent: z.string().min(1).max(100),
  role: z.enum(['edge', 'hub']),
  roots: z.array(SigningRoot).min(1).max(4),
  advertise: z.array(Cidr).max(64).default([]),
  lanDevice: z.string().max(15).optional(),
  namesListen: z.array(Address).max(16).optional(),
  resolvConf: z.string().default('/etc/resolv.conf'),
  gateway: Gateway.default(Gateway.parse({})),
  cloud: CloudPlace.optional(),
  tuning: Tuning.default(Tuning.parse({})),
});
export type Config = z.infer<typeof Config>;

/** Where things lie. `root` is `/` on a host and a directory of its own in tests. */
export interface Paths {
  readonly root: string;
  readonly config: string;
  readonly state: string;
  readonly identityKey: string;
  readonly wireguardKey: string;
  /** Of an edge whose key is being replaced: the next one, and the one before. */
  readonly nextKey: string;
  readonly oldKey: string;
  /** What the host has of its slot, if it is a cloud instance. */
  readonly slot: string;
  readonly ledger: string;
  readonly journal: string;
  /** Clusters of this host, a file each, with their credentials. */
  readonly clusters: string;
  /** Directory of the certificate that browsers trust, which somebody else keeps there. */
  readonly publicCertificate: string;
  readonly run: string;
  readonly socket: string;
  readonly pid: string;
}

export interface Environment {
  readonly root: string;
  /** Binary of a userspace WireGuard, if the environment names one. */
  readonly wireguardGo: string | undefined;
  readonly path: string;
  /** All of it, for programs that a kubeconfig names. */
  readonly all: Readonly<Record<string, string | undefined>>;
  /** Where an instance's metadata is; another one in tests, by the variable that the SDK reads too. */
  readonly metadataEndpoint: string;
}

export function readEnvironment(root: string | undefined): Environment {
  return {
    root: root ?? process.env['ISTHMUS_ROOT'] ?? '/',
    wireguardGo: process.env['ISTHMUS_WIREGUARD_GO'],
    path: process.env['PATH'] ?? '',
    all: process.env,
    metadataEndpoint: process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? 'http://169.254.169.254',
  };
}

export function pathsUnder(root: string): Paths {
  const state = join(root, 'var/lib/isthmus');
  const run = join(root, 'run/isthmus');
  return {
    root,
    config: join(root, 'etc/isthmus/agent.json'),
    state,
    identityKey: join(state, 'identity.key'),
    wireguardKey: join(state, 'wireguard.key'),
    nextKey: join(state, 'wireguard.next.key'),
    oldKey: join(state, 'wireguard.old.key'),
    slot: join(state, 'slot.json'),
    ledger: join(state, 'ledger'),
    journal: join(state, 'journal.jsonl'),
    clusters: join(state, 'clusters'),
    publicCertificate: join(root, 'etc/isthmus/public'),
    run,
    socket: join(run, 'agent.sock'),
    pid: join(run, 'agent.pid'),
  };
}

export type ConfigResult =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'absent' }
  | { readonly kind: 'wrong'; readonly reason: string };

export function readConfig(path: string): ConfigResult {
  const text = readText(path);
  if (text === undefined) return { kind: 'absent' };
  if (text.length > CONFIG_BYTES_MAX) return { kind: 'wrong', reason: `${path} is too large` };
  try {
    const parsed = Config.safeParse(JSON.parse(text));
    return parsed.success
      ? { kind: 'config', config: parsed.data }
      : { kind: 'wrong', reason: `${path}: ${z.prettifyError(parsed.error)}` };
  } catch (cause) {
    return { kind: 'wrong', reason: `${path} is not JSON: ${String(cause)}` };
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
