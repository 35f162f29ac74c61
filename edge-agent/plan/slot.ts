/**
 * Taking a slot: from what the account and the host show to the steps that make the slot's network interface this host's
 * preferred way out. Replies must leave by the interface that has the public address, and forwarded packets by the one
 * whose source check is off. It does nothing itself; asked again after every step, it ends with no step.
 */
import { formatAddress, parsePrefix } from '../../protocol/address.ts';

/** The old instance is given that long to go by itself; then the interface is asked back, then taken. */
export const DETACH_AFTER_MS = 10_000;
export const FORCE_AFTER_MS = 30_000;

/** Lower than any that a DHCP client sets; a route without a metric gives way. */
export const SLOT_METRIC = 10;
/** A route that gives way keeps its order among its like. */
const YIELD_METRIC = 500;

const DEFAULT = '0.0.0.0/0';

export interface SlotDevice {
  readonly name: string;
  readonly mac: string;
  readonly link: 'up' | 'down';
  /** With host bits: `10.0.0.2/24`. */
  readonly addresses: readonly string[];
}

/** A route of the main table. */
export interface SlotRoute {
  readonly prefix: string;
  readonly device: string;
  readonly gateway?: string | undefined;
  readonly source?: string | undefined;
  readonly metric: number;
}

/** A slot's network interface as the account sees it. */
export interface SlotInterface {
  readonly id: string;
  /** Lower case. */
  readonly mac: string;
  readonly address: string;
  readonly attachment?:
    | {
        readonly id: string;
        readonly instance: string | undefined;
        readonly state: 'attaching' | 'attached' | 'detaching';
      }
    | undefined;
}

export interface SlotFacts {
  /** Id of this instance. */
  readonly instance: string;
  readonly interface: SlotInterface;
  /** Since the slot was first asked for. */
  readonly waitedMs: number;
  readonly devices: readonly SlotDevice[];
  /** CIDR that the interface lies in; absent until the instance knows it. */
  readonly subnet?: string | undefined;
  readonly routes: readonly SlotRoute[];
  /** `net.ipv4.conf.DEVICE.rp_filter`, by device. */
  readonly reversePath: Readonly<Record<string, string>>;
}

/** `wait`: nothing to do but to look again. `yieldRoute`: the same route again with `metric`, then the old one goes. */
export type SlotStep =
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'attach'; readonly interface: string; readonly instance: string }
  | { readonly kind: 'detach'; readonly attachment: string; readonly force: boolean }
  | { readonly kind: 'raise'; readonly device: string }
  | { readonly kind: 'addAddress'; readonly device: string; readonly address: string }
  | { readonly kind: 'loosenReversePath'; readonly device: string }
  | { readonly kind: 'addRoute'; readonly route: SlotRoute }
  | { readonly kind: 'yieldRoute'; readonly route: SlotRoute; readonly metric: number };

/** No step: the slot is taken and the host is set up. */
export function slotSteps(facts: SlotFacts): SlotStep[] {
  const attaching = attachmentSteps(facts);
  if (attaching.length > 0) return attaching;
  const device = slotDevice(facts);
  if (device === undefined) return [wait(`the device ${facts.interface.mac} is not there yet`)];
  if (facts.subnet === undefined) return [wait("the instance does not know the interface's subnet yet")];
  return hostSteps(facts, device, facts.subnet);
}

export function slotDevice({ devices, interface: slot }: SlotFacts): SlotDevice | undefined {
  return devices.find(({ mac }) => mac === slot.mac);
}

function attachmentSteps({ instance, interface: slot, waitedMs }: SlotFacts): SlotStep[] {
  const { attachment } = slot;
  if (attachment === undefined) return [{ kind: 'attach', interface: slot.id, instance }];
  const { id, state } = attachment;
  if (attachment.instance === instance)
    return state === 'attached' ? [] : [wait(`${slot.id} is ${state} to this instance`)];
  if (waitedMs >= FORCE_AFTER_MS) return [{ kind: 'detach', attachment: id, force: true }];
  if (waitedMs >= DETACH_AFTER_MS && state === 'attached')
    return [{ kind: 'detach', attachment: id, force: false }];
  return [wait(`${slot.id} is ${state} to ${attachment.instance ?? 'another service'}`)];
}

/** What is better is there before what is worse goes, so that there is a way out at any moment. */
function hostSteps(facts: SlotFacts, device: SlotDevice, subnet: string): SlotStep[] {
  const { name } = device;
  const { address } = facts.interface;
  const { base, length } = parsePrefix(subnet);
  const own = `${address}/${length}`;
  const wanted: SlotRoute[] = [
    { prefix: subnet, device: name, source: address, metric: SLOT_METRIC },
    // A VPC's router has the first address of every subnet.
    { prefix: DEFAULT, device: name, gateway: formatAddress(base + 1), source: address, metric: SLOT_METRIC },
  ];
  return [
    ...(device.link === 'up' ? [] : [{ kind: 'raise', device: name } as const]),
    ...(device.addresses.includes(own) ? [] : [{ kind: 'addAddress', device: name, address: own } as const]),
    ...(facts.reversePath[name] === '2' ? [] : [{ kind: 'loosenReversePath', device: name } as const]),
    ...wanted
      .filter((route) => !facts.routes.some((present) => isSameRoute(present, route)))
      .map((route) => ({ kind: 'addRoute', route }) as const),
    ...facts.routes
      .filter((route) => route.device !== name && route.metric <= SLOT_METRIC)
      .filter(({ prefix }) => prefix === DEFAULT || prefix === subnet)
      .map((route) => ({ kind: 'yieldRoute', route, metric: route.metric + YIELD_METRIC }) as const),
  ];
}

function isSameRoute(a: SlotRoute, b: SlotRoute): boolean {
  return (
    a.prefix === b.prefix &&
    a.device === b.device &&
    a.metric === b.metric &&
    a.gateway === b.gateway &&
    a.source === b.source
  );
}

function wait(reason: string): SlotStep {
  return { kind: 'wait', reason };
}

/** One sentence, for the log. */
export function describeSlotStep(step: SlotStep): string {
  switch (step.kind) {
    case 'wait':
      return `Wait: ${step.reason}.`;
    case 'attach':
      return `Attach ${step.interface} to ${step.instance}.`;
    case 'detach':
      return `Detach ${step.attachment}${step.force ? ' by force' : ''}: another instance still holds the slot.`;
    case 'raise':
      return `Raise ${step.device}.`;
    case 'addAddress':
      return `Add the address ${step.address} to ${step.device}.`;
    case 'loosenReversePath':
      return `Let ${step.device} take packets whose answers leave elsewhere.`;
    case 'addRoute':
      return `Route ${step.route.prefix} by ${step.route.device}: the public address is there.`;
    case 'yieldRoute':
      return `Let the route ${step.route.prefix} by ${step.route.device} give way: metric ${step.metric}.`;
  }
}
