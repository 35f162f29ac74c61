/**
 * The deployment: its nouns, and who knows of whom. Each construct says itself what it is made of; nothing is decided here
 * but the order. The interface between the hubs and the rest is what `slots` of a hub group have.
 */
import { fileURLToPath } from 'node:url';
import { Aws, CfnOutput, Fn, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { clusterSources } from '../console/headers.ts';
import { signInOrigins } from '../protocol/sign-in.ts';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { Audit } from './audit.ts';
import { Bootstrap, type EstateHub } from './bootstrap.ts';
import { Console } from './console.ts';
import { HubGroup } from './hub-group.ts';
import { Ingress } from './ingress.ts';
import { Leaves } from './leaves.ts';
import { Network } from './network.ts';
import { People } from './people.ts';
import { keepProviderLogs } from './provider-log.ts';
import { type BrowserVariables, Reconcile } from './reconcile.ts';
import { chosenText, issuersOf, SETTINGS_OUTPUT, type Settings } from './settings.ts';
import { SigningKey } from './signing-key.ts';
import { Table } from './table.ts';

/** Key of the tag that every resource has, with the stack's name; a budget can be set on it. */
export const DEPLOYMENT_TAG = 'isthmus:deployment';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** What is made before the synthesis. */
export const MADE = {
  bundles: at('../dist/functions'),
  console: at('../dist/console'),
  downloads: at('../dist/downloads'),
};

export interface IsthmusStackProps extends StackProps {
  readonly settings: Settings;
  readonly made: typeof MADE;
}

export class IsthmusStack extends Stack {
  constructor(scope: Construct, id: string, props: IsthmusStackProps) {
    super(scope, id, { description: 'Isthmus: control plane, hubs and console', ...props });
    Tags.of(this).add(DEPLOYMENT_TAG, this.stackName);
    const { settings, made } = props;

    const table = new Table(this, 'Table');
    const leaves = new Leaves(this, 'Leaves');
    const signingKey = new SigningKey(this, 'SigningKey');
    const api = new Api(this, 'Api');
    const people = settings.issuers === undefined ? new People(this, 'People') : undefined;
    const origins = askedByPage(settings, people);
    const page = new Console(this, 'Console', { ...made, api, page: made.console, origins });

    const existing = settings.vpc === undefined ? {} : { existing: settings.vpc };
    const network = new Network(this, 'Network', existing);
    const hubs = new HubGroup(this, 'Hubs', { network, table, apiUrl: api.url });
    const vpc = { id: network.vpc.vpcId, prefixListId: hubs.prefixListId };

    const all = { table, leaves, signingKey, vpc, bundles: made.bundles, pools: settings.pools };
    const browsers = browserVariables(settings, page.url);
    const bootstrap = new Bootstrap(this, 'Bootstrap', { ...all, hubs: hubs.slots });
    const { roots, tokenSecret } = bootstrap;
    const handler = api.answer({
      ...all,
      roots,
      tokenSecret,
      downloads: page.downloadsUrl,
      issuers: people?.admit(page.url) ?? settings.issuers,
      browsers,
    });
    const reconcile = new Reconcile(this, 'Reconcile', { ...all, roots, queues: hubs.slots, browsers });
    const estate = bootstrap.estate({
      url: api.url,
      vpc: { id: vpc.id, prefixes: network.prefixes },
      hubs: hubs.slots.map((slot) => estateHub(slot, { vpc, table })),
      issuer: people?.issuer,
    });
    reconcile.startAfter(estate);
    // An instance enrols and fetches its document at once: by then all that answers it must be there.
    for (const first of [estate, api, reconcile, page]) hubs.startAfter(first);
    const { domain } = settings;
    const ingress = new Ingress(this, 'Ingress', {
      network,
      hubs,
      ...(domain === undefined ? {} : { domain }),
    });
    if (settings.audit === 'bucket')
      new Audit(this, 'Audit', { table, bundles: made.bundles, deadLetters: reconcile.deadLetters });
    new Alarms(this, 'Alarms', { api, handler, reconcile, queues: hubs.slots });

    keepProviderLogs(this);
    this.tell('ApiUrl', api.url, 'The API, as agents and programs reach it');
    this.tell('ConsoleUrl', page.url, 'The console');
    this.tell('AdminSecretName', bootstrap.adminSecret.secretName, "Secret with the first admin's key");
    this.tell(SETTINGS_OUTPUT, chosenText(settings), 'What was chosen; npm run deploy keeps to it');
    if (people !== undefined) this.tell('UserPoolId', people.pool.userPoolId, 'Who signs in to the console');
    this.tell('IngressUrl', ingress.url, 'Public routes to services');
    this.tellEndpoints(hubs);
  }

  /** Two zones by their order and not by name: nothing has to be looked up for a synthesis. */
  override get availabilityZones(): string[] {
    return [0, 1].map((index) => Fn.select(index, Fn.getAzs()));
  }

  private tellEndpoints({ slots }: HubGroup): void {
    for (const { name, endpoint } of slots) {
      const id = `Endpoint${name.replace('hub-', '').toUpperCase()}`;
      this.tell(id, endpoint, `WireGuard endpoint of ${name}`);
    }
  }

  private tell(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

/** Whom the console's page may ask beside the API: issuers and clusters. */
function askedByPage(settings: Settings, people: People | undefined): string[] {
  const issuers = people?.origins ?? signInOrigins(issuersOf(settings));
  return [...issuers, ...clusterSources(settings.clusterDomain)];
}

/** Nothing without a domain of clusters. */
function browserVariables({ clusterDomain }: Settings, consoleUrl: string): BrowserVariables {
  return clusterDomain === undefined ? {} : { clusterDomain, consoleUrl };
}

function estateHub(
  slot: HubGroup['slots'][number],
  of: { readonly vpc: { readonly id: string; readonly prefixListId: string }; readonly table: Table },
): EstateHub {
  return {
    name: slot.name,
    endpoint: slot.endpoint,
    slot: {
      account: Aws.ACCOUNT_ID,
      role: slot.roleName,
      vpc: of.vpc.id,
      interface: slot.networkInterfaceId,
      address: slot.privateAddress,
      secret: slot.secret.secretArn,
      queue: slot.queue.queueUrl,
      table: of.table.name,
      prefixList: of.vpc.prefixListId,
      discovery: slot.discovery,
    },
  };
}
