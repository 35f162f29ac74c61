/** Which labelled Services become services of a site, where, and why the others do not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseServices,
  type NodePlace,
  ServiceObject,
} from '../../../edge-agent/controllers/service-choice.ts';
import { FoundService } from '../../../protocol/cluster-report.ts';

const NODES: NodePlace[] = [
  { name: 'n1', addresses: ['10.0.0.11'] },
  { name: 'n2', addresses: ['10.0.0.12'] },
];
const EXPOSED = ['10.0.0.0/24'];

interface Wanted {
  readonly name?: string;
  readonly createdAt?: string;
  readonly annotations?: Record<string, string>;
  readonly spec?: object;
  readonly balanced?: string;
}

function service({
  name = 'web',
  createdAt = '2026-01-01T00:00:00Z',
  annotations = {},
  spec = {},
  balanced,
}: Wanted = {}) {
  return ServiceObject.parse({
    metadata: { namespace: 'shop', name, creationTimestamp: createdAt, annotations },
    spec: {
      type: 'NodePort',
      clusterIP: '10.96.0.7',
      ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }],
      ...spec,
    },
    status: { loadBalancer: balanced === undefined ? {} : { ingress: [{ ip: balanced }] } },
  });
}

const choose = (one: Wanted, exposed = EXPOSED) => chooseServices([service(one)], { exposed, nodes: NODES });
const FOUND = { name: 'web', source: 'shop/web', address: '10.0.0.11', port: 30_080, protocol: 'tcp' };

describe('a service is published', () => {
  test.each<[string, Wanted, string[], object]>([
    ['at the node port of a ready node', {}, EXPOSED, FOUND],
    [
      'at its own address if that range is exposed',
      {},
      ['10.96.0.0/16', ...EXPOSED],
      { ...FOUND, address: '10.96.0.7', port: 80 },
    ],
    [
      'at its load balancer before all',
      { balanced: '10.0.0.200' },
      ['10.96.0.0/16', ...EXPOSED],
      { ...FOUND, address: '10.0.0.200', port: 80 },
    ],
    ['past a load balancer that is not exposed', { balanced: '192.0.2.1' }, EXPOSED, FOUND],
    [
      'at an external address',
      { spec: { externalIPs: ['10.0.0.77'] } },
      EXPOSED,
      { ...FOUND, address: '10.0.0.77', port: 80 },
    ],
    [
      'by another name',
      { annotations: { 'isthmus.dev/name': 'shop-front' } },
      EXPOSED,
      { ...FOUND, name: 'shop-front', address: expect.any(String) },
    ],
    [
      'with a public route',
      { annotations: { 'isthmus.dev/route': 'shop.example.com/cart' } },
      EXPOSED,
      { ...FOUND, route: { host: 'shop.example.com', path: '/cart' } },
    ],
    [
      'with a whole host as its route',
      { annotations: { 'isthmus.dev/route': 'shop.example.com' } },
      EXPOSED,
      { ...FOUND, route: { host: 'shop.example.com', path: '/' } },
    ],
    [
      'at the port that it names',
      {
        annotations: { 'isthmus.dev/port': 'dns' },
        spec: {
          ports: [
            { name: 'http', port: 80, nodePort: 30_080 },
            { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30_053 },
          ],
        },
      },
      EXPOSED,
      { ...FOUND, port: 30_053, protocol: 'udp' },
    ],
  ])('%s', (_, wanted, exposed, found) => {
    expect(choose(wanted, exposed)).toEqual({ found: [found], refused: [] });
  });

  test.each<[string, Wanted, string, string[]?]>([
    [
      'its name fits no site',
      { name: 'x'.repeat(40) },
      `"${'x'.repeat(40)}" is no name at a site; give one by isthmus.dev/name.`,
    ],
    [
      'it has several ports',
      { spec: { ports: [{ port: 1 }, { port: 2 }] } },
      'it has several ports; say which by isthmus.dev/port.',
    ],
    ['it has no port', { spec: { ports: [] } }, 'it has no port.'],
    ['it has no such port', { annotations: { 'isthmus.dev/port': '81' } }, 'it has no port 81.'],
    ['it speaks SCTP', { spec: { ports: [{ port: 1, protocol: 'SCTP' }] } }, "SCTP can't be published."],
    [
      'its route is none',
      { annotations: { 'isthmus.dev/route': 'https://shop/' } },
      'isthmus.dev/route is no host and path such as shop.example.com/path.',
    ],
    [
      'none of its addresses is exposed',
      { spec: { ports: [{ port: 80 }] } },
      'none of its addresses is in a prefix that the site exposes, and it has no node port: expose the range of services, or make it a NodePort.',
    ],
    [
      'its node port answers on some nodes only',
      { spec: { externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30_080 }] } },
      'its node port answers only where its pods are (externalTrafficPolicy: Local); give it an address or the policy Cluster.',
    ],
    [
      'no node is exposed',
      {},
      'no ready node has an address in a prefix that the site exposes.',
      ['192.168.0.0/24'],
    ],
    [
      'it has no address at all',
      { spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
      expect.stringContaining('none of its addresses'),
    ],
  ])('not if %s', (_, wanted, why, exposed = EXPOSED) => {
    const { found, refused } = choose(wanted, exposed);
    expect(found).toEqual([]);
    expect(refused.map((line) => line.slice(line.indexOf(': ') + 2))).toEqual([why]);
  });
});

describe('names', () => {
  test('are had by the older of two, whatever the order', () => {
    const older = service({
      name: 'a',
      createdAt: '2026-01-01T00:00:00Z',
      annotations: { 'isthmus.dev/name': 'web' },
    });
    const younger = service({
      name: 'b',
      createdAt: '2026-02-01T00:00:00Z',
      annotations: { 'isthmus.dev/name': 'web' },
    });
    const around = { exposed: EXPOSED, nodes: NODES };
    const expected = {
      found: [expect.objectContaining({ source: 'shop/a' })],
      refused: ['shop/b: shop/a has the name web already.'],
    };
    expect(chooseServices([older, younger], around)).toEqual(expected);
    expect(chooseServices([younger, older], around)).toEqual(expected);
  });
});

describe('laws', () => {
  const many = (names: readonly string[]) => names.map((name) => service({ name }));
  const nodes = fc
    .uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 12 })
    .map((all) => all.map((last) => ({ name: `n${last}`, addresses: [`10.0.0.${last}`] })));

  test('a service stays at its node while the node is there, whoever comes or goes', () => {
    fc.assert(
      fc.property(nodes, (all) => {
        const at = (some: readonly NodePlace[]) =>
          chooseServices(many(['web']), { exposed: EXPOSED, nodes: some }).found[0]?.address;
        const chosen = at(all);
        for (const gone of all)
          if (gone.addresses[0] !== chosen) expect(at(all.filter((node) => node !== gone))).toBe(chosen);
      }),
    );
  });

  test('many services are spread over the nodes', () => {
    const names = Array.from({ length: 200 }, (_, index) => `web-${index}`);
    const { found } = chooseServices(many(names), { exposed: EXPOSED, nodes: NODES });
    expect(found.filter(({ address }) => address === '10.0.0.11').length).toBeGreaterThan(60);
    expect(found.filter(({ address }) => address === '10.0.0.12').length).toBeGreaterThan(60);
  });

  test('whatever stands in annotations, each Service is found as the protocol has it, or refused', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('web', 'shop.example.com/a', '80'));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text), { maxLength: 5 }), (all) => {
        const services = all.map(([name, port, route], index) =>
          service({
            name: `s${index}`,
            annotations: { 'isthmus.dev/name': name, 'isthmus.dev/port': port, 'isthmus.dev/route': route },
          }),
        );
        const { found, refused } = chooseServices(services, { exposed: EXPOSED, nodes: NODES });
        expect(found.length + refused.length).toBe(services.length);
        expect(found.map((one) => FoundService.parse(one))).toEqual(found);
      }),
    );
  });
});
