/**
 * The deployment without what the emulator's CloudFormation refuses (interfaces, addresses and instances of hubs, the
 * ingress, CloudFront): the very constructs of the product, with slots that are made up and a VPC from elsewhere.
 */
import { Aws, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { Api } from '../../infra/api.ts';
import { Bootstrap } from '../../infra/bootstrap.ts';
import type { CloudFunction } from '../../infra/function.ts';
import { Leaves } from '../../infra/leaves.ts';
import { type HubQueue, Reconcile } from '../../infra/reconcile.ts';
import { POOL_DEFAULT } from '../../infra/settings.ts';
import { SigningKey } from '../../infra/signing-key.ts';
import { Table } from '../../infra/table.ts';

/** What the test made in the emulated EC2. */
export interface EmulatedEstate {
  readonly vpc: { readonly id: string; readonly prefixes: readonly string[]; readonly prefixListId: string };
  readonly slots: readonly EmulatedSlot[];
}

export interface EmulatedSlot {
  readonly name: string;
  readonly networkInterfaceId: string;
  readonly privateAddress: string;
  readonly endpoint: string;
}

export interface EmulatedStackProps extends StackProps {
  readonly estate: EmulatedEstate;
  readonly bundles: string;
  /** More variables for every function, such as where an emulator listens. */
  readonly environment: Readonly<Record<string, string>>;
}

export class EmulatedStack extends Stack {
  constructor(scope: Construct, id: string, props: EmulatedStackProps) {
    super(scope, id, props);
    const { vpc } = props.estate;
    const table = new Table(this, 'Table');
    const leaves = new Leaves(this, 'Leaves');
    const signingKey = new SigningKey(this, 'SigningKey');
    const api = new Api(this, 'Api');
    const slots = props.estate.slots.map((slot) => this.madeUp(slot));

    const all = { table, leaves, signingKey, vpc, bundles: props.bundles, pools: POOL_DEFAULT };
    const bootstrap = new Bootstrap(this, 'Bootstrap', { ...all, hubs: slots });
    const { roots, tokenSecret } = bootstrap;
    const downloads = 'https://downloads.example.com/install';
    const handler = api.answer({ ...all, roots, tokenSecret, downloads });
    const reconcile = new Reconcile(this, 'Reconcile', { ...all, roots, queues: slots });
    const estate = bootstrap.estate({
      url: api.url,
      vpc,
      hubs: slots.map(({ name, endpoint, networkInterfaceId, privateAddress, secret, queue }) => ({
        name,
        endpoint,
        slot: {
          account: Aws.ACCOUNT_ID,
          role: `isthmus-${name}`,
          vpc: vpc.id,
          interface: networkInterfaceId,
          address: privateAddress,
          secret: secret.secretArn,
          queue: queue.queueUrl,
          table: table.name,
          prefixList: vpc.prefixListId,
        },
      })),
    });
    reconcile.startAfter(estate);
    addEnvironment([handler, bootstrap.handler, reconcile.stream, reconcile.schedule], props.environment);

    this.tell('ApiUrl', api.url);
    // The emulator's Ref of a secret is its name; the name that the product's output cuts out of an ARN fails there.
    this.tell('AdminSecret', bootstrap.adminSecret.secretArn);
    this.tell('TableName', table.name);
    this.tell('LeavesName', leaves.name);
    this.tell('DeadLettersUrl', reconcile.deadLetters.queueUrl);
    this.tell('StreamFunction', reconcile.stream.function.functionName);
    this.tell('ScheduleFunction', reconcile.schedule.function.functionName);
    for (const { name, queue } of slots) this.tell(`Queue${name.replaceAll('-', '')}`, queue.queueUrl);
  }

  private madeUp(slot: EmulatedSlot): EmulatedSlot & { secret: Secret; queue: HubQueue } {
    const secret = new Secret(this, `${slot.name}-key`, { removalPolicy: RemovalPolicy.DESTROY });
    const { defaultChild } = secret.node;
    if (defaultChild instanceof CfnSecret) defaultChild.generateSecretString = undefined;
    return { ...slot, secret, queue: new Queue(this, `${slot.name}-queue`, { enforceSSL: true }) };
  }

  private tell(id: string, value: string): void {
    new CfnOutput(this, id, { value });
  }
}

function addEnvironment(
  functions: readonly CloudFunction[],
  environment: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(environment))
    for (const one of functions) one.function.addEnvironment(name, value);
}
