/**
 * The usual stage in a lab: hubs on the internet, data centers behind their own NAT routers, and a VPC behind
 * the hubs. In a data center the router is .1, the edge is .2 (one network card, as most are installed), LAN hosts
 * begin at .10 and have a route for the virtual pools to the edge. It installs nothing of ours.
 */
import { check } from './command.ts';
import type { Lab } from './lab.ts';
import { type Nat, renderRouter } from './lab-fault.ts';
import type { Host } from './lab-host.ts';

const POOLS = '100.64.0.0/10';
const ECHO = new URL('./lab-echo.ts', import.meta.url).pathname;
const ECHO_READY_MS_MAX = 5_000;

export const VPC_LAN = '172.31.0.0/24';
export const ECHO_HTTP_PORT = 8080;
export const ECHO_UDP_PORT = 8081;

export interface SiteStage {
  readonly name: string;
  /** A /24: `10.0.0.0/24`. */
  readonly lan: string;
  /** 1 unless given. */
  readonly lanHosts?: number;
  /** false: LAN hosts have no route for the pools (for `lan: masquerade`). */
  readonly poolRoute?: boolean;
  readonly nat?: Nat;
}

export interface Stage {
  readonly hubs: number;
  readonly sites: readonly SiteStage[];
  readonly vpc?: boolean;
}

export interface RaisedSite {
  readonly name: string;
  readonly lan: string;
  readonly router: Host;
  /** The router's address on the internet: the source of faults. */
  readonly routerAddress: string;
  readonly edge: Host;
  readonly edgeAddress: string;
  /** Device of the edge's LAN. */
  readonly lanDevice: string;
  readonly lanHosts: readonly { readonly host: Host; readonly address: string }[];
  setNat(nat: Nat, udp?: 'open' | 'blocked'): Promise<void>;
}

export interface RaisedHub {
  readonly host: Host;
  /** Public address. */
  readonly address: string;
  /** Address and device in the VPC, if there is one. */
  readonly vpcAddress: string;
  readonly vpcDevice: string;
}

export interface RaisedStage {
  readonly hubs: readonly RaisedHub[];
  readonly sites: readonly RaisedSite[];
  readonly vpcHost: { readonly host: Host; readonly address: string } | undefined;
  /** Moves the VPC's route for the pools to another hub, as a route table would be moved. */
  routeVpcTo(hub: RaisedHub): Promise<void>;
}

/** Raises hosts, cables and addresses; an echo server runs on every LAN host and on the VPC's host. */
export async function raiseStage(lab: Lab, stage: Stage): Promise<RaisedStage> {
  const vpc = stage.vpc === true ? await lab.bridge('vpc') : undefined;
  const hubs = await Promise.all(Array.from({ length: stage.hubs }, (_, index) => raiseHub(lab, index, vpc)));
  const sites = await Promise.all(stage.sites.map((site, index) => raiseSite(lab, site, index)));
  const vpcHost = vpc === undefined ? undefined : await raiseVpcHost(lab, vpc, hubs[0]);
  return {
    hubs,
    sites,
    vpcHost,
    routeVpcTo: async (hub) => {
      await vpcHost?.host.ip(`route replace ${POOLS} via ${hub.vpcAddress}`);
    },
  };
}

async function raiseHub(lab: Lab, index: number, vpc: Host | undefined): Promise<RaisedHub> {
  const host = await lab.host(`hub${index + 1}`);
  const address = `${lab.subnet}.${10 + index}`;
  const vpcAddress = `172.31.0.${2 + index}`;
  await lab.publish(host, 'eth0', address);
  if (vpc !== undefined) {
    await lab.plug(host, 'eth1', vpc);
    await host.ip(`addr add ${vpcAddress}/24 dev eth1`);
  }
  await host.write('/etc/resolv.conf', `nameserver ${lab.gatewayAddress}\n`);
  return { host, address, vpcAddress, vpcDevice: 'eth1' };
}

async function raiseVpcHost(lab: Lab, vpc: Host, hub: RaisedHub | undefined) {
  const host = await lab.host('vpc-host');
  const gateway = hub?.vpcAddress ?? '172.31.0.2';
  await lab.plug(host, 'eth0', vpc);
  await host.ip('addr add 172.31.0.10/24 dev eth0', `route add ${POOLS} via ${gateway}`);
  await host.write('/etc/resolv.conf', `nameserver ${gateway}\n`);
  await startEcho(host, 'cloud');
  return { host, address: '172.31.0.10' };
}

async function raiseSite(lab: Lab, site: SiteStage, index: number): Promise<RaisedSite> {
  const base = site.lan.replace(/\.0\/24$/, '');
  const routerAddress = `${lab.subnet}.${101 + index}`;
  const lan = await lab.bridge(`${site.name}-lan`);
  const router = await lab.host(`${site.name}-nat`);
  await lab.publish(router, 'wan', routerAddress);
  await lab.plug(router, 'lan', lan);
  await router.ip(`addr add ${base}.1/24 dev lan`);
  await router.check(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  await router.nft(renderRouter(site.nat ?? 'masquerade'));
  const edge = await raiseLanHost(lab, lan, { name: `${site.name}-edge`, base, last: 2 });
  await edge.write('/etc/resolv.conf', `nameserver ${lab.gatewayAddress}\n`);
  const lanHosts = await Promise.all(
    Array.from({ length: site.lanHosts ?? 1 }, (_, at) => raiseServer(lab, lan, { site, at })),
  );
  return {
    name: site.name,
    lan: site.lan,
    router,
    routerAddress,
    edge,
    edgeAddress: `${base}.2`,
    lanDevice: 'eth0',
    lanHosts,
    setNat: (nat, udp) => router.nft(renderRouter(nat, udp)),
  };
}

async function raiseLanHost(lab: Lab, lan: Host, at: { name: string; base: string; last: number }) {
  const host = await lab.host(at.name);
  await lab.plug(host, 'eth0', lan);
  await host.ip(`addr add ${at.base}.${at.last}/24 dev eth0`, `route add default via ${at.base}.1`);
  return host;
}

async function raiseServer(lab: Lab, lan: Host, { site, at }: { site: SiteStage; at: number }) {
  const base = site.lan.replace(/\.0\/24$/, '');
  const host = await raiseLanHost(lab, lan, { name: `${site.name}-host${at + 1}`, base, last: 10 + at });
  if (site.poolRoute !== false) await host.ip(`route add ${POOLS} via ${base}.2`);
  await host.write('/etc/resolv.conf', `nameserver ${base}.2\n`);
  await startEcho(host, at === 0 ? site.name : `${site.name}-${at + 1}`);
  return { host, address: `${base}.${10 + at}` };
}

/** Starts the echo server; resolves when it listens. */
export async function startEcho(host: Host, name: string): Promise<void> {
  const server = host.spawn([process.execPath, ECHO, name, `${ECHO_HTTP_PORT}`, `${ECHO_UDP_PORT}`]);
  const until = Date.now() + ECHO_READY_MS_MAX;
  while (!server.output().includes('listening')) {
    if (Date.now() > until) throw new Error(`No echo server on ${host.name}: ${server.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Fails early, with a sentence, where namespaces can't be made. */
export async function assertLabPossible(): Promise<void> {
  await check(['unshare', '--net', 'true']).catch(() => {
    throw new Error('Test hosts need root and network namespaces: run this as root on Linux.');
  });
}
