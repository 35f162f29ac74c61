/** Every permission in the template, one by one: no wildcard that is not in the list below, and who may sign. */
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ACCEPTED } from '../../infra/nag.ts';
import { ofType, type Synthesized, synthesize } from './synthesized.ts';

const texts = z.union([z.array(z.unknown()), z.unknown().transform((one) => [one])]);
const Statement = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts,
  Resource: texts.default([]),
  Condition: z.unknown().optional(),
});
const Document = z.object({ Statement: z.array(Statement) });

interface Grant {
  readonly where: string;
  readonly role: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: string;
}

let all: Synthesized;
let grants: readonly Grant[];

beforeAll(() => {
  all = synthesize();
  grants = ofType(all, 'AWS::IAM::Policy').flatMap(({ id, Properties }) => grantsOf(id, Properties));
}, 120_000);

function grantsOf(where: string, properties: Readonly<Record<string, unknown>>): Grant[] {
  const { Statement: statements } = Document.parse(properties['PolicyDocument']);
  return statements
    .filter(({ Effect }) => Effect === 'Allow')
    .map(({ Action, Resource, Condition }) => ({
      where,
      role: JSON.stringify(properties['Roles']),
      actions: Action.map(String),
      resources: Resource.map((one) => JSON.stringify(one)),
      condition: JSON.stringify(Condition ?? {}),
    }));
}

/**
 * The only permissions on more than one named resource, and why nothing narrower will do. All actions of a grant must be in the
 * list of its line.
 */
