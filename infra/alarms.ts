/**
 * What a person should hear of, and one page to look at then. An alarm stands here only if somebody has to do something;
 * all of them go to one topic, to which people subscribe.
 */
import { Aws, Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Api } from './api.ts';
import type { CloudFunction } from './function.ts';
import type { Reconcile } from './reconcile.ts';

const PERIOD = Duration.minutes(5);
const SERVER_ERRORS_MAX = 5;
/** Three sweeps' worth: then the hints are later than the truth. */
const ITERATOR_AGE_MAX_MS = 45 * 60_000;
/** A living hub empties its queue within seconds. */
const QUEUE_AGE_MAX_SECONDS = 300;
const WIDGET_WIDTH = 12;

export interface AlarmsProps {
  readonly api: Api;
  readonly handler: CloudFunction;
  readonly reconcile: Reconcile;
  readonly queues: readonly { readonly name: string; readonly queue: IQueue }[];
}

interface Watch {
  readonly id: string;
  readonly title: string;
  readonly metric: IMetric;
  /** Rings above this. */
  readonly limit: number;
  /** How many periods of five minutes in a row. */
  readonly periods?: number;
}

export class Alarms extends Construct {
  readonly topic: Topic;
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = alarmTopic(this);
    const watches = watchesOf(props);
    for (const watch of watches) this.ring(watch);
    this.dashboard = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.hours(3) });
    this.dashboard.addWidgets(
      ...watches.map(
        ({ title, metric, limit }) =>
          new GraphWidget({
            title,
            left: [metric],
            leftAnnotations: [{ value: limit, label: 'rings above' }],
            width: WIDGET_WIDTH,
          }),
      ),
    );
  }

  private ring({ id, title, metric, limit, periods = 1 }: Watch): void {
    const alarm = new Alarm(this, id, {
      alarmDescription: `Isthmus: ${title}`,
      metric,
      threshold: limit,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}

/** A topic with a policy of its own has lost the one by which CloudWatch may publish; so that is said here. */
function alarmTopic(scope: Construct): Topic {
  const topic = new Topic(scope, 'Topic', { displayName: 'Isthmus alarms', enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsOfThisAccount',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
  return topic;
}

function watchesOf({ api, handler, reconcile, queues }: AlarmsProps): readonly Watch[] {
  const { stream, schedule, deadLetters } = reconcile;
  const sum = { period: PERIOD, statistic: 'Sum' };
  const most = { period: PERIOD, statistic: 'Maximum' };
  return [
    {
      id: 'ApiErrors',
      title: 'the API answers with errors of its own (5xx)',
      metric: api.api.metricServerError(sum),
      limit: SERVER_ERRORS_MAX,
    },
    {
      id: 'Throttles',
      title: 'functions are refused for want of concurrency',
      metric: totalOf([handler, stream, schedule].map((one) => one.function.metricThrottles(sum))),
      limit: 0,
      periods: 2,
    },
    {
      id: 'ReconcileErrors',
      title: 'reconcile fails',
      metric: totalOf([stream, schedule].map((one) => one.function.metricErrors(sum))),
      limit: 0,
      periods: 3,
    },
    {
      id: 'IteratorAge',
      title: 'changes wait for reconcile (milliseconds)',
      metric: stream.function.metric('IteratorAge', most),
      limit: ITERATOR_AGE_MAX_MS,
    },
    {
      id: 'DeadLetters',
      title: 'something was given up: see the dead-letter queue',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(most),
      limit: 0,
    },
    {
      id: 'ScheduleFailures',
      title: 'the schedule could not call its function',
      metric: scheduleFailures(reconcile),
      limit: 0,
      periods: 2,
    },
    ...queues.map(({ name, queue }) => ({
      id: `QueueAge-${name}`,
      title: `${name} does not fetch its messages (seconds)`,
      metric: queue.metricApproximateAgeOfOldestMessage(most),
      limit: QUEUE_AGE_MAX_SECONDS,
    })),
  ];
}

function scheduleFailures({ scheduleGroup }: Reconcile): IMetric {
  const of = (metricName: string) =>
    new Metric({
      namespace: 'AWS/Scheduler',
      metricName,
      dimensionsMap: { ScheduleGroup: scheduleGroup.ref },
      period: PERIOD,
      statistic: 'Sum',
    });
  return totalOf([of('TargetErrorCount'), of('InvocationDroppedCount')]);
}

function totalOf(metrics: readonly IMetric[]): IMetric {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  const expression = Object.keys(usingMetrics).join(' + ');
  return new MathExpression({ expression, usingMetrics, period: PERIOD, label: 'sum' });
}
