/**
 * The hubs of the deployment: two slots in two zones, joined to each other, with the prefix list that native routes of the VPC go by, and
 * the entries by which the ingress finds them. Which hub owns the routes is decided at run time, not here.
 */
import { Stack } from 'aws-cdk-lib';
import { CfnPrefixList } from 'aws-cdk-lib/aws-ec2';
import { HttpNamespace, type Service } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct, type IConstruct } from 'constructs';
import { INGRESS_PORT } from '../protocol/ingress.ts';
import { HubSlot, type HubSlotProps } from './hub-slot.ts';
import type { Network } from './network.ts';

/**
 * A route that names the list counts as this many, used or not, and a route table takes 50 unless AWS raised that. Who has more native
 * prefixes raises both.
 */
const NATIVE_PREFIXES_MAX = 20;

export interface HubGroupProps extends Pick<HubSlotProps, 'network' | 'table' | 'apiUrl'> {
  readonly network: Network;
}

export class HubGroup extends Construct {
  readonly slots: readonly [HubSlot, HubSlot];
  /** Native prefixes of other sites; kept by the scheduled function, tagged as ours. */
  readonly prefixListId: string;
  /** Of Cloud Map: the hubs that take the ingress' requests. */
  readonly service: Service;

  constructor(scope: Construct, id: string, props: HubGroupProps) {
    super(scope, id);
    this.service = discoverable(this);
    const [first, second] = props.network.subnets;
    const all = { ...props, service: this.service };
    const a = new HubSlot(this, 'A', { ...all, name: 'hub-a', subnet: first });
    const b = new HubSlot(this, 'B', { ...all, name: 'hub-b', subnet: second });
    a.admitTwin(b);
    b.admitTwin(a);
    // One after the other, also when they are replaced.
    b.instance.group.node.addDependency(a.instance.group);
    this.slots = [a, b];
    for (const slot of this.slots) this.register(slot);
    this.prefixListId = nativePrefixes(this).attrPrefixListId;
  }

  /** The instances start only when this is there. */
  startAfter(...constructs: readonly IConstruct[]): void {
    for (const { instance } of this.slots) instance.group.node.addDependency(...constructs);
  }

  private register({ name, privateAddress }: HubSlot): void {
    this.service.registerIpInstance(name, { instanceId: name, ipv4: privateAddress, port: INGRESS_PORT });
  }
}

/** Health is what the hub that owns the routes says of itself and the others: AWS has no way to ask a hub. */
function discoverable(scope: Construct): Service {
  const namespace = new HttpNamespace(scope, 'Namespace', {
    name: `${Stack.of(scope).stackName}-hubs`,
    description: 'Isthmus: hubs',
  });
  return namespace.createService('Gateway', {
    name: 'gateway',
    description: 'Isthmus: listeners of the hubs for the ingress',
    customHealthCheck: { failureThreshold: 1 },
  });
}

/** It starts empty; what is in it is not the template's. */
function nativePrefixes(scope: Construct): CfnPrefixList {
  return new CfnPrefixList(scope, 'NativePrefixes', {
    addressFamily: 'IPv4',
    maxEntries: NATIVE_PREFIXES_MAX,
    prefixListName: `${Stack.of(scope).stackName}-native-prefixes`,
    tags: [{ key: 'isthmus:kept', value: 'native prefixes of sites' }],
  });
}
