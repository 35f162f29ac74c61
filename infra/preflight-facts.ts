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
  const deployed = await deployedIn(region);
  const settings = settingsOf({ ...deployed, ...context });
  const first = { node: process.version, settings, deployed, region };
  const vpc = 'refusal' in settings ? undefined : settings.vpc;
  const unasked = { bootstrap: 'unknown', stack: 'unknown', addresses: 'unknown' } as const;
  const noVpc: Facts['vpc'] = vpc === undefined && !('refusal' in settings) ? 'unasked' : 'unknown';
  if (region === undefined) return { ...first, ...unasked, identity: 'unknown', vpc: noVpc };
  const identity = await ask(async () => whoAmI(region));
  if (identity === 'unknown' || 'failure' in identity) return { ...first, ...unasked, identity, vpc: noVpc };
  const [bootstrap, stack, addresses, found] = await Promise.all([
    ask(() => bootstrapOf(region)),
    ask(async () => ({ status: (await stackOf(region, STACK_NAME))?.StackStatus ?? 'NONE' })),
    ask(() => addressesOf(region)),
    vpc === undefined ? noVpc : ask(() => vpcOf(region, vpc)),
  ]);
  return { ...first, identity, bootstrap, stack, addresses, vpc: found };
}

/** What was chosen at the deployment before holds until something else is chosen. */
async function deployedIn(region: string | undefined): Promise<Facts['deployed']> {
  const stack =
    region === undefined ? 'unknown' : await ask(async () => ({ it: await stackOf(region, STACK_NAME) }));
  const outputs = stack !== 'unknown' && 'it' in stack ? (stack.it?.Outputs ?? []) : [];
  return readChosen(outputs.find(({ OutputKey }) => OutputKey === SETTINGS_OUTPUT)?.OutputValue);
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
