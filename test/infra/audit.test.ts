/** The copy of the audit log: there only if it is asked for, kept, written once, and with a way for what could not be copied. */
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventAt, eventKey } from '../../functions/store/keys.ts';
import { ofType, type Resource, type Synthesized, synthesize } from './synthesized.ts';

const made: { all?: Synthesized } = {};
const all = (): Synthesized => made.all ?? expect.fail('the stack was not synthesized');
beforeAll(() => {
  made.all = synthesize({ audit: 'bucket' });
}, 120_000);

const mapping = (): Resource | undefined =>
  ofType(all(), 'AWS::Lambda::EventSourceMapping').find(({ id }) => id.startsWith('Audit'));

describe('the bucket', () => {
  test('is closed, encrypted, versioned, kept when the stack goes, and tells EventBridge', () => {
    all().template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      },
    });
  });

  test('is written by the one function, which can neither read, overwrite nor delete', () => {
    const policy = ofType(all(), 'AWS::IAM::Policy').find(({ id }) => id.startsWith('AuditCopy'));
    const text = JSON.stringify(policy?.Properties);
    expect([...new Set(text.match(/(?:s3|dynamodb|sqs):\w+/g))].toSorted()).toEqual([
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
      'dynamodb:Query',
      's3:PutObject',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:SendMessage',
    ]);
  });
});

describe('the stream', () => {
  test('is halved, retried and given up into the dead letters, before it forgets', () => {
    expect(mapping()?.Properties).toMatchObject({
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 100,
      MaximumRecordAgeInSeconds: 72_000,
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    });
  });

  test('lets pass new entries of the log and nothing else', () => {
    const { Filters } = Object(mapping()?.Properties['FilterCriteria']);
    const [{ Pattern = '' } = {}] = Filters;
    expect(JSON.parse(Pattern)).toEqual({
      eventName: ['INSERT'],
      dynamodb: { Keys: { pk: { S: [{ suffix: '#event' }] } } },
    });
    const entry = eventKey({ tenant: 'acme', time: '2026-01-31T12:00:00Z', id: 'one' });
    expect([entry.pk.endsWith('#event'), eventAt(entry)]).toEqual([true, { tenant: 'acme' }]);
    for (const pk of ['acme#site', 'agent#hub.one', 'ledger', 'a#b#event'])
      expect(eventAt({ pk, sk: 'x' })).toBeUndefined();
  });
});

test('cdk-nag finds nothing, and without the setting there is none of it', () => {
  expect(new AwsSolutionsChecks().validateScope(all().stack).violations).toEqual([]);
  const without = synthesize();
  expect(without.resources.filter(({ id }) => id.startsWith('Audit'))).toEqual([]);
}, 120_000);
