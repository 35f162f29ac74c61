/** Parsers of what the host's tools print, fed by recordings of the real ones. */
import { describe, expect, test } from 'vitest';
import { lanDevicesOf, parseLinks, parseRoutes } from '../../../edge-agent/observe/addresses.ts';
import { parseCounters } from '../../../edge-agent/observe/counters.ts';
import { parseResolvers } from '../../../edge-agent/observe/host.ts';
import { spoofedOf } from '../../../edge-agent/observe/spoofed.ts';
import { recorded } from './recorded.ts';

describe('ip', () => {
  test('devices have their state, MTU and addresses', () => {
    expect(parseLinks(recorded('ip-addr-edge.json'))).toEqual([
      { name: 'lo', link: 'up', mtu: 65536, addresses: ['127.0.0.1/8'] },
      { name: 'eth0', link: 'up', mtu: 1500, addresses: ['10.0.0.2/24'] },
      { name: 'istcce86e79', link: 'up', mtu: 1420, addresses: ['100.64.0.2/32'] },
    ]);
  });

  test('the LAN is what is on the link of a device that is not ours', () => {
    expect(lanDevicesOf(parseLinks(recorded('ip-addr-edge.json')))).toEqual([
      { name: 'eth0', prefixes: ['10.0.0.0/24'] },
    ]);
  });

  test("routes are ours by their protocol; the link's own and the default route are nobody's", () => {
    expect(parseRoutes(recorded('ip-route-edge.json'))).toEqual({
      ours: [
        { prefix: '100.64.0.0/10', device: 'istcce86e79' },
        { prefix: '100.64.0.1/32', device: 'istcce86e79' },
      ],
      unreachable: [],
      foreign: ['10.55.0.0/16'],
      defaultDevice: 'eth0',
    });
  });

  test('what we made unreachable is neither a route of ours nor a foreign one; of others it is foreign', () => {
    const lines = [
      { type: 'unreachable', dst: '100.64.0.0/10', protocol: '73', metric: 65535, flags: [] },
      { type: 'unreachable', dst: '10.77.0.0/16', flags: [] },
    ];
    expect(parseRoutes(JSON.stringify(lines))).toEqual({
      ours: [],
      unreachable: ['100.64.0.0/10'],
      foreign: ['10.77.0.0/16'],
      defaultDevice: undefined,
    });
  });

  test('empty objects between devices are passed over', () => {
    expect(parseLinks('[{},{"ifname":"eth0","flags":[],"mtu":9000,"addr_info":[{}]}]')).toEqual([
      { name: 'eth0', link: 'down', mtu: 9000, addresses: [] },
    ]);
  });
});

test('counters are read by name', () => {
  expect(parseCounters(recorded('nft-counters-hub.json'))).toEqual({
    spoofed: 0,
    not_ours: 0,
    tenant_denied: 0,
    policy_denied: 0,
    input_denied: 0,
  });
});

test('spoofed packets belong to the peer whose abbreviated key is in the log', () => {
  const spoofed = spoofedOf(recorded('spoofed-hub.txt'), 2);
  expect(spoofed.of('k3U2i9wWxhNZZdkHN7ZcBJY9IYaA2T4CYHrZYJuUnG8=')).toBe(3);
  expect(spoofed.of('bppuD6rndt1vDvbo9WUEqpDFcH7J7UZh11Yj9gXnOVU=')).toBe(0);
  expect(spoofed.total).toBe(5);
});

test('name servers are the IPv4 ones of resolv.conf', () => {
  expect(
    parseResolvers(
      'search lan\n# nameserver 1.1.1.1\nnameserver 192.0.2.53\nnameserver ::1\nnameserver 192.0.2.1\n',
    ),
  ).toEqual(['192.0.2.1', '192.0.2.53']);
});
