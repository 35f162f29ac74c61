/**
 * The instance that fills a slot: cattle, one at most, made anew by its group whenever it is gone. It has no address that
 * anybody knows, no key that anybody holds, and its first interface lets nobody in.
 */
import { Duration, Tags, Validations } from 'aws-cdk-lib';
import { AutoScalingGroup, HealthChecks, UpdatePolicy } from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  CpuCredits,
  EbsDeviceVolumeType,
  InstanceType,
  type ISubnet,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MachineImage,
  OperatingSystemType,
  SecurityGroup,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { SLOT_TAG } from './hub-role.ts';

/** Debian's own publication of its current image; it is read at deployment, which so brings the newest. */
const IMAGE_PARAMETER = '/aws/service/debian/release/12/latest/arm64';
/**
 * 1 GiB: agent, HAProxy, SSM agent and system need nearly all of the half that t4g.nano has, and the installer's package
 * manager more. About USD 6 a month.
 */
const INSTANCE_TYPE = 't4g.micro';
const DISK_GB = 8;
const ROOT_DEVICE = '/dev/xvda';
/** A hub is back within this time, so that the other one is replaced only then. */
const REPLACED_MINUTES = 6;
const GRACE_MINUTES = 5;

export interface HubInstanceProps {
  readonly name: string;
  readonly vpc: IVpc;
  /** The zone is the slot's: an interface can't leave it. */
  readonly subnet: ISubnet;
  readonly role: Role;
  readonly userData: string;
  readonly networkInterfaceId: string;
}

export class HubInstance extends Construct {
  readonly group: AutoScalingGroup;

  constructor(scope: Construct, id: string, props: HubInstanceProps) {
    super(scope, id);
    this.group = new AutoScalingGroup(this, 'Group', {
      vpc: props.vpc,
      vpcSubnets: { subnets: [props.subnet] },
      launchTemplate: this.template(props),
      minCapacity: 1,
      maxCapacity: 1,
      healthChecks: HealthChecks.ec2({ gracePeriod: Duration.minutes(GRACE_MINUTES) }),
      // Two instances of one slot would take the interface from each other.
      updatePolicy: UpdatePolicy.rollingUpdate({
        maxBatchSize: 1,
        minInstancesInService: 0,
        pauseTime: Duration.minutes(REPLACED_MINUTES),
      }),
    });
    Tags.of(this).add('Name', `isthmus ${props.name}`);
    Tags.of(this.group).add(SLOT_TAG, props.networkInterfaceId);
    Validations.of(this.group).acknowledge({
      id: 'AwsSolutions-AS3',
      reason:
        'The group never scales; it replaces one instance. That a hub is away is told by the alarm on its queue.',
    });
  }

  private template({ vpc, role, userData }: HubInstanceProps): LaunchTemplate {
    const text = UserData.custom(userData);
    return new LaunchTemplate(this, 'Template', {
      instanceType: new InstanceType(INSTANCE_TYPE),
      machineImage: MachineImage.fromSsmParameter(IMAGE_PARAMETER, {
        os: OperatingSystemType.LINUX,
        userData: text,
      }),
      userData: text,
      role,
      securityGroup: this.closedGroup(vpc),
      // The slot's address comes later: until then the instance needs one to reach the account's API and packages.
      associatePublicIpAddress: true,
      requireImdsv2: true,
      httpEndpoint: true,
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      // A container on the hub would be one hop further: it gets no credentials.
      httpPutResponseHopLimit: 1,
      // A hub that is slowed down when its credits are spent looks dead to its twin; beyond them an hour of processor is USD 0.04.
      cpuCredits: CpuCredits.UNLIMITED,
      blockDevices: [
        {
          deviceName: ROOT_DEVICE,
          volume: BlockDeviceVolume.ebs(DISK_GB, {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
            deleteOnTermination: true,
          }),
        },
      ],
    });
  }

  private closedGroup(vpc: IVpc): SecurityGroup {
    return new SecurityGroup(this, 'FirstInterface', {
      vpc,
      description: 'Isthmus: first interface of a hub; nobody comes in by it',
      disableInlineRules: true,
    });
  }
}
