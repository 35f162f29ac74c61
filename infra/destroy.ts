/**
 * `npm run destroy [-- --everything]`: takes the stack away. What remembers the deployment (table, leaves, signing key) is
 * kept, and named at the end; with `--everything`, or later with `--erase`, that goes too, for good. Nothing else stays.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DeleteTableCommand, DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { stackOf } from './preflight-facts.ts';
import { STACK_NAME } from './settings.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CDK = join(ROOT, 'node_modules/.bin/cdk');
/** The shortest that KMS takes: within it a deletion can be called off. */
const KEY_DELETION_DAYS = 7;
const PAGES_MAX = 100_000;
const RESOURCE_PAGES_MAX = 50;

/** What outlives the stack, as `Table`, `Leaves` and `SigningKey` say by their removal policies. */
export interface Kept {
  readonly kind: 'table' | 'bucket' | 'key';
  readonly id: string;
}

const Resource = z.looseObject({
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string(),
  ResourceType: z.string(),
});

const KINDS: Readonly<Record<string, Kept['kind']>> = {
  'AWS::DynamoDB::Table': 'table',
  'AWS::S3::Bucket': 'bucket',
  'AWS::KMS::Key': 'key',
};
const KEEPERS = /^(Table|Leaves|SigningKey)/;

/** Of a stack's resources those that are kept; what has no id was never made. */
export function keptOf(resources: readonly unknown[]): readonly Kept[] {
  return resources.flatMap((resource) => {
    const parsed = Resource.safeParse(resource);
    if (!parsed.success) return [];
    const { LogicalResourceId: name, PhysicalResourceId: id, ResourceType: type } = parsed.data;
    const kind = KINDS[type];
    return kind !== undefined && KEEPERS.test(name) ? [{ kind, id }] : [];
  });
}

const ERASE: Readonly<Record<Kept['kind'], (id: string) => Promise<void>>> = {
  table: eraseTable,
  bucket: eraseBucket,
  key: async (id) => {
    await new KMSClient().send(
      new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: KEY_DELETION_DAYS }),
    );
  },
};

async function eraseTable(id: string): Promise<void> {
  const client = new DynamoDBClient();
  await client.send(new UpdateTableCommand({ TableName: id, DeletionProtectionEnabled: false }));
  await client.send(new DeleteTableCommand({ TableName: id }));
}

async function eraseBucket(id: string): Promise<void> {
  const client = new S3Client();
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const listed = await client.send(new ListObjectVersionsCommand({ Bucket: id }));
    const found = [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])];
    if (found.length === 0) break;
    const objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    await client.send(new DeleteObjectsCommand({ Bucket: id, Delete: { Objects: objects, Quiet: true } }));
  }
  await client.send(new DeleteBucketCommand({ Bucket: id }));
}

async function resourcesOf(stack: string): Promise<unknown[]> {
  const client = new CloudFormationClient();
  const found: unknown[] = [];
  let token: string | undefined;
  for (let page = 0; page < RESOURCE_PAGES_MAX; page += 1) {
    const answer = await client.send(new ListStackResourcesCommand({ StackName: stack, NextToken: token }));
    found.push(...(answer.StackResourceSummaries ?? []));
    token = answer.NextToken;
    if (token === undefined) break;
  }
  return found;
}

/** `KIND:ID` as the end of a destruction prints it; throws a sentence otherwise. */
export function readKept(text: string): Kept {
  const cut = text.indexOf(':');
  const kind = Object.values(KINDS).find((known) => known === text.slice(0, cut));
  if (kind === undefined) throw new Error(`--erase ${text}: write table:NAME, bucket:NAME or key:ID.`);
  return { kind, id: text.slice(cut + 1) };
}

/** What could not be deleted is named: the stack that knew it may be gone. */
async function erase(kept: readonly Kept[]): Promise<void> {
  for (const [index, { kind, id }] of kept.entries()) {
    try {
      await ERASE[kind](id);
    } catch (error) {
      tellKept(kept.slice(index));
      throw error;
    }
    console.log(`  deleted: ${kind} ${id}${kind === 'key' ? ` (in ${KEY_DELETION_DAYS} days)` : ''}`);
  }
}

const USAGE = `Usage: npm run destroy -- [--everything | --erase KIND:ID...]
  --everything     deletes what would be kept too: table, leaves and keys, for good
  --erase KIND:ID  deletes what an earlier destruction kept, as its end names it`;
const ASKS_AWS =
  'This needs credentials and the region of the deployment: set AWS_PROFILE and AWS_REGION, then run it again.';

/** What went wrong, and what to do. */
function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('ERR_PARSE_ARGS')) return `${message}\n${USAGE}`;
  const isNotAsked = /region is missing|credentials|ENOTFOUND|security token/i.test(message);
  return isNotAsked ? `${message}. ${ASKS_AWS}` : message;
}

/** Answers the exit code. The ids are read first: afterwards nobody knows them. */
async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      everything: { type: 'boolean', default: false },
      erase: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.erase.length > 0) {
    await erase(values.erase.map(readKept));
    return 0;
  }
  const kept = keptOf(await resourcesOf(STACK_NAME));
  const { status } = spawnSync(CDK, ['destroy', STACK_NAME], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) return 1;
  // The CDK asks first; whoever says no gets no error from it.
  if ((await stackOf(await new CloudFormationClient().config.region(), STACK_NAME)) !== undefined) {
    console.log('The stack is still there, so nothing else was touched.');
    return 0;
  }
  if (values.everything) await erase(kept);
  else if (kept.length > 0) tellKept(kept);
  return 0;
}

function tellKept(kept: readonly Kept[]): void {
  const flags = kept.map(({ kind, id }) => `--erase ${kind}:${id}`);
  console.log(`Kept; they remember the deployment:
${kept.map(({ kind, id }) => `  ${kind} ${id}`).join('\n')}
To delete them too, for good: npm run destroy -- ${flags.join(' ')}`);
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(`isthmus: ${describeFailure(error)}`);
    process.exitCode = 1;
  }
}
