/** Hubs of an estate as slots of an emulated cloud account: made by the API, enrolled by their instance roles. */
import { generatePrivateKey, publicKeyOf } from '../../edge-agent/apply/keys.ts';
import type { Host } from '../../local/lab-host.ts';
import type { RaisedHub } from '../../local/lab-topology.ts';
import { Hub } from '../../protocol/hub.ts';
import type { Account, AccountSlot } from './account.ts';
import type { ApiClient } from './api-client.ts';
import { eventually } from './eventually.ts';

const SLOT_FILE = '/etc/isthmus/slot.json';
const JOIN_MS_MAX = 30_000;

export interface SlotHubs {
  readonly api: ApiClient;
  readonly account: Account;
  readonly hubs: readonly RaisedHub[];
  readonly url: string;
  /** Makes a host ready for an agent and runs its enrolment with these flags, under this environment. */
  readonly enrol: (
    host: Host,
    flags: readonly string[],
    environment: AccountSlot['environment'],
  ) => Promise<void>;
}

/** Answers the network interfaces of the slots, in the order of the hubs. */
export async function joinSlots(settings: SlotHubs): Promise<string[]> {
  const made = await Promise.all(settings.hubs.map((hub, index) => makeSlotHub(settings, hub, index)));
  await Promise.all(settings.hubs.map((hub, index) => fillSlot(settings, hub, made[index])));
  await Promise.all(
    settings.hubs.map((_, index) =>
      eventually(async () => {
        const { status } = await settings.api.get(`/v1/hubs/hub${index + 1}`, Hub);
        if (status.applied === undefined) throw new Error(`hub${index + 1} has applied nothing yet`);
      }, JOIN_MS_MAX),
    ),
  );
  return made.map(({ slot }) => slot.slot.interface);
}

interface Made {
  readonly name: string;
  readonly slot: AccountSlot;
  readonly privateKey: string;
}

/** Before any instance is there: edges may know the hub already. */
async function makeSlotHub({ api, account }: SlotHubs, hub: RaisedHub, index: number): Promise<Made> {
  const name = `hub${index + 1}`;
  const privateKey = generatePrivateKey();
  const keys = { privateKey, publicKey: publicKeyOf(privateKey) };
  const slot = await account.slot(name, { address: hub.vpcAddress, keys });
  const spec = {
    endpoint: `${hub.address}:51820`,
    vpc: { tenant: 'demo', site: 'cloud' },
    slot: slot.slot,
  };
  await api.create('/v1/hubs', { metadata: { name }, spec }, Hub);
  return { name, slot, privateKey };
}

async function fillSlot(settings: SlotHubs, hub: RaisedHub, made: Made | undefined): Promise<void> {
  if (made === undefined) return;
  const { account, url } = settings;
  const facts = {
    hub: made.name,
    region: account.region,
    interface: made.slot.slot.interface,
    secret: made.slot.slot.secret,
    controlPlane: url,
  };
  await hub.host.write(SLOT_FILE, JSON.stringify(facts));
  // The lab's host has its interface already; taking a slot is another test's matter.
  await hub.host.write('/var/lib/isthmus/wireguard.key', `${made.privateKey}\n`);
  await hub.host.check(['chmod', '600', '/var/lib/isthmus/wireguard.key']);
  await settings.enrol(hub.host, ['--slot', SLOT_FILE, '--lan-device', hub.vpcDevice], made.slot.environment);
}
