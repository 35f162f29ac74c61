/**
 * A function of the control plane: arm64, Node 24, one bundle, one role that can write its own log and nothing else
 * until it is told what more. The bundle is made before (`node functions/bundle.ts`); here nothing is built.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { VARIABLES } from '../functions/aws/environment.ts';
import { allow } from './permission.ts';

export const LOG_RETENTION = RetentionDays.ONE_MONTH;

export interface CloudFunctionProps {
  /** Name of the bundle: a folder with `index.mjs` in `bundles`. */
  readonly bundle: string;
  readonly bundles: string;
  readonly description: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Partial<Record<keyof typeof VARIABLES, string>>>;
}

/**
 * No concurrency is reserved for any function: a young account has ten executions in all, of which AWS lets none be
 * reserved, and the deployment would fail there. The API's throttle bounds what it can use.
 */
export class CloudFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: CloudFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Log', {
      retention: LOG_RETENTION,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: props.description,
    });
    allow(this.role, {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logGroup.logGroupArn],
    });
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(bundleOf(props)),
      memorySize: props.memoryMiB,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: variablesOf(props.environment),
      role: this.role,
      logGroup: this.logGroup,
    });
  }
}

function bundleOf({ bundle, bundles }: CloudFunctionProps): string {
  const directory = join(bundles, bundle);
  if (existsSync(join(directory, 'index.mjs'))) return directory;
  throw new Error(
    `The bundle of the function "${bundle}" is not in ${bundles}. Make it with: node functions/bundle.ts`,
  );
}

function variablesOf(environment: CloudFunctionProps['environment']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([key, variable]) => {
      const value = Object.entries(environment).find(([own]) => own === key)?.[1];
      return value === undefined ? [] : [[variable, value]];
    }),
  );
}
