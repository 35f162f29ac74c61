/**
 * A lab: test hosts in namespaces, an "internet" bridge between them, and a cable from the machine itself, so that
 * a control plane on the machine is reachable for the hosts at `SUBNET.1`. Everything hangs on processes of
 * ours and ends with them. It knows hosts and cables, not what they are for: that is lab-topology.ts.
 */
import { check, execute } from './command.ts';
import { type Fault, renderFaults } from './lab-fault.ts';
import { type Host, startHost } from './lab-host.ts';
import { claimSubnet, type Subnet, sweepLabs } from './lab-subnet.ts';

const BRIDGE = 'br0';

/** One end of a cable. */
export interface End {
  readonly host: Host;
  readonly device: string;
}

export interface LabSettings {
  /** Shown in errors only. */
  readonly name: string;
  /** A certain documentation prefix instead of any free one. */
  readonly subnet?: Subnet;
}

export interface Lab {
  readonly name: string;
  /** First three numbers of the internet: `198.51.100`. */
  readonly subnet: Subnet;
  /** The machine as the hosts see it: `198.51.100.1`. */
  readonly machineAddress: string;
  /** Where nothing listens, and packets to elsewhere end: the default gateway of public hosts. */
  readonly gatewayAddress: string;
  /** The bridge that plays the internet. */
  readonly internet: Host;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Makes a host; its name is unique in the lab. */
  host(name: string): Promise<Host>;
  /** A cable between two hosts; both ends are up, without addresses. */
  link(a: End, b: End): Promise<void>;
  /** A switch in its own host, by name: plug hosts in with `plug`. */
  bridge(name: string): Promise<Host>;
  /** Plugs a host's device into a switch. */
  plug(host: Host, device: string, bridge: Host): Promise<void>;
  /** Plugs a host into the internet with this address and a default route. */
  publish(host: Host, device: string, address: string): Promise<void>;
  /** Makes something go wrong on the internet; the answer makes it end. */
  fault(fault: Fault): Promise<() => Promise<void>>;
  /** Removes a host and its cables. */
  remove(host: Host): Promise<void>;
  /** Removes everything. May be called again. */
  destroy(): Promise<void>;
}

/** Makes an empty lab: the internet and the machine's cable to it. Needs root. */
export async function createLab(settings: LabSettings): Promise<Lab> {
  const claim = await claimSubnet(settings.subnet);
  try {
    return await raiseLab(settings, claim);
  } catch (error) {
    await execute(['ip', 'link', 'del', claim.link]);
    await claim.release();
    throw error;
  }
}

type Claimed = Awaited<ReturnType<typeof claimSubnet>>;

async function raiseLab(settings: LabSettings, claim: Claimed): Promise<Lab> {
  const hosts = new Map<string, Host>();
  const host = async (name: string) => {
    if (hosts.has(name)) throw new Error(`The lab ${settings.name} has a host ${name} already.`);
    const made = await startHost(name);
    hosts.set(name, made);
    await claim.note(made.pid);
    return made;
  };
  const bridge = async (name: string) => {
    const made = await host(name);
    await made.ip(`link add ${BRIDGE} type bridge`, `link set ${BRIDGE} up`);
    return made;
  };
  const published: Published[] = [];
  const internet = await bridge('internet');
  const gatewayAddress = `${claim.subnet}.254`;
  await internet.ip(`addr add ${gatewayAddress}/24 dev ${BRIDGE}`);
  await plugMachine(internet, claim);
  const remove = async (gone: Host) => {
    await gone.destroy();
    hosts.delete(gone.name);
  };
  const plug = async (plugged: Host, device: string, into: Host) => {
    const port = `p-${plugged.name}`.slice(0, 15);
    await cable({ host: plugged, device }, { host: into, device: port });
    await into.ip(`link set ${port} master ${BRIDGE}`);
  };
  return {
    name: settings.name,
    subnet: claim.subnet,
    machineAddress: `${claim.subnet}.1`,
    gatewayAddress,
    internet,
    hosts,
    host,
    link: cable,
    bridge,
    plug,
    publish: async (host, device, address) => {
      await plug(host, device, internet);
      published.push({ host, device });
      await host.ip(`addr add ${address}/24 dev ${device}`, `route add default via ${gatewayAddress}`);
    },
    fault: faultsOf(internet, published),
    remove,
    destroy: async () => {
      await Promise.all([...hosts.values()].map(remove));
      // The kernel takes cables away some time after their namespace; ours must be gone before another lab comes.
      await execute(['ip', 'link', 'del', claim.link]);
      await claim.release();
    },
  };
}

async function cable(a: End, b: End): Promise<void> {
  await check([
    ...['ip', 'link', 'add', a.device, 'netns', `${a.host.pid}`, 'type', 'veth'],
    ...['peer', 'name', b.device, 'netns', `${b.host.pid}`],
  ]);
  await Promise.all([a, b].map(({ host, device }) => host.ip(`link set ${device} up`)));
}

async function plugMachine(internet: Host, claim: Claimed): Promise<void> {
  await check([
    ...['ip', 'link', 'add', claim.link, 'type', 'veth'],
    ...['peer', 'name', 'p-machine', 'netns', `${internet.pid}`],
  ]);
  await internet.ip('link set p-machine up', `link set p-machine master ${BRIDGE}`);
  await check(['ip', 'addr', 'add', `${claim.subnet}.1/24`, 'dev', claim.link]);
  await check(['ip', 'link', 'set', claim.link, 'up']);
}

interface Published {
  readonly host: Host;
  readonly device: string;
}

/** Faults are a set: each change loads the whole table again. */
function faultsOf(internet: Host, published: readonly Published[]): Lab['fault'] {
  const active = new Set<Fault>();
  const load = () => internet.nft(renderFaults([...active]));
  return async (fault) => {
    if ('blackHoleBytes' in fault.kind) await Promise.all(published.map(segment));
    active.add(fault);
    await load();
    return async () => {
      active.delete(fault);
      await load();
    };
  };
}

/** Between namespaces packets travel in bundles; a limit on their length is true only once they are sent one by one. */
async function segment({ host, device }: Published): Promise<void> {
  const off = ['tso', 'gso', 'gro', 'tx-udp-segmentation'].flatMap((feature) => [feature, 'off']);
  await host.check(['ethtool', '-K', device, ...off]);
}

if (import.meta.main) {
  if (process.argv[2] !== 'sweep') {
    console.error('Usage: node local/lab.ts sweep   removes what killed labs left');
    process.exit(2);
  }
  const swept = await sweepLabs();
  console.log(swept.length === 0 ? 'Nothing was left.' : `Removed: ${swept.join(', ')}`);
}
