/**
 * The API: an HTTP API in front of one function. The function may read and write the table, read leaves and the token
 * secret. It can sign nothing, move no route and see no WireGuard key.
 */
import { Aws } from 'aws-cdk-lib';
import {
  CfnStage,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  type HttpStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';
import { CloudFunction } from './function.ts';
import type { Leaves } from './leaves.ts';
import { accept } from './nag.ts';
import { allow } from './permission.ts';
import type { BrowserVariables } from './reconcile.ts';
import { stageOf } from './stage.ts';
import type { Table } from './table.ts';

/** Far above what ten thousand sites ask for, and low enough to bound a bill. */
const REQUESTS_PER_SECOND_MAX = 200;
const REQUESTS_BURST_MAX = 400;
/** What agents ask, their heartbeats above all: whatever people and programs do, this is left for them. */
const AGENTS_PER_SECOND_MAX = 200;
const AGENTS_BURST_MAX = 400;
const AGENTS_ROUTE = '/v1/agent/{proxy+}';
/** More memory is more processor: it halves the cold start. */
const MEMORY_MIB = 1024;
/** API Gateway gives up after 30. */
const TIMEOUT_SECONDS = 29;

export interface ApiHandlerProps {
  readonly table: Table;
  readonly leaves: Leaves;
  readonly tokenSecret: { readonly secretArn: string };
  readonly bundles: string;
  readonly roots: string;
  readonly pools: string;
  /** Where the installer's downloads lie. */
  readonly downloads: string;
  /** JSON list of the issuers whose access tokens are taken. */
  readonly issuers?: string | undefined;
  readonly browsers?: BrowserVariables | undefined;
}

/** The address comes first, because others are made with it; what answers there is added by `answer`. */
export class Api extends Construct {
  readonly url: string;
  readonly host: string;
  readonly api: HttpApi;
  readonly stage: HttpStage;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      description: "Isthmus' control plane",
      createDefaultStage: false,
    });
    this.stage = stageOf(this, this.api, {
      requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
      requestsBurstMax: REQUESTS_BURST_MAX,
    });
    this.url = this.api.apiEndpoint;
    this.host = `${this.api.apiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
  }

  /** Makes the function that answers every path. */
  answer(props: ApiHandlerProps): CloudFunction {
    const handler = new CloudFunction(this, 'Handler', {
      bundle: 'api',
      bundles: props.bundles,
      description: "Isthmus' API",
      memoryMiB: MEMORY_MIB,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {
        table: props.table.name,
        leaves: props.leaves.name,
        roots: props.roots,
        pools: props.pools,
        tokenSecret: props.tokenSecret.secretArn,
        downloads: props.downloads,
        ...(props.issuers === undefined ? {} : { issuers: props.issuers }),
        ...props.browsers,
      },
    });
    props.table.grant(handler.role, ['GetItem', 'PutItem', 'Query', 'DeleteItem']);
    props.leaves.grantRead(handler.role);
    allow(handler.role, {
      actions: ['secretsmanager:GetSecretValue'],
      resources: [props.tokenSecret.secretArn],
    });
    const integration = new HttpLambdaIntegration('Function', handler.function);
    const route = (id: string, routeKey: HttpRouteKey) => {
      const made = new HttpRoute(this, id, { httpApi: this.api, routeKey, integration });
      accept(made, 'apiAuthorizesItself');
      return made;
    };
    route('Everything', HttpRouteKey.DEFAULT);
    throttleRoute(this.stage, route('Agents', HttpRouteKey.with(AGENTS_ROUTE, HttpMethod.ANY)), {
      ThrottlingRateLimit: AGENTS_PER_SECOND_MAX,
      ThrottlingBurstLimit: AGENTS_BURST_MAX,
    });
    return handler;
  }
}

/** A throttle of the route's own. API Gateway takes it for routes that are there already. */
function throttleRoute(
  stage: HttpStage,
  route: HttpRoute,
  throttle: { readonly ThrottlingRateLimit: number; readonly ThrottlingBurstLimit: number },
): void {
  const { defaultChild } = stage.node;
  if (!(defaultChild instanceof CfnStage)) throw new Error('The stage has no resource.');
  defaultChild.addPropertyOverride('RouteSettings', { [`ANY ${AGENTS_ROUTE}`]: throttle });
  stage.node.addDependency(route);
}
