/**
 * What a person may choose at deployment: six values, all optional, given by `-c NAME=VALUE`. The border of this
 * room: what comes from the command line or the environment is parsed here and nowhere else.
 */
import { z } from 'zod';
import { cacheDirectory } from '../build/cache.ts';
import { comparePrefixes, overlaps, type Prefix, readPrefix } from '../protocol/address.ts';
import { ClusterDomain } from '../protocol/cluster.ts';
import { RESERVED } from '../protocol/reserved.ts';
import { type TrustedIssuer, TrustedIssuers } from '../protocol/sign-in.ts';
import { VpcId } from '../protocol/slot.ts';

export const STACK_NAME = 'Isthmus';

export const POOL_DEFAULT = '100.64.0.0/10';
/** A pool holds at least one prefix of the widest kind that is exposed, and no more than a /8. */
const POOL_LENGTH_MIN = 8;
const POOL_LENGTH_MAX = 16;
const POOLS_MAX = 4;
/** A function's variables have 4 kB together. */
const ISSUERS_LENGTH_MAX = 2_048;

const HOST_NAME = /^(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

const Pools = z.string().transform((text, context): string => {
  const parts = text.split(',').map((part) => part.trim());
  const fault = poolsFault(parts);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  return parts.join(',');
});

const Issuers = z
  .string()
  .max(ISSUERS_LENGTH_MAX)
  .superRefine((text, context) => {
    const fault = issuersFault(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

const Context = z
  .object({
    domain: z
      .string()
      .regex(
        HOST_NAME,
        'Write a domain name in lower case without a dot at the end, such as apps.example.com.',
      )
      .optional(),
    vpc: VpcId.optional(),
    pools: Pools.default(POOL_DEFAULT),
    issuers: Issuers.optional(),
    clusterDomain: ClusterDomain.optional(),
    audit: z.enum(['bucket'], { error: 'Write bucket, or leave it out.' }).optional(),
  })
  .refine(
    ({ domain, clusterDomain }) =>
      clusterDomain === undefined || !`.${domain ?? ''}`.endsWith(`.${clusterDomain}`),
    {
      path: ['clusterDomain'],
      error:
        'The names of routes would be below it. Choose a domain beside or below theirs, such as clusters.example.com.',
    },
  );

/** `domain`: for the ingress; `vpc`: an existing one to use; `pools`: virtual pools, divided by commas; `issuers`: JSON list of whose access tokens are taken; `clusterDomain`: the public one of clusters; `audit`: where the audit log is copied to. */
export type Settings = z.infer<typeof Context>;

/** What the setting says, as the functions will read it. */
export function issuersOf({ issuers }: Settings): TrustedIssuer[] {
  return issuers === undefined ? [] : TrustedIssuers.parse(JSON.parse(issuers));
}

/** Names of the values, for messages and for the command line. */
export const SETTING_NAMES: readonly string[] = Object.keys(Context.shape);

/** Refuses with a sentence that names the value. Plain words that are no setting are refused too: they are slips. */
export function readSettings(context: Readonly<Record<string, unknown>>): Settings {
  const unknown = Object.keys(context).find((name) => /^[a-z]+$/.test(name) && !SETTING_NAMES.includes(name));
  if (unknown !== undefined)
    throw new SettingsError(`There is no setting "${unknown}"; there are: ${SETTING_NAMES.join(', ')}.`);
  const parsed = Context.safeParse(context);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SettingsError(`The setting "${issue?.path.join('.')}" is not valid. ${issue?.message}`);
}

/** Output of the stack that keeps them, so that the next deployment need not be told again. */
export const SETTINGS_OUTPUT = 'Settings';

export function chosenText(settings: Settings): string {
  return JSON.stringify(settings);
}

/** By name; empty if there is no such text, or it was not written by `chosenText`. */
export function readChosen(text: string | undefined): Readonly<Record<string, string>> {
  try {
    return z
      .record(z.string(), z.string())
      .catch({})
      .parse(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Where the CDK's command line says that it deploys to; empty without credentials. */
export function readTarget(environment: Readonly<Record<string, string | undefined>> = process.env): {
  readonly account?: string;
  readonly region?: string;
} {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = environment;
  return account === undefined || region === undefined ? {} : { account, region };
}

/** What npm took for itself because no `--` stood before it, as a sentence. A dry run that npm swallows would be a deployment. */
export function swallowedWord(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  if (environment['npm_config_dry_run'] === 'true') return 'npm took --dry-run for itself';
  const setting = environment['npm_config_call']?.split('=')[0];
  if (setting !== undefined && SETTING_NAMES.includes(setting)) return `npm took -c ${setting} for itself`;
  return undefined;
}

/** Why this is no list of issuers, as a sentence. */
function issuersFault(text: string): string | undefined {
  try {
    const parsed = TrustedIssuers.safeParse(JSON.parse(text));
    const [issue] = parsed.error?.issues ?? [];
    return issue === undefined ? undefined : `At ${issue.path.join('.') || 'the list'}: ${issue.message}`;
  } catch {
    return 'Write a JSON list of issuers, as docs/access.md shows it.';
  }
}

/** Why these can't be the deployment's pools, as a sentence. */
function poolsFault(texts: readonly string[]): string | undefined {
  if (texts.length > POOLS_MAX) return `There may be at most ${POOLS_MAX} pools.`;
  const pools: Prefix[] = [];
  for (const text of texts) {
    const pool = readPrefix(text);
    if (typeof pool === 'string')
      return `${text || 'An empty text'} is no IPv4 prefix such as ${POOL_DEFAULT}.`;
    if (pool.length < POOL_LENGTH_MIN || pool.length > POOL_LENGTH_MAX)
      return `${text}: a pool has a length from /${POOL_LENGTH_MIN} to /${POOL_LENGTH_MAX}.`;
    const reserved = RESERVED.find(({ prefix }) => overlaps(prefix, pool));
    if (reserved !== undefined) return `${text} can't be a pool: it overlaps ${reserved.why}.`;
    pools.push(pool);
  }
  const sorted = pools.toSorted(comparePrefixes);
  const twice = sorted.some((pool, index) => {
    const next = sorted[index + 1];
    return next !== undefined && overlaps(pool, next);
  });
  return twice ? 'Pools must not overlap each other.' : undefined;
}

/** Where things are kept that can be made again. */
export function readCache(): string {
  return cacheDirectory(process.env);
}
