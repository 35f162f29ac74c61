/**
 * Taking a slot by the real clients against moto, and by the real `ip` on a lab host: the interface is attached, the host
 * leaves by it, the key is there; an instance that follows takes it over. moto attaches and detaches at once and frees
 * nothing at a terminate, so waiting for the one before is tested against the fake (edge-agent/take-slot).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Run, run } from '../../edge-agent/apply/command.ts';
import { generatePrivateKey, publicKeyOf } from '../../edge-agent/apply/keys.ts';
import type { Slots } from '../../edge-agent/cloud/cloud.ts';
import { openMetadata } from '../../edge-agent/cloud/metadata.ts';
import { loadCloud } from '../../edge-agent/open-cloud.ts';
import { pathsUnder } from '../../edge-agent/settings.ts';
import type { SlotFile, TakenSlot } from '../../edge-agent/slot-file.ts';
import { takeSlot } from '../../edge-agent/take-slot.ts';
import { type Host, startHost } from '../../local/lab-host.ts';
import { type FakeImds, startImds } from '../fakes/imds.ts';
import { type Moto, startMoto } from '../fixtures/moto/start.ts';

const REGION = 'eu-central-1';
const SUBNET = '10.0.1.0/24';
const ADDRESS = '10.0.1.10';
const SECRET = 'isthmus/hub-a';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

let moto: Moto;
let ec2: EC2Client;
let file: SlotFile;
let instances: string[];
const privateKey = generatePrivateKey();
const hosts: Host[] = [];
const directories: string[] = [];
const metadata: FakeImds[] = [];

beforeAll(async () => {
  moto = await startMoto();
  vi.stubEnv('AWS_ENDPOINT_URL', moto.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
  const settings = { region: REGION, endpoint: moto.url, credentials: CREDENTIALS };
  ec2 = new EC2Client(settings);
  const subnet = await makeSubnet();
  instances = await runInstances(subnet);
  const secrets = new SecretsManagerClient(settings);
  const SecretString = JSON.stringify({ privateKey, publicKey: publicKeyOf(privateKey) });
  await secrets.send(new CreateSecretCommand({ Name: SECRET, SecretString }));
  secrets.destroy();
  const made = await ec2.send(
    new CreateNetworkInterfaceCommand({ SubnetId: subnet, PrivateIpAddress: ADDRESS }),
  );
  const id = made.NetworkInterface?.NetworkInterfaceId ?? '';
  file = { hub: 'hub-a', region: REGION, interface: id, secret: SECRET, controlPlane: 'https://api.example' };
});

afterAll(async () => {
  vi.unstubAllEnvs();
  ec2?.destroy();
  for (const host of hosts) await host.destroy();
  for (const directory of directories) rmSync(directory, { recursive: true });
  for (const imds of metadata) await imds.close();
  await moto?.close();
});

async function makeSubnet(): Promise<string> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const order = { VpcId: Vpc?.VpcId, CidrBlock: SUBNET };
  const { Subnet } = await ec2.send(new CreateSubnetCommand(order));
  return Subnet?.SubnetId ?? '';
}

async function runInstances(SubnetId: string): Promise<string[]> {
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ MaxResults: 5 }));
  const order = { ImageId: Images[0]?.ImageId, SubnetId, MinCount: 2, MaxCount: 2 };
  const { Instances = [] } = await ec2.send(new RunInstancesCommand(order));
  return Instances.map(({ InstanceId = '' }) => InstanceId);
}

async function attachment() {
  const order = new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [file.interface] });
  const { NetworkInterfaces: [found] = [] } = await ec2.send(order);
  return found?.Attachment;
}

interface Instance {
  readonly host: Host;
  readonly directory: string;
  readonly said: string[];
  take(slot?: SlotFile): Promise<TakenSlot>;
}

/** A host with a primary interface as DHCP sets one up, where an interface that is attached becomes a device. */
async function startInstance(id: string): Promise<Instance> {
  const host = await startHost('instance');
  hosts.push(host);
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-slot-'));
  directories.push(directory);
  await host.ip(
    'link add ens5 type veth peer name fabric5',
    'link set fabric5 up',
    'link set ens5 up',
    'addr add 10.0.1.77/24 dev ens5',
    'route add default via 10.0.1.1 dev ens5',
  );
  const imds = await startImds(id);
  metadata.push(imds);
  const { openSlots } = await loadCloud();
  const slots = pluggedInto(host, await openSlots(REGION), imds.subnets);
  const inHost: Run = (program, args, options) =>
    run('nsenter', ['-t', String(host.pid), '-n', '-m', '--', program, ...args], options);
  const said: string[] = [];
  const pause = (milliseconds: number) =>
    new Promise<void>((resolve) => setTimeout(resolve, milliseconds / 100));
  let nowMs = 0;
  const ports = {
    slots,
    metadata: openMetadata(imds.endpoint),
    run: inHost,
    // A hundred times as fast, so that the waits for the instance before are short.
    pause: async (milliseconds: number) => {
      nowMs += milliseconds;
      await pause(milliseconds);
    },
    now: () => nowMs,
    log: (line: string) => said.push(line),
  };
  return { host, directory, said, take: (slot = file) => takeSlot(slot, pathsUnder(directory), ports) };
}

