/** Network, hubs and ingress alone in a stack, as a template. It must not assert anything. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { z } from 'zod';
import { HubGroup } from '../../infra/hub-group.ts';
import { Ingress } from '../../infra/ingress.ts';
import { Network } from '../../infra/network.ts';
import type { Resource } from './synthesized.ts';

export const ACCOUNT = '111111111111';
export const REGION = 'eu-central-1';
export const VPC_ID = 'vpc-0a1b2c3d4e5f60718';
export const VPC_PREFIX = '172.31.0.0/16';
export const TABLE_ARN = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/isthmus`;
export const API_URL = 'https://api.example.com';

export interface Options {
  readonly domain?: string;
  /** Zones of the public subnets of an existing VPC; absent: a new VPC. */
  readonly zones?: readonly string[];
}

export interface Stand {
  readonly app: App;
  readonly network: Network;
  readonly hubs: HubGroup;
  readonly ingress: Ingress;
  readonly resources: readonly Resource[];
  /** Tokens of the stack as the template has them. */
  resolve(value: unknown): unknown;
  ofType(type: string): readonly Resource[];
  /** What cdk-nag finds, and where. */
  findings(): readonly string[];
}

const Document = z.object({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

export function stand({ domain, zones }: Options = {}): Stand {
  const app = new App({ context: zones === undefined ? {} : lookedUp(zones) });
  const stack = new Stack(app, 'Stand', {
    ...(zones === undefined ? {} : { env: { account: ACCOUNT, region: REGION } }),
  });
  const network = new Network(stack, 'Network', zones === undefined ? {} : { existing: VPC_ID });
  const hubs = new HubGroup(stack, 'Hubs', { network, table: { arn: TABLE_ARN }, apiUrl: API_URL });
  const ingress = new Ingress(stack, 'Ingress', {
    network,
    hubs,
    ...(domain === undefined ? {} : { domain }),
  });
  const { Resources } = Document.parse(Template.fromStack(stack).toJSON());
  const resources = Object.entries(Resources).map(([id, resource]) => ({ ...resource, id }));
  return {
    app,
    network,
    hubs,
    ingress,
    resources,
    resolve: (value) => stack.resolve(value),
    ofType: (type) => resources.filter((resource) => resource.Type === type),
    findings: () => findingsOf(app),
  };
}

function findingsOf(app: App): string[] {
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return violations.flatMap(({ ruleName, violatingResources = [] }) =>
    violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
  );
}

/** What the CDK's command line would have found in the account. */
function lookedUp(zones: readonly string[]): Record<string, unknown> {
  const key = `vpc-provider:account=${ACCOUNT}:filter.vpc-id=${VPC_ID}:region=${REGION}:returnAsymmetricSubnets=true`;
  const subnets = zones.map((availabilityZone, index) => ({
    subnetId: `subnet-0000000${index}`,
    cidr: `172.31.${index}.0/24`,
    availabilityZone,
    routeTableId: `rtb-0000000${index}`,
  }));
  return {
    [key]: {
      vpcId: VPC_ID,
      vpcCidrBlock: VPC_PREFIX,
      ownerAccountId: ACCOUNT,
      availabilityZones: [],
      subnetGroups: subnets.length === 0 ? [] : [{ name: 'Public', type: 'Public', subnets }],
    },
  };
}
