/**
 * Reconcile: one function on the table's stream, which is only a hint, and one on a schedule, which is the truth. Only
 * these two may sign documents, and they move the routes of our own VPC alone. What fails for good lies in one queue.
 */
import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { RESOURCE_KINDS } from '../protocol/role.ts';
import { CloudFunction } from './function.ts';
import type { Leaves } from './leaves.ts';
import { accept, acceptAbout } from './nag.ts';
import { allow } from './permission.ts';
import type { SigningKey } from './signing-key.ts';
import type { Table } from './table.ts';

const MEMORY_MIB = 1024;
const STREAM_TIMEOUT_SECONDS = 120;
const SCHEDULE_TIMEOUT_SECONDS = 300;
const BATCH_MAX = 100;
const RETRIES_MAX = 5;
/** The sweep does the same work every quarter of an hour, so an hour-old hint is worth nothing. */
const RECORD_AGE_MAX_MINUTES = 60;
const SWEEP_MINUTES = 15;
const ROUTES_MINUTES = 1;
const DEAD_LETTERS_KEPT_DAYS = 14;

/**
 * The partition of a resource ends with its kind. All else in the table, above all the hubs' heartbeats and the documents
 * themselves, changes nothing that is wanted, and wakes no function.
 */
const RESOURCES = RESOURCE_KINDS.map((kind) => ({ suffix: `#${kind}` }));

/** The VPC whose routes are ours to move. */
export interface RoutedVpc {
  readonly id: string;
  readonly prefixListId: string;
}

/** What a sender needs to know of a hub's queue. */
export interface HubQueue {
  readonly queueUrl: string;
  readonly queueArn: string;
}

/** Variables by which a function knows where browsers reach clusters, and from which console. */
export type BrowserVariables = { readonly clusterDomain?: string; readonly consoleUrl?: string };

export interface ReconcileProps {
  readonly browsers?: BrowserVariables | undefined;
  readonly table: Table;
  readonly leaves: Leaves;
  readonly signingKey: SigningKey;
  readonly bundles: string;
  readonly roots: string;
  readonly pools: string;
  readonly queues: readonly { readonly name: string; readonly queue: HubQueue }[];
  readonly vpc: RoutedVpc;
}

export class Reconcile extends Construct {
  readonly stream: CloudFunction;
  readonly schedule: CloudFunction;
  readonly deadLetters: Queue;
  readonly scheduleGroup: CfnScheduleGroup;
  private readonly triggers: IConstruct[] = [];