/** The account, with a cable: what it attaches turns up as a device of the host. */
function pluggedInto(host: Host, slots: Slots, subnets: Map<string, string>): Slots {
  return {
    ...slots,
    attach: async (interfaceId, instance) => {
      await slots.attach(interfaceId, instance);
      const { mac } = await slots.find(interfaceId);
      await host.ip(`link add ens6 address ${mac} type veth peer name fabric6`, 'link set fabric6 up');
      subnets.set(mac, SUBNET);
    },
  };
}

async function routeTo(host: Host, address: string): Promise<string> {
  return (await host.check(['ip', 'route', 'get', address])).trim();
}

test('an instance takes its slot; one that follows takes it over, with the same address and key', async () => {
  const first = await startInstance(instances[0] ?? '');
  expect(await first.take()).toMatchObject({ device: 'ens6', address: ADDRESS, subnet: SUBNET });
  expect(await attachment()).toMatchObject({ InstanceId: instances[0], DeviceIndex: 1, Status: 'attached' });
  for (const address of ['203.0.113.1', '10.0.1.200'])
    expect(await routeTo(first.host, address)).toMatch(/ dev ens6 src 10\.0\.1\.10 /);
  const filter = ['sysctl', '-n', 'net.ipv4.conf.ens6.rp_filter'];
  expect((await first.host.check(filter)).trim()).toBe('2');
  expect(readFileSync(pathsUnder(first.directory).wireguardKey, 'utf8').trim()).toBe(privateKey);

  const before = await first.host.check(['ip', 'route', 'show', 'table', 'main']);
  const said = first.said.length;
  await first.take();
  expect(await first.host.check(['ip', 'route', 'show', 'table', 'main'])).toBe(before);
  expect(first.said).toHaveLength(said);

  const second = await startInstance(instances[1] ?? '');
  expect(await second.take()).toMatchObject({ device: 'ens6', address: ADDRESS });
  expect(await attachment()).toMatchObject({ InstanceId: instances[1], Status: 'attached' });
  expect(second.said.join('\n')).toContain(`is attached to ${instances[0]}`);
  expect(readFileSync(pathsUnder(second.directory).wireguardKey, 'utf8').trim()).toBe(privateKey);
});

test('an interface that is not there is told with the reason of the account', async () => {
  const instance = await startInstance(instances[0] ?? '');
  const absent = { ...file, interface: 'eni-0123456789abcdef0' };
  await expect(instance.take(absent)).rejects.toThrow(/eni-0123456789abcdef0/);
});
