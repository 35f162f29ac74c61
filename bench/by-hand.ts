/**
 * The bare limit that the tunnel is compared with: the same WireGuard between the same hosts, set up with `wg` and `ip`
 * alone, without translation, filters, names or an agent.
 */
import type { Lab } from '../local/lab.ts';
import type { Host } from '../local/lab-host.ts';
import { type RaisedStage, raiseStage } from '../local/lab-topology.ts';

const PORT = 51820;
const READY_ROUNDS_MAX = 100;
const READY_ROUND_MS = 100;

interface Keys {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Two sites and a hub joined by hand. Their LANs lie in the virtual pools, so that LAN hosts have a route already. */
export async function joinByHand(lab: Lab, wireguardGo: string): Promise<RaisedStage> {
  const stage = await raiseStage(lab, {
    hubs: 1,
    sites: [
      { name: 'left', lan: '100.65.0.0/24' },
      { name: 'right', lan: '100.65.1.0/24' },
    ],
  });
  const [hub] = stage.hubs;
  const [left, right] = stage.sites;
  if (hub === undefined || left === undefined || right === undefined)
    throw new Error('the stage is not whole');
  const [hubKeys, leftKeys, rightKeys] = [
    await makeKeys(hub.host),
    await makeKeys(hub.host),
    await makeKeys(hub.host),
  ];
  await Promise.all([
    raiseTunnel(hub.host, wireguardGo, hubKeys),
    raiseTunnel(left.edge, wireguardGo, leftKeys),
    raiseTunnel(right.edge, wireguardGo, rightKeys),
  ]);
  const peer = (keys: Keys, prefixes: string) => ['peer', keys.publicKey, 'allowed-ips', prefixes];
  await hub.host.check([
    ...['wg', 'set', 'wg0', 'listen-port', `${PORT}`],
    ...peer(leftKeys, left.lan),
    ...peer(rightKeys, right.lan),
  ]);
  await hub.host.ip(`route add ${left.lan} dev wg0`, `route add ${right.lan} dev wg0`);
  for (const [site, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const dial = ['endpoint', `${hub.address}:${PORT}`, 'persistent-keepalive', '25'];
    await site.edge.check(['wg', 'set', 'wg0', ...peer(hubKeys, other.lan), ...dial]);
    await site.edge.ip(`route add ${other.lan} dev wg0`);
  }
  return stage;
}

async function makeKeys(host: Host): Promise<Keys> {
  const privateKey = (await host.check(['wg', 'genkey'])).trim();
  const publicKey = (await host.check(['wg', 'pubkey'], { input: `${privateKey}\n` })).trim();
  return { privateKey, publicKey };
}

async function raiseTunnel(host: Host, wireguardGo: string, keys: Keys): Promise<void> {
  // As the agents do: the kernel's WireGuard where there is one.
  const isInKernel = (await host.run(['ip', 'link', 'add', 'wg0', 'type', 'wireguard'])).code === 0;
  if (!isInKernel)
    host.spawn([wireguardGo, '-f', 'wg0'], { env: { LOG_LEVEL: 'error', WG_PROCESS_FOREGROUND: '1' } });
  for (let round = 0; (await host.run(['wg', 'show', 'wg0'])).code !== 0; round += 1) {
    if (round > READY_ROUNDS_MAX) throw new Error(`no WireGuard interface on ${host.name}`);
    await new Promise((resolve) => setTimeout(resolve, READY_ROUND_MS));
  }
  await host.check(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  await host.write('/run/wg0.key', `${keys.privateKey}\n`);
  await host.check(['wg', 'set', 'wg0', 'private-key', '/run/wg0.key']);
  await host.ip('link set wg0 mtu 1420 up');
}
