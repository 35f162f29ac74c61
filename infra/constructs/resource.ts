/**
 * What the constructs of all kinds have: a name, a path in the API, a custom resource with the spec as one JSON text
 * (CloudFormation would turn its numbers and booleans into strings), and a check of the spec before anything is deployed.
 */
import { createHash } from 'node:crypto';
import { type CustomResource, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { z } from 'zod';
import { Name } from '../../protocol/metadata.ts';
import type { IsthmusConnection } from './connection.ts';
import { ResourceProvider } from './provider.ts';

/** Id of the custom resource in its construct. What depends on it depends on nothing else that lies in there. */
const ID = 'Resource';
const HASH_LENGTH = 8;

/** A resource of a kind, before it is declared. */
export interface Resourceful<Spec> {
  readonly connection: IsthmusConnection;
  /** `Site`: the custom resource's type is `Custom::IsthmusSite`. */
  readonly kind: string;
  /** Path of the collection in the API, `/v1/tenants/acme/sites`. */
  readonly collection: string;
  readonly name: string;
  readonly spec: Spec;
  readonly schema: z.ZodType<unknown, Spec>;
  readonly removalPolicy: RemovalPolicy | undefined;
  /** What must be there first; names from elsewhere are none of this app's. */
  readonly after: readonly object[];
}

/** Declares it in the stack of the scope. */
export function declareResource<Spec>(scope: Construct, resource: Resourceful<Spec>): CustomResource {
  const { connection, kind, collection, name, spec } = resource;
  requireName(scope, name);
  checkSpec(scope, resource);
  const provider = ResourceProvider.of(scope);
  provider.join(connection, connection.deployment);
  const path = `${collection}/${name}`;
  const declared = provider.declare(scope, {
    type: `Custom::Isthmus${kind}`,
    id: ID,
    logicalId: logicalIdOf(kind, connection.deployment, path),
    path,
    secret: connection.apiKey,
    properties: {
      url: connection.url,
      keySecret: connection.apiKey.secretArn,
      collection,
      name,
      spec: Stack.of(scope).toJsonString(spec),
    },
    removalPolicy: resource.removalPolicy ?? RemovalPolicy.DESTROY,
  });
  for (const dependency of resource.after)
    if (Construct.isConstruct(dependency)) declared.node.addDependency(dependency.node.findChild(ID));
  return declared;
}

/** A name is a part of the resource's identity, hence must be known when the template is made. */
export function requireName(scope: Construct, name: string): void {
  if (Token.isUnresolved(name))
    throw new Error(
      `${scope.node.path}: write the name as text; a value known only on deployment is no name.`,
    );
  const parsed = Name.safeParse(name);
  if (!parsed.success)
    throw new Error(`${scope.node.path}: ${name} is no name. ${parsed.error.issues[0]?.message ?? ''}`);
}

/** A spec with values that are known only on deployment is left to the API. */
function checkSpec<Spec>(scope: Construct, { spec, schema }: Resourceful<Spec>): void {
  const known = JSON.stringify(Stack.of(scope).resolve(spec)) === JSON.stringify(spec);
  const parsed = schema.safeParse(spec);
  if (!known || parsed.success) return;
  const [issue] = parsed.error.issues;
  throw new Error(`${scope.node.path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** `IsthmusSiteBerlin1a2b3c4d`: the same for the same path, whatever the tree of constructs. */
function logicalIdOf(kind: string, deployment: string, path: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1);
  const word = last.replaceAll(/(?:^|-+)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const hash = createHash('sha256').update(`${deployment} ${path}`).digest('hex').slice(0, HASH_LENGTH);
  return `Isthmus${kind}${word}${hash}`;
}
