/**
 * What must be so before a deployment can work: each check is a pure function from facts to a finding, so that all of
 * them are shown at once. The facts are gathered by `preflight-facts.ts`; nothing is asked or changed here.
 */
import type { Settings } from './settings.ts';

export interface Facts {
  /** Version of the Node that runs this, `v24.1.0`. */
  readonly node: string;
  /** The settings, or the sentence that refuses them. */
  readonly settings: Settings | { readonly refusal: string };
  /** Settings of the deployment that stands, by name; empty if there is none, or it was not asked. */
  readonly deployed: Readonly<Record<string, string>>;
  readonly region: string | undefined;
  readonly identity: Answer<{ readonly account: string; readonly arn: string }>;
  /** Version of the CDK's bootstrap in this account and region. */
  readonly bootstrap: Answer<{ readonly version: number }>;
  /** Status of the stack as CloudFormation says it, or `NONE`. */
  readonly stack: Answer<{ readonly status: string }>;
  /** Whether the VPC that was named is there; `unasked` if none was. */
  readonly vpc: Answer<{ readonly state: 'there' | 'missing' }> | 'unasked';
  readonly addresses: Answer<{ readonly used: number }>;
}

/** What a service answered, or in one sentence why not. `unknown`: it was not asked, because something else is missing. */
export type Answer<Value> = Value | { readonly failure: string } | 'unknown';

/** `missing` stops the deployment; `warning` does not. */
export type Verdict = 'ok' | 'missing' | 'warning' | 'unknown';

export interface Finding {
  readonly what: string;
  readonly verdict: Verdict;
  /** What was found, and what to do if it is not well. */
  readonly say: string;
}

export const NODE_MAJOR = 24;
/** From this version on the bootstrap has all that this CDK asks for. */
export const BOOTSTRAP_VERSION_MIN = 6;
/** What AWS grants an account in a region unless it asked for more. */
export const ADDRESSES_DEFAULT = 5;
/** One a hub. */
export const ADDRESSES_NEEDED = 2;

/** What Node says where nobody was asked at all; that says nothing of the credentials. */
const UNREACHED = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT)\b/;

type Check = (facts: Facts) => Finding;

const ok = (what: string, say: string): Finding => ({ what, verdict: 'ok', say });
const missing = (what: string, say: string): Finding => ({ what, verdict: 'missing', say });
const warning = (what: string, say: string): Finding => ({ what, verdict: 'warning', say });
const unknown = (what: string): Finding => ({ what, verdict: 'unknown', say: 'not asked, see above' });

/** In the order in which a person would mend them. */
const CHECKS: readonly Check[] = [
  checkNode,
  checkSettings,
  checkRegion,
  checkCredentials,
  checkBootstrap,
  checkStack,
  checkVpc,
  checkAddresses,
];

export function checkAll(facts: Facts): readonly Finding[] {
  return CHECKS.map((check) => check(facts));
}

export function mayDeploy(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict === 'ok' || verdict === 'warning');
}

export function describeFinding({ what, verdict, say }: Finding): string {
  return `  ${verdict.padEnd(8)} ${what.padEnd(18)} ${say}`;
}

function checkNode({ node }: Facts): Finding {
  const major = Number(/^v(\d+)\./.exec(node)?.[1] ?? 0);
  if (major === NODE_MAJOR) return ok('Node', node);
  return missing('Node', `this is ${node}; run npm ci, then npm run deploy, which takes the project's own`);
}

/** What stays as long as the deployment: hubs can't leave their VPC, nor prefixes the pools that they were given from. */
const LASTING = ['vpc', 'pools'] as const;

function checkSettings({ settings, deployed }: Facts): Finding {
  if ('refusal' in settings) return missing('settings', settings.refusal);
  const isThere = Object.keys(deployed).length > 0;
  const moved = LASTING.find((name) => isThere && deployed[name] !== settings[name]);
  if (moved !== undefined)
    return missing(
      'settings',
      `the deployment has ${moved} ${deployed[moved] ?? 'of its own making'}, which can't be changed: leave out -c ${moved}, or destroy it first`,
    );
  const { domain = 'none', vpc = 'a new one', pools } = settings;
  return ok('settings', `domain: ${domain}, VPC: ${vpc}, pools: ${pools}`);
}

