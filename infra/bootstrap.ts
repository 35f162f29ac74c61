/**
 * What must be there before anything works, made by one function that CloudFormation calls: the keys (WireGuard's in
 * the hubs' secrets) and the estate (an admin's key, the cloud's site, its hubs). No secret passes through the template.
 */
import { CustomResource, RemovalPolicy } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { CloudFunction } from './function.ts';
import { accept } from './nag.ts';
import { allow } from './permission.ts';
import { grantRoutes, type RoutedVpc } from './reconcile.ts';
import { emptySecret } from './secret.ts';
import type { SigningKey } from './signing-key.ts';
import type { Table } from './table.ts';

const MEMORY_MIB = 512;
const TIMEOUT_SECONDS = 120;
const TOKEN_SECRET_LENGTH = 64;

export interface BootstrapProps {
  readonly table: Table;
  readonly signingKey: SigningKey;
  readonly bundles: string;
  readonly pools: string;
  readonly vpc: RoutedVpc;
  /** Each hub's secret, empty until the key is made in it. */
  readonly hubs: readonly { readonly name: string; readonly secret: { readonly secretArn: string } }[];
}

/** A hub of the estate; `slot` is `protocol/slot.ts` without what only the keys know. */
export interface EstateHub {
  readonly name: string;
  readonly endpoint: string;
  readonly slot: Readonly<Record<string, unknown>>;
}

export interface EstateProps {
  readonly url: string;
  readonly vpc: { readonly id: string; readonly prefixes: readonly string[] };
  readonly hubs: readonly EstateHub[];
  /** Our own user pool, whose groups get the built-in roles. */
  readonly issuer?: string | undefined;
}

export class Bootstrap extends Construct {
  readonly handler: CloudFunction;
  readonly adminSecret: Secret;
  readonly tokenSecret: Secret;
  /** Signing roots, for the functions' environment. */
  readonly roots: string;
  private readonly keys: CustomResource;

  constructor(scope: Construct, id: string, props: BootstrapProps) {
    super(scope, id);
    this.adminSecret = emptySecret(this, 'Admin', "Key of Isthmus' first admin");
    accept(this.adminSecret, 'secretIsRotatedByHand');
    this.tokenSecret = new Secret(this, 'TokenSecret', {
      description: 'From this follow the secrets of idempotent creations in Isthmus',
      generateSecretString: { passwordLength: TOKEN_SECRET_LENGTH, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(this.tokenSecret, 'secretIsRotatedByHand');
    this.handler = this.makeHandler(props);
    this.keys = new CustomResource(this, 'Keys', {
      serviceToken: this.handler.function.functionArn,
      resourceType: 'Custom::IsthmusKeys',
      properties: {
        what: 'keys',
        signingKey: props.signingKey.arn,
        tokenSecret: this.tokenSecret.secretArn,
        hubs: props.hubs.map(({ name, secret }) => ({ name, secret: secret.secretArn })),
      },
    });
    this.keys.node.addDependency(this.handler);
    this.roots = this.keys.getAttString('Roots');
  }

  /** The hub's public WireGuard key. */
  publicKey(hub: string): string {
    return this.keys.getAttString(`PublicKey.${hub}`);
  }

  /** To be done when the table is there and before an instance starts: the instances enrol as these hubs. */
  estate(props: EstateProps): CustomResource {
    const estate = new CustomResource(this, 'Estate', {
      serviceToken: this.handler.function.functionArn,
      resourceType: 'Custom::IsthmusEstate',
      properties: {
        what: 'estate',
        adminSecret: this.adminSecret.secretArn,
        url: props.url,
        vpc: props.vpc,
        ...(props.issuer === undefined ? {} : { issuer: props.issuer }),
        hubs: props.hubs.map(({ name, endpoint, slot }) => ({
          name,
          endpoint,
          slot: { ...slot, publicKey: this.publicKey(name) },
        })),
      },
    });
    estate.node.addDependency(this.handler);
    return estate;
  }

  private makeHandler(props: BootstrapProps): CloudFunction {
    const handler = new CloudFunction(this, 'Handler', {
      bundle: 'bootstrap',
      bundles: props.bundles,
      description: 'Isthmus: makes keys and the first resources at deployment',
      memoryMiB: MEMORY_MIB,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: { table: props.table.name, pools: props.pools },
    });
    const secrets = [this.adminSecret, this.tokenSecret, ...props.hubs.map(({ secret }) => secret)];
    allow(handler.role, {
      actions: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      resources: secrets.map(({ secretArn }) => secretArn),
    });
    props.signingKey.grantReadPublicKey(handler.role);
    props.table.grant(handler.role, ['GetItem', 'PutItem', 'Query', 'DeleteItem']);
    grantRoutes(handler, props.vpc, ['ec2:DeleteRoute']);
    return handler;
  }
}