  constructor(scope: Construct, id: string, props: ReconcileProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(DEAD_LETTERS_KEPT_DAYS),
    });
    accept(this.deadLetters, 'isDeadLetterQueue');
    this.stream = this.worker('Stream', props, {
      bundle: 'reconcile',
      description: 'Isthmus: compiles and signs what a change concerns',
      timeoutSeconds: STREAM_TIMEOUT_SECONDS,
    });
    this.schedule = this.worker('Schedule', props, {
      bundle: 'schedule',
      description: 'Isthmus: compares all with what should be, and repairs it',
      timeoutSeconds: SCHEDULE_TIMEOUT_SECONDS,
    });
    this.followStream(props.table);
    this.schedule.function.configureAsyncInvoke({
      maxEventAge: Duration.minutes(SWEEP_MINUTES),
      retryAttempts: 1,
      onFailure: new SqsDestination(this.deadLetters),
    });
    this.scheduleGroup = new CfnScheduleGroup(this, 'Schedules');
    const caller = this.caller();
    this.tick({ id: 'Sweep', every: SWEEP_MINUTES, what: 'sweep', caller });
    this.tick({ id: 'Routes', every: ROUTES_MINUTES, what: 'routes', caller });
  }

  /**
   * Nothing is reconciled before this is there; and at the end of a deployment this is undone only when nothing is reconciled
   * any more, for the schedule would put routes back that were just taken out.
   */
  startAfter(construct: IConstruct): void {
    for (const trigger of this.triggers) trigger.node.addDependency(construct);
  }

  private worker(
    id: string,
    props: ReconcileProps,
    own: { readonly bundle: string; readonly description: string; readonly timeoutSeconds: number },
  ): CloudFunction {
    const queues = Object.fromEntries(props.queues.map(({ name, queue }) => [name, queue.queueUrl]));
    const worker = new CloudFunction(this, id, {
      ...own,
      bundles: props.bundles,
      memoryMiB: MEMORY_MIB,
      environment: {
        table: props.table.name,
        leaves: props.leaves.name,
        signingKey: props.signingKey.arn,
        roots: props.roots,
        pools: props.pools,
        queues: this.jsonOf(queues),
        ...props.browsers,
      },
    });
    props.table.grant(worker.role, ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'DeleteItem']);
    props.leaves.grantWrite(worker.role);
    props.leaves.grantRead(worker.role);
    props.signingKey.grantSign(worker.role);
    if (props.queues.length > 0) {
      const resources = props.queues.map(({ queue }) => queue.queueArn);
      allow(worker.role, { actions: ['sqs:SendMessage'], resources });
    }
    grantRoutes(worker, props.vpc, ['ec2:CreateRoute', 'ec2:ReplaceRoute', 'ec2:DeleteRoute']);
    return worker;
  }

  /** URLs of queues are known at deployment only, so the text is put together there. */
  private jsonOf(value: Readonly<Record<string, string>>): string {
    return Stack.of(this).toJsonString(value);
  }

  /** One bad record is found by halving, tried a few times, and put aside with the rest going on. */
  private followStream(table: Table): void {
    allow(this.stream.role, {
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [table.streamArn],
    });
    acceptAbout(this.stream.role, 'streamsOfTheTable', table.table);
    allow(this.stream.role, { actions: ['dynamodb:ListStreams'], resources: [`${table.arn}/stream/*`] });
    const mapping = new EventSourceMapping(this, 'Mapping', {
      target: this.stream.function,
      eventSourceArn: table.streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: BATCH_MAX,
      bisectBatchOnError: true,
      retryAttempts: RETRIES_MAX,
      maxRecordAge: Duration.minutes(RECORD_AGE_MAX_MINUTES),
      reportBatchItemFailures: true,
      onFailure: new SqsDlq(this.deadLetters),
      filters: [FilterCriteria.filter({ dynamodb: { Keys: { pk: { S: RESOURCES } } } })],
    });
    this.triggers.push(mapping);
  }

  /** What the scheduler may do: call this one function, and put aside what it could not call. */
  private caller(): Role {
    const role = new Role(this, 'Caller', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      description: 'Isthmus: calls the scheduled function',
    });
    allow(role, { actions: ['lambda:InvokeFunction'], resources: [this.schedule.function.functionArn] });
    allow(role, { actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] });
    return role;
  }

  private tick({ id, every, what, caller }: Tick): void {
    const schedule = new CfnSchedule(this, id, {
      groupName: this.scheduleGroup.ref,
      description: `Isthmus: ${what}, every ${every} min`,
      scheduleExpression: every === 1 ? 'rate(1 minute)' : `rate(${every} minutes)`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: this.schedule.function.functionArn,
        roleArn: caller.roleArn,
        input: JSON.stringify({ do: what }),
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy: { maximumEventAgeInSeconds: every * 60, maximumRetryAttempts: 2 },
      },
    });
    schedule.node.addDependency(caller);
    this.triggers.push(schedule);
  }
}

interface Tick {
  readonly id: string;
  /** In minutes. */
  readonly every: number;
  readonly what: 'sweep' | 'routes';
  readonly caller: Role;
}

/** EC2 knows no resource for what it describes, and route tables are named by their VPC, as users add tables later. */
export function grantRoutes(worker: CloudFunction, vpc: RoutedVpc, actions: readonly string[]): void {
  accept(worker.role, 'describesAllOfEc2', 'tablesOfOurVpc');
  allow(worker.role, {
    actions: ['ec2:DescribeRouteTables', 'ec2:DescribeManagedPrefixLists'],
    resources: ['*'],
  });
  const arn = (what: string) => `arn:${Aws.PARTITION}:ec2:${Aws.REGION}:${Aws.ACCOUNT_ID}:${what}`;
  allow(worker.role, {
    actions,
    resources: [arn('route-table/*')],
    conditions: { ArnEquals: { 'ec2:Vpc': arn(`vpc/${vpc.id}`) } },
  });
  allow(worker.role, {
    actions: ['ec2:GetManagedPrefixListEntries', 'ec2:ModifyManagedPrefixList'],
    resources: [arn(`prefix-list/${vpc.prefixListId}`)],
  });
}