function checkRegion({ region }: Facts): Finding {
  if (region !== undefined) return ok('region', region);
  return missing('region', 'none is set: export AWS_REGION=eu-central-1, or set one in your AWS profile');
}

function checkCredentials({ identity }: Facts): Finding {
  if (identity === 'unknown') return unknown('credentials');
  if ('failure' in identity && UNREACHED.test(identity.failure))
    return missing(
      'credentials',
      `AWS was not reached (${identity.failure}): is the region's name right, and does this machine reach the internet?`,
    );
  if ('failure' in identity)
    return missing(
      'credentials',
      `AWS does not know you (${identity.failure}): run aws sso login, or export AWS_PROFILE=NAME`,
    );
  return ok('credentials', `${identity.arn} in account ${identity.account}`);
}

function checkBootstrap({ bootstrap, identity, region }: Facts): Finding {
  const what = 'CDK bootstrap';
  if (bootstrap === 'unknown') return unknown(what);
  const account = identity !== 'unknown' && 'account' in identity ? identity.account : 'ACCOUNT';
  const command = `npx cdk bootstrap aws://${account}/${region ?? 'REGION'}`;
  if ('failure' in bootstrap) return missing(what, `not found (${bootstrap.failure}): run ${command}`);
  if (bootstrap.version < BOOTSTRAP_VERSION_MIN)
    return missing(what, `version ${bootstrap.version} is too old: run ${command}`);
  return ok(what, `version ${bootstrap.version}`);
}

/** A stack that is being changed, or whose first creation failed, takes no deployment. */
function checkStack({ stack }: Facts): Finding {
  const what = 'stack';
  if (stack === 'unknown') return unknown(what);
  if ('failure' in stack) return missing(what, `CloudFormation does not say how it is (${stack.failure})`);
  const { status } = stack;
  if (status === 'NONE') return ok(what, 'is not there yet and will be made');
  if (status.endsWith('_IN_PROGRESS')) return missing(what, `is being changed (${status}): wait for that`);
  if (['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED', 'DELETE_FAILED'].includes(status))
    return missing(what, `is stuck (${status}): see its events in the console, then run npm run destroy`);
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return missing(what, `is stuck (${status}): continue its rollback in the console of CloudFormation`);
  return ok(what, `is there (${status}) and will be updated`);
}

function checkVpc({ vpc, settings }: Facts): Finding {
  const what = 'VPC';
  if (vpc === 'unasked') return ok(what, 'a new one will be made');
  if (vpc === 'unknown') return unknown(what);
  if ('failure' in vpc) return missing(what, `EC2 does not say whether it is there (${vpc.failure})`);
  const id = 'refusal' in settings ? undefined : settings.vpc;
  if (vpc.state === 'missing')
    return missing(what, `${id ?? 'it'} is not in this account and region: see aws ec2 describe-vpcs`);
  return ok(what, `${id ?? 'it'} is there`);
}

/** Only a warning: the quota itself is not asked for, and the stack may have its addresses already. */
function checkAddresses({ addresses, stack }: Facts): Finding {
  const what = 'Elastic IPs';
  if (addresses === 'unknown') return unknown(what);
  if ('failure' in addresses)
    return warning(what, `EC2 does not say how many are in use (${addresses.failure})`);
  const { used } = addresses;
  const isNew = stack !== 'unknown' && 'status' in stack && stack.status === 'NONE';
  if (isNew && used + ADDRESSES_NEEDED > ADDRESSES_DEFAULT)
    return warning(
      what,
      `${used} are in use, ${ADDRESSES_NEEDED} more are needed, and an account has ${ADDRESSES_DEFAULT} unless it asked for more`,
    );
  return ok(what, `${used} in use`);
}
