/**
 * What a hub may do in the account: read its own messages and its own WireGuard key, take its own network interface, own
 * the routes of its VPC. Another hub's slot, other VPCs and everything else of the table are closed to it.
 */
import { Aws, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { allow } from './permission.ts';

/** On a hub's instances, with the id of the slot's interface. */
export const SLOT_TAG = 'isthmus:slot';

export interface HubRoleProps {
  readonly name: string;
  readonly vpcId: string;
  readonly networkInterfaceId: string;
  readonly secretArn: string;
  readonly queueArn: string;
  readonly tableArn: string;
  /** Of Cloud Map: the hub that takes over says of all hubs which one takes traffic. */
  readonly serviceArn: string;
}

/** Session Manager and nothing else of SSM; the managed policy would let it read every parameter of the account. */
const SESSION_ACTIONS = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
];

export function hubRole(scope: Construct, props: HubRoleProps): Role {
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    description: `Isthmus: the instance of ${props.name}`,
  });
  allow(role, { actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], resources: [props.queueArn] });
  allow(role, { actions: ['secretsmanager:GetSecretValue'], resources: [props.secretArn] });
  allow(role, {
    actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
    resources: [props.tableArn],
    conditions: {
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': `vpc#${props.vpcId}` },
      // "For all" holds also where there is none.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  });
  allow(role, {
    actions: ['servicediscovery:UpdateInstanceCustomHealthStatus'],
    resources: [props.serviceArn],
  });
  allowInterface(role, props);
  allowRoutes(role, props);
  allow(role, { actions: SESSION_ACTIONS, resources: ['*'] });
  acknowledge(role);
  return role;
}

/** EC2 asks for both ends: the one interface, and instances of this slot, whichever they are at the time. */
function allowInterface(role: Role, { networkInterfaceId }: HubRoleProps): void {
  const actions = ['ec2:AttachNetworkInterface', 'ec2:DetachNetworkInterface'];
  allow(role, { actions, resources: [ec2Arn(`network-interface/${networkInterfaceId}`)] });
  allow(role, {
    actions,
    resources: [ec2Arn('instance/*')],
    conditions: { StringEquals: { [`ec2:ResourceTag/${SLOT_TAG}`]: networkInterfaceId } },
  });
}

function allowRoutes(role: Role, { vpcId }: HubRoleProps): void {
  allow(role, {
    actions: ['ec2:DescribeRouteTables', 'ec2:DescribeNetworkInterfaces'],
    resources: ['*'],
  });
  allow(role, {
    actions: ['ec2:CreateRoute', 'ec2:ReplaceRoute'],
    resources: [ec2Arn('route-table/*')],
    conditions: { ArnEquals: { 'ec2:Vpc': ec2Arn(`vpc/${vpcId}`) } },
  });
}

function ec2Arn(what: string): string {
  return `arn:${Aws.PARTITION}:ec2:${Aws.REGION}:${Aws.ACCOUNT_ID}:${what}`;
}

function acknowledge(role: Role): void {
  const found = 'arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>';
  const reasons: Readonly<Record<string, string>> = {
    'Resource::*':
      'EC2 knows no resource for what it describes, and Session Manager none for its channels; none of these actions changes anything outside the instance.',
    [`Resource::${found}:instance/*`]:
      'Instances are replaced, so none can be named; the condition on their tag admits those of this slot only.',
    [`Resource::${found}:route-table/*`]:
      'Users add route tables at any time; the condition on ec2:Vpc admits those of this VPC only.',
  };
  for (const [finding, reason] of Object.entries(reasons))
    Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[${finding}]`, reason });
}
