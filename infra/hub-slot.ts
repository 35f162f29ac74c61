/**
 * A hub's slot: what outlives the instance that fills it, so that a replaced hub changes no edge's document. Network interface, Elastic
 * IP, WireGuard key and queue are made once; the instance takes them by the role that is made for this slot alone.
 */
import { Aws, Duration, Tags, Validations } from 'aws-cdk-lib';
import {
  CfnEIP,
  CfnEIPAssociation,
  CfnNetworkInterface,
  type ISubnet,
  Peer,
  Port,
  SecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IService } from 'aws-cdk-lib/aws-servicediscovery';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { HubInstance } from './hub-instance.ts';
import { hubRole } from './hub-role.ts';
import { hubUserData } from './hub-user-data.ts';
import type { Network } from './network.ts';
import { emptySecret } from './secret.ts';

export type HubName = 'hub-a' | 'hub-b';

/** Of WireGuard, to which edges send. */
const HUB_PORT = 51820;
/** The links between hubs, one port a hub; see `edge-agent/plan/twins.ts`. */
const TWIN_PORTS = { first: HUB_PORT + 1, last: HUB_PORT + 9 };
const HTTPS_PORT = 443;
const MESSAGES_KEPT_HOURS = 1;
const POLL_SECONDS = 20;
const VISIBILITY_SECONDS = 30;

export interface HubSlotProps {
  readonly name: HubName;
  readonly network: Network;
  readonly subnet: ISubnet;
  /** The table that says who owns the VPC's routes. */
  readonly table: { readonly arn: string };
  readonly apiUrl: string;
  readonly service: IService;
}

export class HubSlot extends Construct {
  readonly name: HubName;
  /** Empty until the bootstrap function makes a key in it. */
  readonly secret: Secret;
  readonly queue: Queue;
  readonly securityGroup: SecurityGroup;
  readonly networkInterfaceId: string;
  readonly privateAddress: string;
  readonly publicAddress: string;
  /** `ADDRESS:PORT`, in the edges' documents. */
  readonly endpoint: string;
  readonly roleName: string;
  /** Entry of Cloud Map. */
  readonly discovery: { readonly service: string; readonly instance: string };
  readonly instance: HubInstance;

  constructor(scope: Construct, id: string, props: HubSlotProps) {
    super(scope, id);
    const { name, network, subnet, service } = props;
    this.name = name;
    this.securityGroup = slotGroup(this, props);
    const slot = this.makeInterface(props);
    this.networkInterfaceId = slot.ref;
    this.privateAddress = slot.attrPrimaryPrivateIpAddress;
    const address = this.makeAddress(subnet);
    this.publicAddress = address.ref;
    this.endpoint = `${this.publicAddress}:${HUB_PORT}`;
    this.secret = keySecret(this, name);
    this.queue = hintQueue(this);
    this.discovery = { service: service.serviceId, instance: name };
    const role = hubRole(this, {
      name,
      vpcId: network.vpc.vpcId,
      networkInterfaceId: this.networkInterfaceId,
      secretArn: this.secret.secretArn,
      queueArn: this.queue.queueArn,
      tableArn: props.table.arn,
      serviceArn: service.serviceArn,
    });
    this.roleName = role.roleName;
    this.instance = new HubInstance(this, 'Instance', {
      name,
      vpc: network.vpc,
      subnet,
      role,
      networkInterfaceId: this.networkInterfaceId,
      userData: hubUserData({
        hub: name,
        region: Aws.REGION,
        interface: this.networkInterfaceId,
        secret: this.secret.secretArn,
        controlPlane: props.apiUrl,
      }),
    });
    // Without these it would find neither what it may do nor the way to the internet.
    this.instance.group.node.addDependency(role, subnet.internetConnectivityEstablished);
  }

  /** Lets the twin's link in. Its packets come by the internet, so their source is the twin's public address. */
  admitTwin(twin: HubSlot): void {
    this.securityGroup.addIngressRule(
      Peer.ipv4(`${twin.publicAddress}/32`),
      Port.udpRange(TWIN_PORTS.first, TWIN_PORTS.last),
      `link of ${twin.name}`,
    );
  }

  /** The check of source and destination is off, because what passes is neither from nor for the hub. */
  private makeInterface({ name, subnet }: HubSlotProps): CfnNetworkInterface {
    const slot = new CfnNetworkInterface(this, 'Interface', {
      description: `Isthmus: slot of ${name}`,
      subnetId: subnet.subnetId,
      groupSet: [this.securityGroup.securityGroupId],
      sourceDestCheck: false,
    });
    Tags.of(slot).add('Name', `isthmus ${name}`);
    return slot;
  }

  private makeAddress(subnet: ISubnet): CfnEIP {
    const address = new CfnEIP(this, 'Address', { domain: 'vpc' });
    Tags.of(address).add('Name', `isthmus ${this.name}`);
    address.node.addDependency(subnet.internetConnectivityEstablished);
    new CfnEIPAssociation(this, 'AddressOfInterface', {
      allocationId: address.attrAllocationId,
      networkInterfaceId: this.networkInterfaceId,
    });
    return address;
  }
}

/**
 * Security groups judge what is forwarded as well, by the address it comes from, and don't tell it from what is for the hub. So the
 * VPC's hosts may send anything to this interface. On the hub itself only WireGuard and HAProxy listen; a host of the VPC that speaks to
 * the ingress' listener can claim another client's address, and gets nothing there that is not public by HTTPS too.
 */
function slotGroup(scope: Construct, { name, network }: HubSlotProps): SecurityGroup {
  const group = new SecurityGroup(scope, 'Traffic', {
    vpc: network.vpc,
    description: `Isthmus: slot of ${name}`,
    disableInlineRules: true,
  });
  group.addIngressRule(Peer.anyIpv4(), Port.udp(HUB_PORT), 'WireGuard: edges are anywhere');
  group.addIngressRule(Peer.anyIpv4(), Port.tcp(HTTPS_PORT), 'HTTPS routes and cluster APIs');
  for (const prefix of network.prefixes)
    group.addIngressRule(Peer.ipv4(prefix), Port.allTraffic(), 'from the VPC to the sites');
  Validations.of(group).acknowledge({
    id: 'AwsSolutions-EC23',
    reason:
      'A hub is what the internet meets: WireGuard answers nobody without a known key, and HTTPS routes are public by purpose. The other rules name the VPC and the twin, whose addresses are known at deployment only, so that the check takes them for everybody.',
  });
  return group;
}

function keySecret(scope: Construct, hub: HubName): Secret {
  const secret = emptySecret(scope, 'Key', `WireGuard key of Isthmus' ${hub}`);
  Validations.of(secret).acknowledge({
    id: 'AwsSolutions-SMG4',
    reason:
      'Edges know the hub by this key; a new one at an arbitrary hour would cut off all of them until each has fetched its document.',
  });
  return secret;
}

/** A message says that a document changed. Hubs look by themselves now and then, so one that is late is worth nothing. */
function hintQueue(scope: Construct): Queue {
  const queue = new Queue(scope, 'Queue', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.hours(MESSAGES_KEPT_HOURS),
    receiveMessageWaitTime: Duration.seconds(POLL_SECONDS),
    visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
  });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason:
      'Messages are hints: the hub deletes what it receives, and what is lost is found at its next look at its document. There is nothing to keep of one that failed.',
  });
  return queue;
}
