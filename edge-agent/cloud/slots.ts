/**
 * The account's side of taking a slot: a network interface and a secret, by the SDK. It decides nothing, and never
 * makes or deletes an interface: slots are made once, by the deployment.
 */
import {
  AttachNetworkInterfaceCommand,
  DescribeNetworkInterfacesCommand,
  DetachNetworkInterfaceCommand,
  EC2Client,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { limited } from '../../vpc/limits.ts';
import type { SlotInterface } from '../plan/slot.ts';
import type { Slots } from './cloud.ts';

const CONNECT_MS = 2_000;
const REQUEST_MS = 10_000;
const ATTEMPTS_MAX = 3;
/** The instance's own interface is device 0. */
const DEVICE_INDEX = 1;

const STATES = ['attaching', 'attached', 'detaching'] as const;

export function connectSlots(region: string): Slots {
  const options = {
    region,
    maxAttempts: ATTEMPTS_MAX,
    ...limited({ connectMs: CONNECT_MS, requestMs: REQUEST_MS }),
  };
  const ec2 = new EC2Client(options);
  const secrets = new SecretsManagerClient(options);
  return {
    find: async (id) => {
      const { NetworkInterfaces: found = [] } = await ec2.send(
        new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }),
      );
      const [slot] = found;
      if (slot === undefined) throw new Error(`There is no network interface ${id}.`);
      return viewOf(id, slot);
    },
    attach: async (NetworkInterfaceId, InstanceId) => {
      const order = { NetworkInterfaceId, InstanceId, DeviceIndex: DEVICE_INDEX };
      await ec2.send(new AttachNetworkInterfaceCommand(order));
    },
    detach: async (AttachmentId, Force) => {
      await ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId, Force }));
    },
    secret: async (id) => {
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: id }));
      if (SecretString === undefined) throw new Error(`The secret ${id} holds no text.`);
      return SecretString;
    },
  };
}

function viewOf(id: string, slot: NetworkInterface): SlotInterface {
  const { MacAddress = '', PrivateIpAddress = '', Attachment } = slot;
  const state = STATES.find((known) => known === Attachment?.Status);
  const attachment =
    Attachment?.AttachmentId === undefined || state === undefined
      ? undefined
      : { id: Attachment.AttachmentId, instance: Attachment.InstanceId, state };
  return { id, mac: MacAddress.toLowerCase(), address: PrivateIpAddress, attachment };
}
