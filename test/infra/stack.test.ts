/** The security and durability of the template, property by property: what a change must not lose by accident. */
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { VARIABLES } from '../../functions/aws/environment.ts';
import { changeOf } from '../../functions/store/keys.ts';
import { DEPLOYMENT_TAG, IsthmusStack } from '../../infra/stack.ts';
import { RESOURCE_KINDS } from '../../protocol/role.ts';
import { madeUp, ofType, type Resource, type Synthesized, synthesize } from './synthesized.ts';

let all: Synthesized;
beforeAll(() => {
  all = synthesize();
}, 120_000);

/** Functions of ours, by the beginning of their ids; the CDK has some too. */
const OURS = /^(Api|Reconcile|Bootstrap)/;
const ourFunctions = (): readonly Resource[] =>
  ofType(all, 'AWS::Lambda::Function').filter(({ id }) => OURS.test(id));

describe('memory', () => {
  test('the table is on demand, encrypted by our key, restorable, protected, and kept', () => {
    all.template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
        StreamSpecification: { StreamViewType: 'KEYS_ONLY' },
      },
    });
  });

  test("the table's key turns every year, is kept, and is used through DynamoDB of this account only", () => {
    all.template.hasResource('AWS::KMS::Key', {
      DeletionPolicy: 'Retain',
      Properties: {
        EnableKeyRotation: true,
        KeyPolicy: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Principal: { AWS: '*' },
              Condition: {
                StringEquals: {
                  'kms:CallerAccount': { Ref: 'AWS::AccountId' },
                  'kms:ViaService': {
                    'Fn::Join': ['', ['dynamodb.', { Ref: 'AWS::Region' }, '.amazonaws.com']],
                  },
                },
              },
            }),
          ]),
        },
      },
    });
  });

  test('every bucket is closed to the public and encrypted; that of the leaves is versioned and kept', () => {
    for (const { Properties } of ofType(all, 'AWS::S3::Bucket')) {
      expect(Properties).toMatchObject({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      });
    }
    all.template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: { VersioningConfiguration: { Status: 'Enabled' } },
    });
  });

  test('nothing else is kept when the stack goes: logs, secrets and queues go with it', () => {
    const kept = all.resources.filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain');
    expect(kept.map(({ id }) => id.replace(/[0-9A-F]{8}$/, '')).toSorted()).toEqual([
      'LeavesBucket',
      'SigningKey',
      'Table',
      'TableKey',
    ]);
    for (const { DeletionPolicy } of ofType(all, 'AWS::Logs::LogGroup'))
      expect(DeletionPolicy).toBe('Delete');
  });

  test('every function writes to a log of the stack, which forgets', () => {
    for (const { id, Properties } of ofType(all, 'AWS::Lambda::Function'))
      expect(Properties, id).toMatchObject({ LoggingConfig: { LogGroup: { Ref: expect.any(String) } } });
    for (const { id, Properties } of ofType(all, 'AWS::Logs::LogGroup'))
      expect(Properties['RetentionInDays'], id).toBeLessThanOrEqual(30);
  });
});

describe('functions', () => {
  test('run on arm64 and Node 24, with a time limit, and with values but no secrets in the environment', () => {
    expect(ourFunctions()).toHaveLength(4);
    for (const { Properties } of ourFunctions()) {
      expect(Properties).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
      });
      expect(Properties['Timeout']).toBeLessThanOrEqual(300);
      const { Variables } = Object(Properties['Environment']);
      const names: string[] = Object.values(VARIABLES);
      expect(Object.keys(Variables).filter((name) => !names.includes(name))).toEqual([]);
      expect(JSON.stringify(Variables)).not.toContain('resolve:secretsmanager');
    }
  });

  test('a bundle that was not made is named, with the command that makes it', () => {
    const made = { ...madeUp(), bundles: '/nowhere' };
    const { stack } = all;
    expect(
      () =>
        new IsthmusStack(stack.node.root, 'WithoutBundles', { settings: { pools: '100.64.0.0/10' }, made }),
    ).toThrow(/is not in \/nowhere\. Make it with: node functions\/bundle\.ts/);
  });

  test('the API is throttled, and logs who asked what', () => {
    all.template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 },
      AccessLogSettings: { DestinationArn: Match.anyValue(), Format: Match.stringLikeRegexp('requestId') },
    });
  });

  test('agents have a throttle of their own, which nothing that people do uses up', () => {
    const [stage] = ofType(all, 'AWS::ApiGatewayV2::Stage').filter(({ id }) => id.startsWith('Api'));
    expect(stage?.Properties['RouteSettings']).toEqual({
      'ANY /v1/agent/{proxy+}': { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 },
    });
    const route = ofType(all, 'AWS::ApiGatewayV2::Route').find(
      ({ Properties }) => Properties['RouteKey'] === 'ANY /v1/agent/{proxy+}',
    );
    expect(stage?.['DependsOn']).toContainEqual(route?.id);
  });
});

