/** The preflight as a table: one fact is changed, and the finding about it says so; and the command lines around it. */
import { describe, expect, test } from 'vitest';
import { readArguments } from '../../infra/deploy.ts';
import { keptOf, readKept } from '../../infra/destroy.ts';
import { checkAll, describeFinding, type Facts, mayDeploy } from '../../infra/preflight.ts';
import { chosenText, readChosen, readSettings, swallowedWord } from '../../infra/settings.ts';

const WELL: Facts = {
  node: 'v24.21.0',
  settings: { pools: '100.64.0.0/10' },
  deployed: {},
  region: 'eu-central-1',
  identity: { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/me' },
  bootstrap: { version: 30 },
  stack: { status: 'NONE' },
  vpc: 'unasked',
  addresses: { used: 0 },
};
const VPC = { pools: '100.64.0.0/10', vpc: 'vpc-12345678' };

function unwell(facts: Facts): string[] {
  return checkAll(facts)
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ verdict, what, say }) => `${verdict} ${what}: ${say}`);
}

describe('preflight', () => {
  test('where all is there, a deployment may begin', () => {
    expect(unwell(WELL)).toEqual([]);
    expect(mayDeploy(checkAll(WELL))).toBe(true);
  });

  test.each<[string, Partial<Facts>, string]>([
    ['an old Node', { node: 'v20.20.0' }, 'missing Node: this is v20.20.0; run npm ci'],
    ['a slip in a setting', { settings: { refusal: 'No.' } }, 'missing settings: No.'],
    [
      'another VPC than the one that the deployment stands in',
      { settings: { pools: '100.64.0.0/10' }, deployed: { pools: '100.64.0.0/10', vpc: 'vpc-12345678' } },
      "missing settings: the deployment has vpc vpc-12345678, which can't be changed",
    ],
    [
      'a VPC for a deployment that made its own',
      { settings: VPC, vpc: { state: 'there' }, deployed: { pools: '100.64.0.0/10' } },
      'missing settings: the deployment has vpc of its own making',
    ],
    [
      'other pools',
      { settings: { pools: '10.0.0.0/8' }, deployed: { pools: '100.64.0.0/10' } },
      'missing settings: the deployment has pools 100.64.0.0/10',
    ],
    ['no region', { region: undefined }, 'missing region: none is set: export AWS_REGION'],
    [
      'no credentials',
      { identity: { failure: 'none' } },
      'missing credentials: AWS does not know you (none): run aws',
    ],
    [
      'no way to AWS',
      { identity: { failure: 'getaddrinfo ENOTFOUND sts.mars.amazonaws.com' } },
      "missing credentials: AWS was not reached (getaddrinfo ENOTFOUND sts.mars.amazonaws.com): is the region's name",
    ],
    [
      'no bootstrap',
      { bootstrap: { failure: 'no stack' } },
      'missing CDK bootstrap: not found (no stack): run npx cdk bootstrap aws://123456789012/eu-central-1',
    ],
    ['an old bootstrap', { bootstrap: { version: 5 } }, 'missing CDK bootstrap: version 5 is too old'],
    [
      'a creation that failed',
      { stack: { status: 'ROLLBACK_COMPLETE' } },
      'missing stack: is stuck (ROLLBACK_COMPLETE)',
    ],
    ['a change going on', { stack: { status: 'UPDATE_IN_PROGRESS' } }, 'missing stack: is being changed'],
    ['a rollback that failed', { stack: { status: 'UPDATE_ROLLBACK_FAILED' } }, 'missing stack: is stuck'],
    [
      'a VPC that is not there',
      { settings: VPC, vpc: { state: 'missing' } },
      'missing VPC: vpc-12345678 is not in',
    ],
  ])('%s stops it, with what to do', (_, change, finding) => {
    const facts = { ...WELL, ...change };
    expect(unwell(facts)).toEqual([expect.stringContaining(finding)]);
    expect(mayDeploy(checkAll(facts))).toBe(false);
  });

  test('too few Elastic IPs are a warning only, and none where the stack has its own already', () => {
    const facts = { ...WELL, addresses: { used: 4 } };
    expect(unwell(facts)).toEqual([expect.stringContaining('warning Elastic IPs: 4 are in use, 2 more')]);
    expect(mayDeploy(checkAll(facts))).toBe(true);
    expect(unwell({ ...facts, stack: { status: 'CREATE_COMPLETE' } })).toEqual([]);
  });

  test('without credentials nothing else is asked, and that is no permission to go on', () => {
    const identity = { failure: 'Could not load credentials' };
    const facts: Facts = { ...WELL, identity, bootstrap: 'unknown', stack: 'unknown', addresses: 'unknown' };
    expect(mayDeploy(checkAll({ ...facts, identity: 'unknown' }))).toBe(false);
    expect(checkAll(facts).map(describeFinding)).toContain(
      '  unknown  stack              not asked, see above',
    );
  });
});

describe('command lines', () => {
  test('deploy takes settings and a dry run', () => {
    expect(readArguments([])).toEqual({ isDryRun: false, context: {} });
    expect(readArguments(['--dry-run', '-c', 'vpc=vpc-1', '-c', 'pools=a=b'])).toEqual({
      isDryRun: true,
      context: { vpc: 'vpc-1', pools: 'a=b' },
    });
  });

  test.each([[['-c', 'vpc']], [['--dry']], [['now']]])('deploy refuses %j', (words) => {
    expect(() => readArguments(words)).toThrow();
  });

  test.each([
    [{ npm_config_dry_run: 'true' }, 'npm took --dry-run for itself'],
    [{ npm_config_call: 'vpc=vpc-12345678' }, 'npm took -c vpc for itself'],
    [{ npm_config_call: 'npm run deploy' }, undefined],
    [{}, undefined],
  ])('a word that npm swallowed is no deployment: %j', (environment, sentence) => {
    expect(swallowedWord(environment)).toBe(sentence);
  });

  test('destroy knows what the stack leaves behind, and nothing else', () => {
    const resource = (name: string, type: string) => ({
      LogicalResourceId: name,
      PhysicalResourceId: `id-of-${name}`,
      ResourceType: type,
    });
    const resources = [
      resource('Table710B521B', 'AWS::DynamoDB::Table'),
      resource('TableKey25666F95', 'AWS::KMS::Key'),
      resource('LeavesBucket0A6E5577', 'AWS::S3::Bucket'),
      resource('LeavesBucketPolicy', 'AWS::S3::BucketPolicy'),
      resource('SigningKey1', 'AWS::KMS::Key'),
      resource('ConsoleBucket86B6957C', 'AWS::S3::Bucket'),
      { LogicalResourceId: 'TableNeverMade', ResourceType: 'AWS::DynamoDB::Table' },
    ];
    expect(keptOf(resources).map(({ kind, id }) => `${kind}:${id}`)).toEqual([
      'table:id-of-Table710B521B',
      'key:id-of-TableKey25666F95',
      'bucket:id-of-LeavesBucket0A6E5577',
      'key:id-of-SigningKey1',
    ]);
    expect(readKept('table:a:b')).toEqual({ kind: 'table', id: 'a:b' });
    expect(() => readKept('stack:x')).toThrow('write table:NAME');
  });
});

test('what was chosen is read back from the stack, and anything else there is nothing', () => {
  const settings = readSettings({ domain: 'apps.example.com' });
  expect(readChosen(chosenText(settings))).toEqual({ domain: 'apps.example.com', pools: '100.64.0.0/10' });
  expect([undefined, '', 'no JSON', '[1]', '{"vpc":1}'].map(readChosen)).toEqual([{}, {}, {}, {}, {}]);
});
