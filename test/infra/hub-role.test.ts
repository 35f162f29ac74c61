/** What a hub may do in the account, permission by permission: the expectation is the whole policy. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Stand, stand, TABLE_ARN } from './hub-stand.ts';

const Policy = z.object({
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({
        Effect: z.literal('Allow'),
        Action: z.union([z.string(), z.array(z.string())]),
        Resource: z.unknown(),
        Condition: z.unknown().optional(),
      }),
    ),
  }),
  Roles: z.tuple([z.object({ Ref: z.string() })]),
});

type Statement = z.infer<typeof Policy>['PolicyDocument']['Statement'][number];

function policyOf(of: Stand, slot: Stand['hubs']['slots'][number]): readonly Statement[] {
  const role = of.resolve(slot.roleName);
  const found = of
    .ofType('AWS::IAM::Policy')
    .map(({ Properties }) => Policy.parse(Properties))
    .filter(({ Roles }) => JSON.stringify(Roles[0]) === JSON.stringify(role));
  expect(found).toHaveLength(1);
  return found.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** An ARN of EC2 as the template has it; neighbouring texts of a join are one. */
function ec2(what: string, id: readonly object[] = []): unknown {
  const place = [{ Ref: 'AWS::Partition' }, ':ec2:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }];
  return { 'Fn::Join': ['', ['arn:', ...place, `:${what}`, ...id]] };
}

describe('the role of a hub', () => {
  const of = stand();
  const vpc = z.object({ Ref: z.string() }).parse(of.resolve(of.network.vpc.vpcId));

  test.each([0, 1] as const)('hub %i may do exactly this', (index) => {
    const slot = of.hubs.slots[index];
    const slotInterface = z.object({ Ref: z.string() }).parse(of.resolve(slot.networkInterfaceId));
    const take = ['ec2:AttachNetworkInterface', 'ec2:DetachNetworkInterface'];
    expect(policyOf(of, slot)).toEqual([
      {
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
        Resource: of.resolve(slot.queue.queueArn),
      },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: of.resolve(slot.secret.secretArn),
      },
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
        Resource: TABLE_ARN,
        Condition: {
          'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': { 'Fn::Join': ['', ['vpc#', vpc]] } },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      },
      {
        Effect: 'Allow',
        Action: 'servicediscovery:UpdateInstanceCustomHealthStatus',
        Resource: of.resolve(of.hubs.service.serviceArn),
      },
      { Effect: 'Allow', Action: take, Resource: ec2('network-interface/', [slotInterface]) },
      {
        Effect: 'Allow',
        Action: take,
        Resource: ec2('instance/*'),
        Condition: { StringEquals: { 'ec2:ResourceTag/isthmus:slot': slotInterface } },
      },
      {
        Effect: 'Allow',
        Action: ['ec2:DescribeRouteTables', 'ec2:DescribeNetworkInterfaces'],
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Action: ['ec2:CreateRoute', 'ec2:ReplaceRoute'],
        Resource: ec2('route-table/*'),
        Condition: { ArnEquals: { 'ec2:Vpc': ec2('vpc/', [vpc]) } },
      },
      {
        Effect: 'Allow',
        Action: [
          'ssm:UpdateInstanceInformation',
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
        ],
        Resource: '*',
      },
    ]);
  });

  test('has no permission beside these: no managed policy, no inline one, assumed by EC2 alone', () => {
    const roles = of.ofType('AWS::IAM::Role').filter(({ id }) => id.startsWith('Hubs'));
    expect(roles).toHaveLength(2);
    for (const { Properties } of roles) {
      expect(Object.keys(Properties).sort()).toEqual(['AssumeRolePolicyDocument', 'Description']);
      expect(JSON.stringify(Properties['AssumeRolePolicyDocument'])).toContain('"ec2.amazonaws.com"');
      expect(JSON.stringify(Properties['AssumeRolePolicyDocument'])).not.toContain('"AWS"');
    }
  });

  test('no action is a wildcard', () => {
    const actions = of.hubs.slots.flatMap((slot) => policyOf(of, slot).flatMap(({ Action }) => Action));
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });

  test("one hub has nothing that is the other one's", () => {
    const [a, b] = of.hubs.slots;
    const idsOf = (slot: typeof a) =>
      [slot.networkInterfaceId, slot.queue.queueArn, slot.secret.secretArn].map((token) =>
        JSON.stringify(of.resolve(token)),
      );
    const textOf = (slot: typeof a) => JSON.stringify(policyOf(of, slot));
    expect(idsOf(a).filter((id) => textOf(b).includes(id))).toEqual([]);
    expect(idsOf(b).filter((id) => textOf(a).includes(id))).toEqual([]);
    expect(idsOf(a).every((id) => textOf(a).includes(id))).toBe(true);
  });
});