describe('reconcile', () => {
  test('the stream is retried a few times, halved, reported in part, and gives up into the dead letters', () => {
    all.template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 5,
      MaximumRecordAgeInSeconds: 3600,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });

  test('the filter lets pass what the store calls a change, and no heartbeat, document, report or event', () => {
    const [mapping] = ofType(all, 'AWS::Lambda::EventSourceMapping');
    const { Filters } = Object(mapping?.Properties['FilterCriteria']);
    const patterns = RESOURCE_KINDS.map((kind) => ({ suffix: `#${kind}` }));
    expect(Filters).toEqual([{ Pattern: JSON.stringify({ dynamodb: { Keys: { pk: { S: patterns } } } }) }]);
    const passes = (pk: string) => patterns.some(({ suffix }) => pk.endsWith(suffix));
    const partitions = [
      ...RESOURCE_KINDS.map((kind) => `main#${kind}`),
      '*#hub',
      'main#event',
      'agent#hub.hub-a',
      'agent#edge.main.site.edge',
      'ledger',
      'host',
      'vpc#vpc-12345678',
    ];
    for (const pk of partitions) expect(passes(pk), pk).toBe(changeOf({ pk, sk: 'name' }) !== undefined);
  });

  test('the sweep comes every quarter of an hour and the routes every minute, with dead letters', () => {
    for (const [expression, what] of [
      ['rate(15 minutes)', 'sweep'],
      ['rate(1 minute)', 'routes'],
    ])
      all.template.hasResourceProperties('AWS::Scheduler::Schedule', {
        ScheduleExpression: expression,
        Target: {
          Input: JSON.stringify({ do: what }),
          DeadLetterConfig: Match.anyValue(),
          RetryPolicy: { MaximumRetryAttempts: 2 },
        },
      });
    all.template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: Match.anyValue() },
    });
  });

  test('an alarm rings for each thing that a person must mend', () => {
    const alarms = ofType(all, 'AWS::CloudWatch::Alarm').map(({ id, Properties }) => {
      expect(Properties['AlarmActions'], id).toHaveLength(1);
      return id.replace(/^Alarms/, '').replace(/[0-9A-F]{8}$/, '');
    });
    expect(alarms.toSorted()).toEqual([
      'ApiErrors',
      'DeadLetters',
      'IteratorAge',
      'QueueAgehuba',
      'QueueAgehubb',
      'ReconcileErrors',
      'ScheduleFailures',
      'Throttles',
    ]);
    all.template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });
});

describe('console', () => {
  test('only CloudFront reads the bucket, by HTTPS, and signs for it', () => {
    all.template.hasResourceProperties('AWS::CloudFront::OriginAccessControl', {
      OriginAccessControlConfig: { SigningBehavior: 'always', SigningProtocol: 'sigv4' },
    });
    const [distribution] = ofType(all, 'AWS::CloudFront::Distribution');
    const text = JSON.stringify(distribution?.Properties);
    expect(text.match(/"ViewerProtocolPolicy":"[^"]+"/g)).toEqual(
      Array(3).fill('"ViewerProtocolPolicy":"https-only"'),
    );
    expect(text).toContain('"OriginProtocolPolicy":"https-only","OriginSSLProtocols":["TLSv1.2"]');
  });

  test('every answer has the security headers, and the policy allows nothing from elsewhere but tokens, and nothing inline', () => {
    const [headers] = ofType(all, 'AWS::CloudFront::ResponseHeadersPolicy');
    const { SecurityHeadersConfig: config } = Object(headers?.Properties['ResponseHeadersPolicyConfig']);
    expect(config).toMatchObject({
      ContentTypeOptions: { Override: true },
      FrameOptions: { FrameOption: 'DENY' },
      ReferrerPolicy: { ReferrerPolicy: 'no-referrer' },
      StrictTransportSecurity: { AccessControlMaxAgeSec: 31_536_000, IncludeSubdomains: true },
    });
    // Where people sign in is known at deployment only, so the policy comes in pieces.
    const policy = JSON.stringify(config.ContentSecurityPolicy.ContentSecurityPolicy);
    expect(policy).toContain(`"default-src 'none'; `);
    const [before = '', asked = '', after = ''] = policy.split(/(connect-src[^;]*;)/);
    expect(asked).toMatch(/^connect-src 'self' https:.*cognito-idp.* https:.*auth.*;$/);
    expect(before + after).not.toMatch(/unsafe|https?:|\*/);
  });
});

describe('deployment', () => {
  test('says where the API and the console are, and which secret has the admin key', () => {
    expect(Object.keys(all.template.findOutputs('*')).toSorted()).toEqual([
      'AdminSecretName',
      'ApiUrl',
      'ConsoleUrl',
      'EndpointA',
      'EndpointB',
      'IngressUrl',
      'Settings',
      'UserPoolId',
    ]);
  });

  test("the admin secret's name is cut out of its ARN without the six letters at the end", () => {
    const [output] = Object.values(all.template.findOutputs('AdminSecretName'));
    const parts = JSON.stringify(output?.['Value']).match(/\{"Fn::Select":\[[01],\{"Fn::Split":\["-"/g);
    expect(parts).toHaveLength(2);
  });

  test('no secret has a value in the template', () => {
    for (const { id, Properties } of ofType(all, 'AWS::SecretsManager::Secret'))
      expect(Properties['SecretString'], id).toBeUndefined();
    const generated = ofType(all, 'AWS::SecretsManager::Secret').filter(
      ({ Properties }) => Properties['GenerateSecretString'] !== undefined,
    );
    expect(generated.map(({ id }) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['BootstrapTokenSecret']);
  });

  test('what can have tags has that of the deployment', () => {
    // The CDK's own small functions take no tags.
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Lambda::Function', 'AWS::KMS::Key'])
      for (const { id, Properties } of ofType(all, type).filter((one) => !one.id.startsWith('Custom')))
        expect(Properties['Tags'], id).toContainEqual({ Key: DEPLOYMENT_TAG, Value: 'Isthmus' });
  });

  test('no instance starts before the estate, by which it enrols', () => {
    const groups = ofType(all, 'AWS::AutoScaling::AutoScalingGroup');
    expect(groups).toHaveLength(2);
    for (const { DependsOn } of groups)
      expect(DependsOn).toContainEqual(expect.stringMatching(/^BootstrapEstate/));
  });

  test('CloudFormation takes it: few enough resources', () => {
    expect(all.resources.length).toBeLessThan(250);
  });
});
