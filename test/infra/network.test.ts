/** The VPC: what a new one has and has not, and that an existing one stays as it is. */
import { App } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../../infra/settings.ts';
import { IsthmusStack } from '../../infra/stack.ts';
import { ACCOUNT, REGION, stand, VPC_ID, VPC_PREFIX } from './hub-stand.ts';
import { madeUp } from './synthesized.ts';

describe('a new VPC', () => {
  const made = stand();

  test('has two public subnets and no NAT gateway, and gives no public address unasked', () => {
    const subnets = made.ofType('AWS::EC2::Subnet').map(({ Properties }) => Properties);
    expect(subnets.map((subnet) => subnet['MapPublicIpOnLaunch'])).toEqual([false, false]);
    expect(subnets.map((subnet) => subnet['CidrBlock'])).toEqual(['10.217.0.0/22', '10.217.4.0/22']);
    expect(made.ofType('AWS::EC2::NatGateway')).toEqual([]);
    const targets = made.ofType('AWS::EC2::Route').map(({ Properties }) => Object.keys(Properties));
    expect(targets.every((keys) => keys.includes('GatewayId'))).toBe(true);
  });

  test('has its subnets in two zones, which are counted and not named', () => {
    const zones = made.ofType('AWS::EC2::Subnet').map(({ Properties }) => Properties['AvailabilityZone']);
    expect(zones).toEqual([0, 1].map((index) => ({ 'Fn::Select': [index, { 'Fn::GetAZs': '' }] })));
  });

  test('has a default security group that lets nothing in or out', () => {
    const [restriction, ...others] = made.ofType('Custom::VpcRestrictDefaultSG');
    expect(others).toEqual([]);
    expect(JSON.stringify(restriction?.Properties['DefaultSecurityGroupId'])).toContain(
      'DefaultSecurityGroup',
    );
    const used = JSON.stringify(made.resources.filter(({ Type }) => !Type.startsWith('Custom::')));
    // Only the right of the function that empties it names it besides.
    expect(used.match(/DefaultSecurityGroup"/g)).toHaveLength(1);
  });

  test('needs no look-up in the account, also when the account is known', () => {
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
    const env = { account: ACCOUNT, region: REGION };
    new IsthmusStack(app, 'Known', { settings: readSettings({}), made: madeUp(), env });
    expect(app.synth().manifest.missing ?? []).toEqual([]);
  });
});

describe('an existing VPC', () => {
  test('is taken by its id, and nothing is made or changed in its network', () => {
    const taken = stand({ zones: ['eu-central-1a', 'eu-central-1b'] });
    expect(taken.network.vpc.vpcId).toBe(VPC_ID);
    expect(taken.network.prefixes).toEqual([VPC_PREFIX]);
    const touched =
      /^AWS::EC2::(VPC|Subnet|Route|RouteTable|InternetGateway|VPCGatewayAttachment)$|^Custom::/;
    expect(taken.resources.filter(({ Type }) => touched.test(Type))).toEqual([]);
  });

  test('has each hub in a zone of its own, though the first zone has two subnets', () => {
    const zones = ['eu-central-1a', 'eu-central-1a', 'eu-central-1c'];
    const { network } = stand({ zones });
    expect(network.subnets.map((subnet) => subnet.availabilityZone)).toEqual([
      'eu-central-1a',
      'eu-central-1c',
    ]);
  });

  test.each([[['eu-central-1a', 'eu-central-1a']], [[]]])(
    'is refused with a sentence where public subnets lie in %j only',
    (zones) => {
      expect(() => stand({ zones })).toThrow(`The VPC ${VPC_ID} has no public subnets in two zones`);
    },
  );
});
