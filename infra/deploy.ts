/**
 * `npm run deploy [-- --dry-run] [-- -c NAME=VALUE]...`: looks first whether all is there, says what is not, then makes what
 * is uploaded and runs the CDK. The CDK does the deployment; nothing is decided here that `npx cdk deploy` would not do.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkAll, describeFinding, mayDeploy } from './preflight.ts';
import { gatherFacts, stackOf } from './preflight-facts.ts';
import { SETTING_NAMES, STACK_NAME, swallowedWord } from './settings.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CDK = join(ROOT, 'node_modules/.bin/cdk');

const USAGE = `Usage: npm run deploy -- [--dry-run] [-c NAME=VALUE]...
  --dry-run        looks whether all is there and makes the template, and deploys nothing
  -c NAME=VALUE    a setting: ${SETTING_NAMES.join(', ')}; none is needed`;

export interface Arguments {
  readonly isDryRun: boolean;
  readonly context: Readonly<Record<string, string>>;
}

/** Throws a sentence for what it can't read. */
export function readArguments(words: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      'dry-run': { type: 'boolean', default: false },
      context: { type: 'string', short: 'c', multiple: true, default: [] },
    },
  });
  const context = values.context.map((text) => {
    const cut = text.indexOf('=');
    if (cut < 1) throw new Error(`-c ${text}: write NAME=VALUE.`);
    return [text.slice(0, cut), text.slice(cut + 1)];
  });
  return { isDryRun: values['dry-run'], context: Object.fromEntries(context) };
}

/** Answers the exit code. */
async function main(words: readonly string[]): Promise<number> {
  const swallowed = swallowedWord();
  if (swallowed !== undefined) {
    console.error(`${swallowed}: write -- before it. Nothing was done.\n${USAGE}`);
    return 2;
  }
  const read = tryRead(words);
  if (read === undefined) return 2;
  const { isDryRun, context } = read;
  const facts = await gatherFacts(context);
  const findings = checkAll(facts);
  console.log('Before the deployment:');
  for (const finding of findings) console.log(describeFinding(finding));
  const isWell = mayDeploy(findings);
  // With settings that are refused the template can't be made either, and would say the same once more.
  if (!isWell && (!isDryRun || 'refusal' in facts.settings))
    return refuse(findings.filter(({ verdict }) => verdict === 'missing').length);
  const flags = Object.entries({ ...facts.deployed, ...context }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  if (!runCdk([isDryRun ? 'synth' : 'deploy', ...(isDryRun ? ['--quiet'] : []), ...flags])) {
    console.error(`\nThe ${isDryRun ? 'template could not be made' : 'deployment failed'}: see above.`);
    return 1;
  }
  if (isDryRun) {
    console.log('\nThe template is in dist/cdk.out. Nothing was deployed: this was a dry run.');
    return isWell ? 0 : refuse(findings.filter(({ verdict }) => verdict === 'missing').length);
  }
  await tellOutputs(facts.region ?? '');
  return 0;
}

function tryRead(words: readonly string[]): Arguments | undefined {
  try {
    return readArguments(words);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return undefined;
  }
}

function refuse(count: number): number {
  console.error(
    `\nA deployment can't work yet: ${count === 1 ? 'one thing is' : `${count} things are`} missing or wrong, marked above.`,
  );
  return 1;
}

function runCdk(words: readonly string[]): boolean {
  const { status } = spawnSync(CDK, [...words], { cwd: ROOT, stdio: 'inherit' });
  return status === 0;
}

async function tellOutputs(region: string): Promise<void> {
  const stack = await stackOf(region, STACK_NAME);
  const outputs = new Map(stack?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  console.log('\nDeployed:');
  for (const [name, value] of outputs) console.log(`  ${name}: ${value}`);
  console.log(`\nNext, the first admin's key and a look whether the hubs are there:
  export ISTHMUS_KEY=$(aws secretsmanager get-secret-value --secret-id '${outputs.get('AdminSecretName')}' --query SecretString --output text)
  curl -H "Authorization: Bearer $ISTHMUS_KEY" ${outputs.get('ApiUrl')}/v1/hubs`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
