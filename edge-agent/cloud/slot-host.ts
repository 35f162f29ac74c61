/**
 * The host's side of taking a slot: reads devices and routes, and runs one command a step. It decides nothing: that is
 * `plan/slot.ts`.
 */
import { z } from 'zod';
import type { Run } from '../apply/command.ts';
import type { SlotDevice, SlotRoute, SlotStep } from '../plan/slot.ts';

const DEFAULT = '0.0.0.0/0';

const Links = z.array(
  z.object({
    ifname: z.string(),
    address: z.string().default(''),
    flags: z.array(z.string()).default([]),
    addr_info: z
      .array(z.object({ family: z.string(), local: z.string().optional(), prefixlen: z.int() }))
      .default([]),
  }),
);
const Routes = z.array(
  z.object({
    type: z.string().optional(),
    dst: z.string(),
    dev: z.string().optional(),
    gateway: z.string().optional(),
    prefsrc: z.string().optional(),
    metric: z.int().default(0),
  }),
);

export interface HostView {
  readonly devices: readonly SlotDevice[];
  readonly routes: readonly SlotRoute[];
  readonly reversePath: Readonly<Record<string, string>>;
}

export async function observeSlotHost(run: Run): Promise<HostView> {
  const devices = parseDevices(await said(run, 'ip', ['-j', '-4', 'addr', 'show']), await links(run));
  const routes = parseSlotRoutes(await said(run, 'ip', ['-j', '-4', 'route', 'show', 'table', 'main']));
  const filters = await Promise.all(devices.map(({ name }) => reversePathOf(run, name)));
  return { devices, routes, reversePath: Object.fromEntries(filters) };
}

/** `ip -4 addr show` leaves out devices without an address, and a new interface has none. */
async function links(run: Run): Promise<string> {
  return said(run, 'ip', ['-j', 'link', 'show']);
}

async function reversePathOf(run: Run, device: string): Promise<[string, string]> {
  const read = await run('sysctl', ['-n', `net.ipv4.conf.${device}.rp_filter`]);
  return [device, read.kind === 'exited' && read.code === 0 ? read.stdout.trim() : ''];
}

/** Of `ip -j -4 addr show` and `ip -j link show`. */
function parseDevices(addresses: string, links: string): SlotDevice[] {
  const withAddress = new Map(Links.parse(JSON.parse(addresses || '[]')).map((link) => [link.ifname, link]));
  return Links.parse(JSON.parse(links)).map(({ ifname, address, flags }) => ({
    name: ifname,
    mac: address.toLowerCase(),
    link: flags.includes('UP') ? 'up' : 'down',
    addresses: (withAddress.get(ifname)?.addr_info ?? []).flatMap(({ local, prefixlen }) =>
      local === undefined ? [] : [`${local}/${prefixlen}`],
    ),
  }));
}

/** Of `ip -j -4 route show table main`. */
function parseSlotRoutes(json: string): SlotRoute[] {
  return Routes.parse(JSON.parse(json || '[]')).flatMap(({ type, dst, dev, gateway, prefsrc, metric }) => {
    if (dev === undefined || (type !== undefined && type !== 'unicast')) return [];
    const prefix = dst === 'default' ? DEFAULT : dst.includes('/') ? dst : `${dst}/32`;
    return [{ prefix, device: dev, gateway, source: prefsrc, metric }];
  });
}

/** Steps on the host; those on the account are somebody else's. */
export type HostStep = Extract<
  SlotStep,
  { kind: 'raise' | 'addAddress' | 'loosenReversePath' | 'addRoute' | 'yieldRoute' }
>;

export async function applyHostStep(run: Run, step: HostStep): Promise<void> {
  for (const [program, ...args] of commandsOf(step)) await said(run, program, args);
}

function commandsOf(step: HostStep): readonly (readonly [string, ...string[]])[] {
  switch (step.kind) {
    case 'raise':
      return [['ip', 'link', 'set', 'dev', step.device, 'up']];
    // Its route is set by a step of its own: the kernel's would have no metric.
    case 'addAddress':
      return [['ip', 'addr', 'replace', step.address, 'dev', step.device, 'noprefixroute']];
    case 'loosenReversePath':
      return [['sysctl', '-qw', `net.ipv4.conf.${step.device}.rp_filter=2`]];
    case 'addRoute':
      return [['ip', 'route', 'replace', ...words(step.route, step.route.metric)]];
    case 'yieldRoute':
      return [
        ['ip', 'route', 'replace', ...words(step.route, step.metric)],
        ['ip', 'route', 'del', ...words(step.route, step.route.metric)],
      ];
  }
}

function words({ prefix, device, gateway, source }: SlotRoute, metric: number): string[] {
  return [
    prefix,
    ...(gateway === undefined ? [] : ['via', gateway]),
    ...['dev', device],
    ...(source === undefined ? [] : ['src', source]),
    ...['metric', String(metric)],
  ];
}

async function said(run: Run, program: string, args: readonly string[]): Promise<string> {
  const result = await run(program, args);
  if (result.kind === 'not_run') throw new Error(`${program}: ${result.message}`);
  if (result.code !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr.trim()}`);
  return result.stdout;
}
