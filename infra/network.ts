/**
 * The VPC with the hubs: a new one, or an existing one by its id. Hubs have public addresses of their own, so a new one has public
 * subnets only and no NAT gateway, which would cost more than both hubs. It makes no route: those to the sites are moved at run time.
 */
import { Token, Validations } from 'aws-cdk-lib';
import { IpAddresses, type ISubnet, type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { SettingsError } from './settings.ts';

/** Of a new VPC; seldom used elsewhere, though it may be: sites with the same prefix are no matter. */
export const VPC_PREFIX = '10.217.0.0/20';
/** Two of these leave half of the VPC for the user's own subnets. */
const SUBNET_LENGTH = 22;
/** One hub in each. */
const ZONES = 2;

export interface NetworkProps {
  /** Id of a VPC that has public subnets in two zones. */
  readonly existing?: string;
}

export class Network extends Construct {
  readonly vpc: IVpc;
  /** Of the VPC; of an existing one the primary prefix, the only one that a look-up tells. */
  readonly prefixes: readonly string[];
  /** Two public subnets in two zones, in the order of the hubs. */
  readonly subnets: readonly [ISubnet, ISubnet];

  constructor(scope: Construct, id: string, { existing }: NetworkProps = {}) {
    super(scope, id);
    this.vpc = existing === undefined ? newVpc(this) : Vpc.fromLookup(this, 'Vpc', { vpcId: existing });
    this.prefixes = [this.vpc.vpcCidrBlock];
    this.subnets = twoZones(this.vpc);
  }
}

/** The account's VPC is the user's: its default group, its logs and its subnets stay as they are. */
function newVpc(scope: Construct): IVpc {
  const vpc = new Vpc(scope, 'Vpc', {
    ipAddresses: IpAddresses.cidr(VPC_PREFIX),
    maxAzs: ZONES,
    natGateways: 0,
    restrictDefaultSecurityGroup: true,
    subnetConfiguration: [
      {
        name: 'Public',
        subnetType: SubnetType.PUBLIC,
        cidrMask: SUBNET_LENGTH,
        // What wants a public address asks for it.
        mapPublicIpOnLaunch: false,
      },
    ],
  });
  Validations.of(vpc).acknowledge({
    id: 'AwsSolutions-VPC7',
    reason:
      'All traffic of all sites passes here, so that a flow log by the gigabyte would cost more than the hubs; they count what they refuse, by reason, and an operator can switch a flow log on for as long as it is needed.',
  });
  // The CDK declares its own class a little wider than its interface: an optional id that may be undefined.
  return vpc as IVpc;
}

function twoZones({ publicSubnets, vpcId }: IVpc): readonly [ISubnet, ISubnet] {
  const [first, ...others] = publicSubnets;
  const second = others.find((subnet) => isOtherZone(subnet, first));
  if (first === undefined || second === undefined)
    throw new SettingsError(
      `The VPC ${vpcId} has no public subnets in two zones (subnets with a route to an internet gateway): hubs need them.`,
    );
  return [first, second];
}

/** The zones of a new VPC are known at deployment only, and are made two different ones. */
function isOtherZone(subnet: ISubnet, first: ISubnet | undefined): boolean {
  return Token.isUnresolved(subnet.availabilityZone) || subnet.availabilityZone !== first?.availabilityZone;
}