const WIDE: readonly {
  readonly actions: RegExp;
  readonly resource: RegExp;
  readonly condition?: RegExp;
  readonly why: string;
}[] = [
  {
    actions: /^s3:(Get|Put|Delete)Object$/,
    resource: /Bucket.*"\/\*"/,
    why: 'objects of one bucket: their names are hashes and files',
  },
  {
    actions: /^ec2:Describe(RouteTables|ManagedPrefixLists|NetworkInterfaces)$/,
    resource: /^"\*"$/,
    why: 'only reads, and EC2 knows no resource for it',
  },
  {
    actions: /^ec2:(Create|Replace|Delete)Route$/,
    resource: /:route-table\/\*"/,
    condition: /"ArnEquals":\{"ec2:Vpc":/,
    why: 'tables that users add later; held to our VPC by the condition',
  },
  {
    actions: /^ec2:(Attach|Detach)NetworkInterface$/,
    resource: /:instance\/\*"/,
    condition: /ec2:ResourceTag\/isthmus:slot/,
    why: 'instances are replaced; held to those of the slot by the condition',
  },
  {
    actions: /^dynamodb:ListStreams$/,
    resource: /\/stream\/\*"/,
    why: 'authorized on all streams of the one table, never on one stream',
  },
  {
    actions: /^(ssm:UpdateInstanceInformation|ssmmessages:(Create|Open)(Control|Data)Channel)$/,
    resource: /^"\*"$/,
    why: 'Session Manager knows no resource for its channels',
  },
];

describe('permissions', () => {
  test('no action is given by a wildcard', () => {
    expect(grants.length).toBeGreaterThan(10);
    expect(grants.filter(({ actions }) => actions.some((action) => action.includes('*')))).toEqual([]);
  });

  test('no resource is given by a wildcard but for the listed ones, and each of those is needed', () => {
    const wide = grants.filter(({ resources }) => resources.some((resource) => resource.includes('*')));
    const lineOf = ({ actions, resources, condition }: Grant) =>
      WIDE.find(
        (line) =>
          actions.every((action) => line.actions.test(action)) &&
          resources.every((resource) => line.resource.test(resource)) &&
          (line.condition?.test(condition) ?? true),
      );
    expect(wide.filter((grant) => lineOf(grant) === undefined)).toEqual([]);
    expect(
      WIDE.filter((line) => !wide.some((grant) => lineOf(grant) === line)).map(({ why }) => why),
    ).toEqual([]);
  });

  test("no managed policy is attached but to the CDK's own functions, and no role trusts more than a service", () => {
    const roles = ofType(all, 'AWS::IAM::Role');
    const managed = roles.filter(({ Properties }) => Properties['ManagedPolicyArns'] !== undefined);
    expect(managed.map(({ id }) => id.replace(/Role[0-9A-F]{8}$/, '')).toSorted()).toEqual([
      'CustomS3AutoDeleteObjectsCustomResourceProvider',
      'CustomVpcRestrictDefaultSGCustomResourceProvider',
    ]);
    const trusts = roles.map(({ Properties }) => JSON.stringify(Properties['AssumeRolePolicyDocument']));
    expect(trusts.filter((trust) => !trust.includes('"Service"') || trust.includes('"AWS"'))).toEqual([]);
  });

  test('none hides where the rules above do not look: in a role, or in the policy of a key, a queue or a bucket', () => {
    const inline = ofType(all, 'AWS::IAM::Role').filter(
      ({ Properties }) => Properties['Policies'] !== undefined,
    );
    expect(inline.map(({ id }) => id.replace(/Role[0-9A-F]{8}$/, ''))).toEqual([
      'CustomVpcRestrictDefaultSGCustomResourceProvider',
    ]);
    expect(JSON.stringify(inline[0]?.Properties['Policies'])).not.toContain('*');
    const managed = ['AWS::IAM::ManagedPolicy', 'AWS::SecretsManager::ResourcePolicy', 'AWS::Lambda::Url'];
    expect(managed.flatMap((type) => ofType(all, type))).toEqual([]);
    const others = [
      ...ofType(all, 'AWS::KMS::Key').map(({ id, Properties }) => ({ id, policy: Properties['KeyPolicy'] })),
      ...['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']
        .flatMap((type) => ofType(all, type))
        .map(({ id, Properties }) => ({ id, policy: Properties['PolicyDocument'] })),
    ];
    const given = others.flatMap(({ id, policy }) =>
      Document.parse(policy)
        .Statement.filter(({ Effect }) => Effect === 'Allow')
        .map(({ Action, Condition }) => {
          const name = id.replace(/[0-9A-F]{8}$/, '');
          return `${name}: ${Action.join(' ')}${Condition === undefined ? '' : ', on a condition'}`;
        }),
    );
    expect(given.toSorted()).toEqual([
      'AlarmsTopicPolicy: sns:Publish, on a condition',
      'ConsoleBucketPolicy: s3:GetObject, on a condition',
      'ConsoleBucketPolicy: s3:PutBucketPolicy s3:GetBucket* s3:List* s3:DeleteObject*',
      // To the account itself, which passes it on by the permissions above.
      'SigningKey: kms:*',
      'TableKey: kms:*',
      'TableKey: kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:DescribeKey kms:CreateGrant, on a condition',
    ]);
  });

  test('only the two reconcile functions may sign, by the one algorithm that agents verify', () => {
    const signers = grants.filter(({ actions }) => actions.includes('kms:Sign'));
    expect(signers.map(({ where }) => where.replace(/RoleDefaultPolicy.*$/, '')).toSorted()).toEqual([
      'ReconcileSchedule',
      'ReconcileStream',
    ]);
    for (const { actions, condition } of signers) {
      expect(actions).toEqual(['kms:Sign']);
      expect(condition).toBe('{"StringEquals":{"kms:SigningAlgorithm":"ECDSA_SHA_256"}}');
    }
  });

  test('the private key stays in KMS: nobody may take key material out, and the key holds none of ours', () => {
    const taken =
      /^kms:(GenerateDataKeyPair|GetParametersForImport|ImportKeyMaterial|PutKeyPolicy|ReplicateKey)/;
    expect(grants.filter(({ actions }) => actions.some((action) => taken.test(action)))).toEqual([]);
    const keys = ofType(all, 'AWS::KMS::Key').filter(
      ({ Properties }) => Properties['KeyUsage'] === 'SIGN_VERIFY',
    );
    expect(keys).toHaveLength(1);
    expect(keys[0]?.Properties).toMatchObject({ KeySpec: 'ECC_NIST_P256', PendingWindowInDays: 30 });
    expect(keys[0]?.Properties['Origin']).toBeUndefined();
    expect(keys[0]?.DeletionPolicy).toBe('Retain');
  });

  test('the API may not sign, move routes or read WireGuard keys', () => {
    const api = grants.filter(({ where }) => where.startsWith('ApiHandler'));
    const actions = api.flatMap((grant) => grant.actions);
    expect(actions.toSorted()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      's3:GetObject',
      's3:ListBucket',
      'secretsmanager:GetSecretValue',
    ]);
    const secrets = api.filter((grant) => grant.actions.includes('secretsmanager:GetSecretValue'));
    expect(secrets.map(({ resources }) => resources)).toEqual([
      [expect.stringMatching(/^\{"Ref":"BootstrapTokenSecret/)],
    ]);
  });

  test('buckets, queues and the topic refuse whatever does not come by TLS', () => {
    const policies = ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'].flatMap(
      (type) => ofType(all, type),
    );
    const count = (type: string) => ofType(all, type).length;
    expect(policies).toHaveLength(
      count('AWS::S3::Bucket') + count('AWS::SQS::Queue') + count('AWS::SNS::Topic'),
    );
    for (const { Properties } of policies) {
      const denied = Document.parse(Properties['PolicyDocument']).Statement.filter(
        ({ Effect }) => Effect === 'Deny',
      );
      expect(denied.map(({ Condition }) => Condition)).toContainEqual({
        Bool: { 'aws:SecureTransport': 'false' },
      });
    }
  });
});

describe('cdk-nag', () => {
  test('finds nothing that is not accepted with a reason', () => {
    expect(new AwsSolutionsChecks().validateScope(all.stack).violations).toEqual([]);
  });

  test('every acceptance has a reason of a sentence, and is used by a construct', () => {
    const accepted = all.stack.node
      .findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
      .flatMap(({ data }) => Object.entries(z.record(z.string(), z.string()).parse(data)));
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.filter(([, reason]) => reason.length <= 20)).toEqual([]);
    const used = new Set(accepted.map(([, reason]) => reason));
    expect(Object.entries(ACCEPTED).filter(([, { reason }]) => !used.has(reason))).toEqual([]);
  });
});
