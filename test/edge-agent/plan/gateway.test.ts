/** Plans of the gateway: whole plans of the usual cases. Its laws are in gateway-laws.test.ts. */
import { describe, expect, test } from 'vitest';
import { DRAIN_SECONDS_MAX, DRAIN_SECONDS_MIN, planGateway } from '../../../edge-agent/plan/gateway.ts';
import { GATEWAY_NAME, ownNames } from '../../../edge-agent/plan/gateway-certificates.ts';
import { describeGatewayStep } from '../../../edge-agent/plan/gateway-describe.ts';
import type { SuppliedCertificate } from '../../../edge-agent/plan/gateway-observed.ts';
import { FakeGateway } from '../../fakes/gateway.ts';
import { appRoute, OWN, route, settle, stateOf } from './gateway-states.ts';

const SHOP = stateOf([route('shop.example.com/', '100.65.0.1')]);

describe('plans', () => {
  test('a host without anything gets certificate and files first, then the process', () => {
    expect(planGateway(SHOP, new FakeGateway(OWN).observe()).map(describeGatewayStep)).toEqual([
      "make the gateway's certificate for 2 names (gateway.isthmus.internal, shop.example.com)",
      'write the list of 1 certificates',
      'write the map of 0 clusters',
      'write 64 slots, 1 of them in use',
      'write the map of 1 routes',
      'write the fixed part of the configuration',
      'start HAProxy',
    ]);
  });

  test('an app has a group, which needs a reload once; its containers then come and go without one', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    const to = (...lasts: readonly number[]) =>
      stateOf([appRoute('shop.example.com/', 'app_acme_web_http')], 'one', [
        {
          name: 'app_acme_web_http',
          targets: lasts.map((last) => ({ address: `100.65.0.${last}`, port: 80 })),
        },
      ]);
    expect(settle(fake, to(7, 8)).slice(0, 4)).toEqual([
      'write 64 slots, 1 of them in use, and 1 groups',
      'reload HAProxy: a new worker takes over, the old one finishes its requests',
      'lead shop.example.com/ to app_acme_web_http from now on',
      'write the map of 1 routes',
    ]);
    expect(settle(fake, to(8, 9))).toEqual([
      'open server 3 of app_acme_web_http to 100.65.0.9:80',
      'write 64 slots, 0 of them in use, and 1 groups',
      'close server 1 of app_acme_web_http: it finishes what it has',
    ]);
  });

  test('a route that moves gets a fresh slot, on disk too, before the map leads there; the old one drains in a later round', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    const moved = stateOf([route('shop.example.com/', '100.65.0.2')]);
    expect(settle(fake, moved)).toEqual([
      'open slot 2 to 100.65.0.2:80',
      'write 64 slots, 2 of them in use',
      'lead shop.example.com/ to slot 2 from now on',
      'write the map of 1 routes',
      'write 64 slots, 1 of them in use',
      'drain slot 1: no route leads there any more',
    ]);
  });

  test('a drained slot is released soon when it is idle, and after a bounded time when it is not', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    settle(fake, stateOf([]));
    fake.occupy(1, 1);
    fake.wait(DRAIN_SECONDS_MAX - 1);
    expect(planGateway(stateOf([]), fake.observe())).toEqual([]);
    const released = [{ kind: 'gateway.release-slot', slot: 1 }];
    fake.wait(1);
    expect(planGateway(stateOf([]), fake.observe())).toEqual(released);

    const idle = new FakeGateway(OWN);
    settle(idle, SHOP);
    settle(idle, stateOf([]));
    idle.wait(DRAIN_SECONDS_MIN - 1);
    expect(planGateway(stateOf([]), idle.observe())).toEqual([]);
    idle.wait(1);
    expect(planGateway(stateOf([]), idle.observe())).toEqual(released);
  });

  test('slots that run out are doubled by one reload, before any of them is used', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    const many = Array.from({ length: 100 }, (_, index) =>
      route(`h${index}.example.com/`, `100.65.1.${index}`),
    );
    const kinds = planGateway(stateOf(many), fake.observe()).map(({ kind }) => kind);
    expect(kinds.indexOf('gateway.reload')).toBeLessThan(kinds.indexOf('gateway.set-slot'));
    settle(fake, stateOf(many));
    expect([fake.reloads, fake.running?.slots.length]).toEqual([1, 256]);
  });

  test('a new fixed part is written and reloaded after the routes are in place', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    expect(settle(fake, { ...SHOP, base: stateOf([], 'two').base })).toEqual([
      'write the fixed part of the configuration',
      'reload HAProxy: a new worker takes over, the old one finishes its requests',
    ]);
  });

  test('a slot that someone closed under a route is opened again', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    fake.take({ kind: 'gateway.drain-slot', slot: 1 });
    expect(settle(fake, SHOP)).toEqual(['open slot 1 to 100.65.0.1:80']);
  });
});

const WILDCARD: SuppliedCertificate = {
  file: '/etc/wild.pem',
  fingerprint: 'A',
  names: ['*.example.com'],
  daysLeft: 50,
};

describe('certificates', () => {
  test('the own one names the hosts that no supplied one covers', () => {
    const desired = stateOf([
      route('a.example.com/', '100.65.0.1'),
      route('a.b.example.com/', '100.65.0.1'),
      route('other.org/x/', '100.65.0.1'),
      route('other.org/', '100.65.0.1'),
    ]);
    expect(ownNames(desired, [WILDCARD])).toEqual({
      named: ['a.b.example.com', GATEWAY_NAME, 'other.org'],
      unnamed: [],
    });
    expect(ownNames(desired, [{ ...WILDCARD, daysLeft: -1 }]).named).toContain('a.example.com');
  });

  test('names beyond the limit are told, not dropped in silence', () => {
    const hosts = Array.from({ length: 100 }, (_, index) => `${'x'.repeat(60)}.h${100 + index}.example.com`);
    const { named, unnamed } = ownNames(stateOf(hosts.map((host) => route(`${host}/`, '100.65.0.1'))), []);
    expect([...named, ...unnamed].length).toBe(101);
    expect(unnamed.length).toBeGreaterThan(0);
  });

  test('a supplied one is served before the own one gives its host up, and goes after the own one has it back', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    fake.supply([WILDCARD]);
    expect(settle(fake, SHOP)).toEqual([
      "make the gateway's certificate for 1 names (gateway.isthmus.internal)",
      'serve the certificate /etc/wild.pem',
      'load the certificate /state/own.pem anew',
      'write the list of 2 certificates',
    ]);
    fake.supply([]);
    expect(settle(fake, SHOP)).toEqual([
      "make the gateway's certificate for 2 names (gateway.isthmus.internal, shop.example.com)",
      'load the certificate /state/own.pem anew',
      'serve the certificate /etc/wild.pem no more',
      'write the list of 1 certificates',
    ]);
  });

  test('one that ends within a month is made anew', () => {
    const fake = new FakeGateway(OWN);
    settle(fake, SHOP);
    if (fake.own !== undefined) fake.own = { ...fake.own, daysLeft: 29 };
    expect(settle(fake, SHOP).map((text) => text.split(' ')[0])).toEqual(['make', 'load']);
  });
});
