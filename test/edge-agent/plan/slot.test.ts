/** Taking a slot, as tables of facts and steps, and its laws: it converges, and a settled host is left alone. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DETACH_AFTER_MS,
  describeSlotStep,
  FORCE_AFTER_MS,
  SLOT_METRIC,
  type SlotFacts,
  type SlotRoute,
  type SlotStep,
  slotSteps,
} from '../../../edge-agent/plan/slot.ts';

const OWN = 'i-0000000000000000a';
const OLD = 'i-0000000000000000b';
const SLOT = { id: 'eni-0000000000000000c', mac: '02:00:00:00:00:0c', address: '10.0.1.10' };
const SUBNET = '10.0.1.0/24';
const PRIMARY: SlotRoute[] = [
  { prefix: '0.0.0.0/0', device: 'ens5', gateway: '10.0.1.1', metric: 100 },
  { prefix: SUBNET, device: 'ens5', source: '10.0.1.77', metric: 0 },
];

const attached = (instance: string, state: 'attaching' | 'attached' | 'detaching' = 'attached') => ({
  ...SLOT,
  attachment: { id: 'eni-attach-1', instance, state },
});

function facts(change: Partial<SlotFacts> = {}): SlotFacts {
  const device = { name: 'ens6', mac: SLOT.mac, link: 'down' as const, addresses: [] };
  return {
    instance: OWN,
    interface: attached(OWN),
    waitedMs: 0,
    devices: [{ name: 'ens5', mac: '02:00:00:00:00:05', link: 'up', addresses: ['10.0.1.77/24'] }, device],
    subnet: SUBNET,
    routes: PRIMARY,
    reversePath: { ens5: '1', ens6: '1' },
    ...change,
  };
}

const ATTACHING: readonly (readonly [string, Partial<SlotFacts>, SlotStep['kind'], string])[] = [
  ['a free interface is attached', { interface: SLOT }, 'attach', 'Attach eni-0'],
  [
    'one that is being attached is waited for',
    { interface: attached(OWN, 'attaching') },
    'wait',
    'attaching',
  ],
  ['one that another instance has is waited for', { interface: attached(OLD) }, 'wait', OLD],
  [
    'one that stays there is asked back',
    { interface: attached(OLD), waitedMs: DETACH_AFTER_MS },
    'detach',
    'Detach eni-attach-1:',
  ],
  [
    'asked back, it is waited for',
    { interface: attached(OLD, 'detaching'), waitedMs: FORCE_AFTER_MS - 1 },
    'wait',
    'detaching',
  ],
  [
    'one that does not come is taken by force',
    { interface: attached(OLD, 'detaching'), waitedMs: FORCE_AFTER_MS },
    'detach',
    'by force',
  ],
  ['a device that is not there yet is waited for', { devices: [] }, 'wait', SLOT.mac],
  ['a subnet that is not known yet is waited for', { subnet: undefined }, 'wait', 'subnet'],
];

describe('the interface', () => {
  test.each(ATTACHING)('%s', (_, change, kind, words) => {
    const steps = slotSteps(facts(change));
    expect(steps.map((step) => step.kind)).toEqual([kind]);
    expect(steps.map(describeSlotStep).join()).toContain(words);
  });
});

describe('the host', () => {
  test('gets the address, loose reverse paths and the preferred ways out; what was better gives way last', () => {
    const way = { device: 'ens6', source: SLOT.address, metric: SLOT_METRIC };
    expect(slotSteps(facts())).toEqual([
      { kind: 'raise', device: 'ens6' },
      { kind: 'addAddress', device: 'ens6', address: '10.0.1.10/24' },
      { kind: 'loosenReversePath', device: 'ens6' },
      { kind: 'addRoute', route: { ...way, prefix: SUBNET } },
      { kind: 'addRoute', route: { ...way, prefix: '0.0.0.0/0', gateway: '10.0.1.1' } },
      { kind: 'yieldRoute', route: PRIMARY[1], metric: 500 },
    ]);
  });

  test('keeps routes to other places, and those of the slot itself that somebody else has set', () => {
    const others: SlotRoute[] = [
      { prefix: '100.64.0.0/10', device: 'ist1', metric: 0 },
      { prefix: '169.254.169.254/32', device: 'ens5', metric: 0 },
      { prefix: SUBNET, device: 'ens6', source: SLOT.address, metric: 0 },
    ];
    expect(slotSteps(facts({ routes: [...PRIMARY, ...others] }))).toEqual(slotSteps(facts()));
  });
});

/** The host after a step, as the kernel would be. */
function after(host: SlotFacts, step: SlotStep): SlotFacts {
  const onSlot = (change: object) => ({
    ...host,
    devices: host.devices.map((device) => (device.name === 'ens6' ? { ...device, ...change } : device)),
  });
  if (step.kind === 'raise') return onSlot({ link: 'up' });
  if (step.kind === 'addAddress') return onSlot({ addresses: [step.address] });
  if (step.kind === 'loosenReversePath')
    return { ...host, reversePath: { ...host.reversePath, [step.device]: '2' } };
  if (step.kind === 'addRoute') return { ...host, routes: [...host.routes, step.route] };
  if (step.kind !== 'yieldRoute') return host;
  const others = host.routes.filter((route) => route !== step.route);
  return { ...host, routes: [...others, { ...step.route, metric: step.metric }] };
}

const anyRoute = fc.record({
  prefix: fc.constantFrom('0.0.0.0/0', SUBNET, '10.9.0.0/16'),
  device: fc.constantFrom('ens5', 'ens6', 'docker0'),
  gateway: fc.constantFrom(undefined, '10.0.1.1'),
  metric: fc.nat(1_100),
});

describe('laws', () => {
  test('any host is settled by one round, killed anywhere and begun again', () => {
    fc.assert(
      fc.property(fc.array(anyRoute, { maxLength: 8 }), fc.nat(20), (routes, killAfter) => {
        let host = facts({ routes });
        for (const step of slotSteps(host).slice(0, killAfter)) host = after(host, step);
        for (const step of slotSteps(host)) host = after(host, step);
        expect(slotSteps(host)).toEqual([]);
        const best = host.routes.filter(
          ({ prefix, device, metric }) =>
            prefix === '0.0.0.0/0' && (device === 'ens6' || metric <= SLOT_METRIC),
        );
        expect(best.every(({ device }) => device === 'ens6')).toBe(true);
      }),
    );
  });

  test('no step takes a route away: there is a way out at any moment', () => {
    fc.assert(
      fc.property(fc.array(anyRoute, { maxLength: 8 }), (routes) => {
        let host = facts({ routes: [...routes, ...PRIMARY] });
        for (const step of slotSteps(host)) {
          host = after(host, step);
          expect(host.routes.some(({ prefix }) => prefix === '0.0.0.0/0')).toBe(true);
          expect(host.routes.length).toBeGreaterThanOrEqual(routes.length + PRIMARY.length);
        }
      }),
    );
  });
});
