/**
 * The bucket with the leaves of agents' documents, each under its hash. Leaves never change, so a version that is
 * not current is one that somebody deleted: it can be brought back for a month. Kept when the stack goes.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { accept, acceptAbout } from './nag.ts';
import { allow } from './permission.ts';

const DELETED_KEPT_DAYS = 30;

export class Leaves extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [
        {
          noncurrentVersionExpiration: Duration.days(DELETED_KEPT_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    accept(this.bucket, 'bucketWithoutAccessLog');
  }

  get name(): string {
    return this.bucket.bucketName;
  }

  /** A reader may list too: else S3 answers "forbidden" for a leaf that is not there. */
  grantRead(role: Role): void {
    acceptAbout(role, 'anyObject', this.bucket);
    allow(role, { actions: ['s3:GetObject'], resources: [this.bucket.arnForObjects('*')] });
    allow(role, { actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] });
  }

  grantWrite(role: Role): void {
    acceptAbout(role, 'anyObject', this.bucket);
    allow(role, { actions: ['s3:PutObject'], resources: [this.bucket.arnForObjects('*')] });
  }
}
