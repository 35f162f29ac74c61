/**
 * A copy of the audit log in a bucket of its own, which outlives the stack: one object an entry, written once. Each object raises an event of S3 on the account's default bus of
 * EventBridge, for whoever wants to act on entries. It is a choice, because each entry then costs a request.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CloudFunction } from './function.ts';
import { accept, acceptAbout } from './nag.ts';
import { allow } from './permission.ts';
import type { Table } from './table.ts';

const MEMORY_MIB = 512;
const TIMEOUT_SECONDS = 300;
const BATCH_MAX = 100;
/** Together with the age below: an hour of S3 away is waited out. */
const RETRIES_MAX = 100;
/** A stream forgets after a day. */
const RECORD_AGE_MAX_HOURS = 20;
/** Entries come seldom; a few seconds make one call of many. */
const GATHERED_SECONDS = 5;

export interface AuditProps {
  readonly table: Table;
  readonly bundles: string;
  /** Whose alarm rings for what could not be copied. */
  readonly deadLetters: IQueue;
}

export class Audit extends Construct {
  readonly bucket: Bucket;
  readonly handler: CloudFunction;

  constructor(scope: Construct, id: string, props: AuditProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    accept(this.bucket, 'bucketWithoutAccessLog');
    // By the resource's own property: for `eventBridgeEnabled` the CDK makes a function with wide rights.
    const { defaultChild } = this.bucket.node;
    if (defaultChild instanceof CfnBucket)
      defaultChild.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    this.handler = new CloudFunction(this, 'Copy', {
      bundle: 'audit',
      bundles: props.bundles,
      description: 'Isthmus: copies the audit log',
      memoryMiB: MEMORY_MIB,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: { table: props.table.name, audit: this.bucket.bucketName },
    });
    props.table.grant(this.handler.role, ['Query']);
    acceptAbout(this.handler.role, 'anyObject', this.bucket);
    allow(this.handler.role, { actions: ['s3:PutObject'], resources: [this.bucket.arnForObjects('*')] });
    this.follow(props);
  }

  private follow({ table, deadLetters }: AuditProps): void {
    const { role } = this.handler;
    allow(role, {
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [table.streamArn],
    });
    acceptAbout(role, 'streamsOfTheTable', table.table);
    allow(role, { actions: ['dynamodb:ListStreams'], resources: [`${table.arn}/stream/*`] });
    new EventSourceMapping(this, 'Mapping', {
      target: this.handler.function,
      eventSourceArn: table.streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: BATCH_MAX,
      maxBatchingWindow: Duration.seconds(GATHERED_SECONDS),
      bisectBatchOnError: true,
      retryAttempts: RETRIES_MAX,
      maxRecordAge: Duration.hours(RECORD_AGE_MAX_HOURS),
      reportBatchItemFailures: true,
      onFailure: new SqsDlq(deadLetters),
      filters: [
        FilterCriteria.filter({
          eventName: ['INSERT'],
          dynamodb: { Keys: { pk: { S: [{ suffix: '#event' }] } } },
        }),
      ],
    });
  }
}
