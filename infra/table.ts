/**
 * The table that is the deployment's memory: on demand, encrypted with a key of our own, restorable to any second of the
 * last 35 days, and kept when the stack goes. It knows no item; keys and entities are `functions/store`.
 */
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  Table as DynamoTable,
  StreamViewType,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { allow } from './permission.ts';

const RECOVERY_DAYS = 35;

export class Table extends Construct {
  readonly table: DynamoTable;
  readonly name: string;
  readonly arn: string;
  /** Of the stream with the keys of what changed: nobody reads more of it, so no more is in it. */
  readonly streamArn: string;
  readonly key: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.key = tableKey(this);
    this.table = new DynamoTable(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.KEYS_ONLY,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.key,
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        recoveryPeriodInDays: RECOVERY_DAYS,
      },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.name = this.table.tableName;
    this.arn = this.table.tableArn;
    this.streamArn = this.table.tableStreamArn ?? '';
  }

  /** Lets a role do just these things with items, such as `GetItem`. The key follows from that: see `tableKey`. */
  grant(role: IGrantable, verbs: readonly string[]): void {
    allow(role, { actions: verbs.map((verb) => `dynamodb:${verb}`), resources: [this.arn] });
  }
}

/**
 * Whoever may use the table may use its key, through DynamoDB and in this account only; so the right to the table is
 * the one gate, and no role can decrypt anything by the key itself. Kept with the table: without it that is lost.
 */
function tableKey(scope: Construct): Key {
  const { region, account } = Stack.of(scope);
  const key = new Key(scope, 'Key', {
    description: "Encrypts the table of Isthmus' control plane",
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'ThroughTheTableOnly',
      principals: [new AnyPrincipal()],
      actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey', 'kms:CreateGrant'],
      resources: ['*'],
      conditions: {
        StringEquals: { 'kms:CallerAccount': account, 'kms:ViaService': `dynamodb.${region}.amazonaws.com` },
      },
    }),
  );
  return key;
}
