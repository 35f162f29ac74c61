/**
 * What cdk-nag finds and we leave as it is, each with its reason: the one list. A finding that is not here fails the
 * synthesis; a reason that no construct uses fails a test.
 */
import { CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

export interface Acceptance {
  readonly id: string;
  readonly reason: string;
}

export const ACCEPTED = {
  bucketWithoutAccessLog: {
    id: 'AwsSolutions-S1',
    reason:
      'Only functions of this deployment and CloudFront reach this bucket. What it holds is addressed by hash or public; an access log would be a second bucket that grows for ever.',
  },
  isDeadLetterQueue: {
    id: 'AwsSolutions-SQS3',
    reason: 'This is the dead-letter queue itself; an alarm rings as soon as one message lies in it.',
  },
  secretIsRotatedByHand: {
    id: 'AwsSolutions-SMG4',
    reason:
      'A new value at an arbitrary hour would cut off whoever holds the old one; keys are rotated by the API, which lets the old and the new one hold side by side.',
  },
  apiAuthorizesItself: {
    id: 'AwsSolutions-APIG4',
    reason:
      'The function authorizes every request itself: API keys by hash, agents by the signature of each request. No authorizer of API Gateway can check an RFC 9421 signature over the body.',
  },
  poolWithoutThreatProtection: {
    id: 'AwsSolutions-COG8',
    reason:
      'Threat protection is priced by the person and month. Passwords are long, everybody has a second factor, and nobody signs up by himself; whoever wants more raises the plan of the pool, or names an issuer of his own.',
  },
  cloudFrontsOwnCertificate: {
    id: 'AwsSolutions-CFR4',
    reason:
      "Without a domain the certificate is CloudFront's own, whose oldest protocol only AWS can set. Browsers take TLS 1.2 or 1.3; what hosts download is checked by hashes that come from the API, which refuses all below TLS 1.2.",
  },
  consoleForAllCountries: {
    id: 'AwsSolutions-CFR1',
    reason: 'Operators work from anywhere; a country is not what decides who may use the console.',
  },
  consoleWithoutFirewall: {
    id: 'AwsSolutions-CFR2',
    reason:
      'The files are static and public, and the API behind it has its own throttle; a web firewall costs more each month than all of the control plane.',
  },
  consoleWithoutAccessLog: {
    id: 'AwsSolutions-CFR3',
    reason: 'Static files; who does what through the API stands in its access log and in the audit events.',
  },
  uploaderHasTheCdksRuntime: {
    id: 'AwsSolutions-L1',
    reason:
      "The CDK's own function that copies files at deployment; its runtime comes with the CDK and is raised with it.",
  },
  emptierIsTheCdks: {
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    reason:
      "The CDK's own function that empties the console's bucket when the stack goes. Its role is fixed in the CDK: writing logs, and deleting the objects of buckets that carry its tag.",
  },
  anyObject: {
    id: 'AwsSolutions-IAM5[Resource::<THAT.Arn>/*]',
    reason:
      'Objects of this one bucket: their names are hashes or file names that no template can know. The actions are named one by one.',
  },
  describesAllOfEc2: {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'ec2:DescribeRouteTables and ec2:DescribeManagedPrefixLists, which only read, and for which AWS knows no narrower resource.',
  },
  tablesOfOurVpc: {
    id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:route-table/*]',
    reason:
      'Route tables that users make later get their routes too. The condition on ec2:Vpc keeps this to the tables of our own VPC.',
  },
  streamsOfTheTable: {
    id: 'AwsSolutions-IAM5[Resource::<THAT.Arn>/stream/*]',
    reason:
      'dynamodb:ListStreams is authorized on all streams of a table, never on one; reading is granted on the one stream only.',
  },
} as const satisfies Readonly<Record<string, Acceptance>>;

type Finding = keyof typeof ACCEPTED;

/** Leaves these findings on the construct and what is in it. */
export function accept(construct: IConstruct, ...findings: readonly Finding[]): void {
  for (const finding of findings) Validations.of(construct).acknowledge(ACCEPTED[finding]);
}

/** As `accept`, for a finding that names another resource. */
export function acceptAbout(construct: IConstruct, finding: Finding, that: IConstruct): void {
  const { defaultChild } = that.node;
  if (!CfnElement.isCfnElement(defaultChild)) throw new Error(`${that.node.path} is no resource.`);
  const { id, reason } = ACCEPTED[finding];
  const name = Stack.of(that).getLogicalId(defaultChild);
  Validations.of(construct).acknowledge({ id: id.replace('THAT', name), reason });
}
