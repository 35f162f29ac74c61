/** A secret without a value: a function puts it there, so that no template and no log ever had it. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** AWS' own key encrypts it: one of ours would cost more than the secret, and who may read is said by the role either way. */
export function emptySecret(scope: Construct, id: string, description: string): Secret {
  const secret = new Secret(scope, id, { description, removalPolicy: RemovalPolicy.DESTROY });
  const { defaultChild } = secret.node;
  if (!(defaultChild instanceof CfnSecret)) throw new Error(`${secret.node.path} is no secret any more.`);
  defaultChild.generateSecretString = undefined;
  return secret;
}
