/**
 * The one function of a stack behind all its Isthmus resources, and the register of what the stack declares. Users do
 * not make it: the first resource of a stack does.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CfnResource, CustomResource, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { CloudFunction } from '../function.ts';
import { allow } from '../permission.ts';

const ID = 'IsthmusResources';
const MEMORY_MIB = 256;
const TIMEOUT_SECONDS = 300;
/** AWS tries a function that failed twice more, with pauses of one and two minutes. */
const ANSWER_MINUTES = 20;

const here = dirname(fileURLToPath(import.meta.url));
/** In the package the bundle lies beside this code, in the source tree with the other functions' bundles. */
const BUNDLES = existsSync(join(here, 'resource')) ? here : join(here, '../../dist/functions');

export interface Declaration {
  readonly type: string;
  /** Id of the custom resource in its construct. */
  readonly id: string;
  readonly logicalId: string;
  /** Path in the API. */
  readonly path: string;
  readonly secret: ISecret;
  readonly properties: Readonly<Record<string, string>>;
  readonly removalPolicy: RemovalPolicy;
}

export class ResourceProvider extends Construct {
  readonly #function: CloudFunction;
  readonly #paths = new Map<string, string>();
  readonly #secrets = new Set<string>();
  readonly #deployments = new Map<string, Construct>();

  /** The provider of the stack that this scope is in. */
  static of(scope: Construct): ResourceProvider {
    const stack = Stack.of(scope);
    const found = stack.node.tryFindChild(ID);
    if (found === undefined) return new ResourceProvider(stack);
    if (found instanceof ResourceProvider) return found;
    throw new Error(`The id ${ID} is taken in ${stack.node.path}; Isthmus needs it.`);
  }

  private constructor(stack: Stack) {
    super(stack, ID);
    this.#function = new CloudFunction(this, 'Provider', {
      bundle: 'resource',
      bundles: BUNDLES,
      description: 'Keeps the Isthmus resources of this stack',
      memoryMiB: MEMORY_MIB,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {},
    });
  }

  /** Two connections to one deployment could declare the same resource twice. */
  join(connection: Construct, deployment: string): void {
    const known = this.#deployments.get(deployment) ?? connection;
    if (known !== connection)
      throw new Error(
        `${known.node.path} and ${connection.node.path} are used in one stack; use one of them, or give each deployment its name.`,
      );
    this.#deployments.set(deployment, connection);
  }

  /**
   * The logical id follows from the path in the API and not from the place in the tree of constructs: a construct that
   * is moved or renamed stays the same resource, where CloudFormation would else create it again and then delete it.
   */
  declare(scope: Construct, declaration: Declaration): CustomResource {
    const { type, id, logicalId, path, secret, properties, removalPolicy } = declaration;
    const known = this.#paths.get(logicalId);
    if (known !== undefined) throw new Error(`${scope.node.path} and ${known} both declare ${path}.`);
    this.#paths.set(logicalId, scope.node.path);
    this.#allowReading(secret);
    const resource = new CustomResource(scope, id, {
      resourceType: type,
      serviceToken: this.#function.function.functionArn,
      serviceTimeout: Duration.minutes(ANSWER_MINUTES),
      properties: { ...properties },
      removalPolicy,
    });
    const { defaultChild } = resource.node;
    if (defaultChild instanceof CfnResource) defaultChild.overrideLogicalId(logicalId);
    return resource;
  }

  /** The value of this secret, and nothing else about it. */
  #allowReading(secret: ISecret): void {
    if (this.#secrets.has(secret.node.path)) return;
    this.#secrets.add(secret.node.path);
    const { role } = this.#function;
    // Of a secret that is known by its name only, the last seven characters of the ARN are not known.
    const arn = secret.secretFullArn ?? `${secret.secretArn}-??????`;
    allow(role, { actions: ['secretsmanager:GetSecretValue'], resources: [arn] });
    if (secret.encryptionKey === undefined) return;
    const via = `secretsmanager.${Stack.of(this).region}.amazonaws.com`;
    allow(role, {
      actions: ['kms:Decrypt'],
      resources: [secret.encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': via } },
    });
  }
}
