/**
 * Gathers the facts for the preflight: asks AWS, and changes nothing. An answer that does not come becomes a sentence, so
 * that the preflight shows all of them at once. Region and credentials are found as every AWS tool finds them.
 */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAddressesCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Answer, Facts } from './preflight.ts';
import {
  readChosen,
  readSettings,
  SETTINGS_OUTPUT,
  type Settings,
  SettingsError,
  STACK_NAME,
} from './settings.ts';

const BOOTSTRAP_STACK = 'CDKToolkit';
const BOOTSTRAP_OUTPUT = 'BootstrapVersion';
const SENTENCE_LENGTH_MAX = 200;
const ATTEMPTS_MAX = 2;

export async function gatherFacts(context: Readonly<Record<string, string>>): Promise<Facts> {
  const region = await regionOf();
  const identity = region === undefined ? 'unknown' : await ask(async () => whoAmI(region));
  const isKnown = identity !== 'unknown' && !('failure' in identity);
  const it = region !== undefined && isKnown ? await ask(async () => stateOf(region)) : 'unknown';
  const deployed = it !== 'unknown' && 'status' in it ? it.deployed : {};
  const settings = settingsOf({ ...deployed, ...context });
  const vpc = 'refusal' in settings ? undefined : settings.vpc;
  const noVpc: Facts['vpc'] = vpc === undefined && !('refusal' in settings) ? 'unasked' : 'unknown';
  const first = { node: process.version, settings, deployed, region, identity, stack: it };
  if (region === undefined || !isKnown)
    return { ...first, bootstrap: 'unknown', addresses: 'unknown', vpc: noVpc };
  const [bootstrap, addresses, found] = await Promise.all([
    ask(() => bootstrapOf(region)),
    ask(() => addressesOf(region)),
    vpc === undefined ? noVpc : ask(() => vpcOf(region, vpc)),
  ]);
  return { ...first, bootstrap, addresses, vpc: found };
}

/** How the stack is; and what was chosen at the deployment before, which holds until something else is chosen. */
async function stateOf(region: string) {
  const stack = await stackOf(region, STACK_NAME);
  const kept = stack?.Outputs?.find(({ OutputKey }) => OutputKey === SETTINGS_OUTPUT);
  return { status: stack?.StackStatus ?? 'NONE', deployed: readChosen(kept?.OutputValue) };
}

function settingsOf(context: Readonly<Record<string, string>>): Settings | { readonly refusal: string } {
  try {
    return readSettings(context);
  } catch (error) {
    if (error instanceof SettingsError) return { refusal: error.message };
    throw error;
  }
}

/** As the SDK finds it: the environment, then the profile. */
async function regionOf(): Promise<string | undefined> {
  try {
    return await new STSClient({}).config.region();
  } catch {
    return undefined;
  }
}

async function ask<Value>(question: () => Promise<Value>): Promise<Answer<Value>> {
  try {
    return await question();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { failure: text.replaceAll(/\s+/g, ' ').slice(0, SENTENCE_LENGTH_MAX) };
  }
}

async function whoAmI(region: string) {
  const client = new STSClient({ region, maxAttempts: ATTEMPTS_MAX });
  const { Account: account, Arn: arn } = await client.send(new GetCallerIdentityCommand({}));
  if (account === undefined || arn === undefined) throw new Error('STS named no account');
  return { account, arn };
}

async function bootstrapOf(region: string) {
  const stack = await stackOf(region, BOOTSTRAP_STACK);
  if (stack === undefined) throw new Error(`there is no stack ${BOOTSTRAP_STACK}`);
  const version = stack.Outputs?.find(({ OutputKey }) => OutputKey === BOOTSTRAP_OUTPUT)?.OutputValue;
  return { version: Number(version ?? 0) };
}

export async function stackOf(region: string, name: string) {
  const client = new CloudFormationClient({ region, maxAttempts: ATTEMPTS_MAX });
  try {
    const { Stacks: stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return stacks[0];
  } catch (error) {
    // CloudFormation has no error of its own for a stack that is not there.
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

async function addressesOf(region: string) {
  const client = new EC2Client({ region, maxAttempts: ATTEMPTS_MAX });
  const { Addresses: addresses = [] } = await client.send(new DescribeAddressesCommand({}));
  return { used: addresses.length };
}

async function vpcOf(region: string, id: string): Promise<{ readonly state: 'there' | 'missing' }> {
  const client = new EC2Client({ region, maxAttempts: ATTEMPTS_MAX });
  try {
    const { Vpcs: vpcs = [] } = await client.send(new DescribeVpcsCommand({ VpcIds: [id] }));
    return { state: vpcs.length > 0 ? 'there' : 'missing' };
  } catch (error) {
    if (error instanceof Error && error.name === 'InvalidVpcID.NotFound') return { state: 'missing' };
    throw error;
  }
}
