/** The one stage of an HTTP API: throttled, deployed by itself, with a log of who asked. It knows no route. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { type HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { LOG_RETENTION } from './function.ts';

export interface StageProps {
  readonly requestsPerSecondMax: number;
  readonly requestsBurstMax: number;
  /** What its log tells beside the address, the path and how it went. */
  readonly logs?: Readonly<Record<string, string>>;
}

/** Who asked what and how it went; never a header, a body or a query, where secrets may be. */
const ACCESS_LOG = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  address: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  bytes: '$context.responseLength',
  milliseconds: '$context.responseLatency',
  failure: '$context.integrationErrorMessage',
};

export function stageOf(scope: Construct, httpApi: HttpApi, props: StageProps): HttpStage {
  const log = new LogGroup(scope, 'AccessLog', {
    retention: LOG_RETENTION,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new HttpStage(scope, 'Stage', {
    httpApi,
    stageName: '$default',
    autoDeploy: true,
    throttle: { rateLimit: props.requestsPerSecondMax, burstLimit: props.requestsBurstMax },
    accessLogSettings: {
      destination: new LogGroupLogDestination(log),
      format: AccessLogFormat.custom(JSON.stringify({ ...ACCESS_LOG, ...props.logs })),
    },
  });
}
