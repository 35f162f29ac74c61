/**
 * The key that signs agents' documents. It is made in KMS and cannot be taken out of it. Of our roles two may sign; beside
 * them only whom the account itself lets use all of its keys. Kept when the stack goes: agents pin its public half.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { allow } from './permission.ts';

const DELETION_WAIT_DAYS = 30;

export class SigningKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: "Signs the documents of Isthmus' agents",
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      pendingWindow: Duration.days(DELETION_WAIT_DAYS),
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  get arn(): string {
    return this.key.keyArn;
  }

  /** The one algorithm that agents verify, and no other. */
  grantSign(role: IGrantable): void {
    allow(role, {
      actions: ['kms:Sign'],
      resources: [this.arn],
      conditions: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' } },
    });
  }

  grantReadPublicKey(role: IGrantable): void {
    allow(role, { actions: ['kms:GetPublicKey'], resources: [this.arn] });
  }
}
