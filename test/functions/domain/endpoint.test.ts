/** Where apps are reached: which address counts, and what the documents then say. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpointsIn, servingOf, withEndpoints } from '../../../functions/domain/endpoint.ts';
import { AppTemplate, ContainerStatus } from '../../../protocol/app.ts';
import type { AppEndpoint } from '../../../protocol/app-endpoint.ts';

const PORTS = AppTemplate.parse({
  image: 'web:1',
  ports: [
    { name: 'http', port: 8080, hostPort: 80 },
    { name: 'admin', port: 9090 },
  ],
}).ports;
const NODES = [
  { name: 'n1', addresses: ['192.168.0.1', '10.0.0.1'] },
  { name: 'n2', addresses: ['10.0.0.2'] },
];
const PREFIXES = ['10.0.0.0/24', '10.9.0.0/28'];

const container = (own: object): ContainerStatus =>
  ContainerStatus.parse({
    name: 'web-1',
    node: 'n1',
    address: '172.17.0.2',
    state: 'ready',
    message: '',
    lastLines: [],
    restarts: 0,
    release: 1,
    ...own,
  });

const reached = (...containers: readonly object[]) =>
  endpointsIn({
    cluster: 'plain',
    instance: { containers: containers.map(container) },
    portsOf: () => PORTS,
    nodes: NODES,
    prefixes: PREFIXES,
  }).map(({ address, ports }) => [address, ...ports.map(({ name, port }) => `${name}:${port}`)].join(' '));

describe('a container is reached', () => {
  test.each([
    [
      'at its own address, if the site exposes it',
      { address: '10.9.0.3' },
      ['10.9.0.3 http:8080 admin:9090'],
    ],
    ['at its node, where only ports with a hostPort are open', {}, ['10.0.0.1 http:80']],
    ['at another node', { node: 'n2' }, ['10.0.0.2 http:80']],
    [
      'first of all where its cluster published it',
      { address: '10.9.0.3', published: [{ name: 'http', address: '10.0.0.2', port: 31_000 }] },
      ['10.0.0.2 http:31000'],
    ],
    [
      'not where its cluster published it, if the site does not expose that',
      { published: [{ name: 'http', address: '192.168.0.1', port: 31_000 }] },
      ['10.0.0.1 http:80'],
    ],
    ['nowhere on a node that nobody knows', { node: 'n9' }, []],
    ['nowhere without an address', { node: 'n9', address: '' }, []],
    ['nowhere before it is ready', { state: 'running' }, []],
    ['nowhere while it stops', { state: 'stopping' }, []],
  ])('%s', (_, own, expected) => {
    expect(reached(own)).toEqual(expected);
  });

  test('at its node before its own address, if all its ports are open there', () => {
    const ports = PORTS.filter(({ hostPort }) => hostPort !== undefined);
    const at = (node: string) =>
      endpointsIn({
        cluster: 'kube',
        instance: { containers: [container({ address: '10.9.0.3', node })] },
        ...{ portsOf: () => ports, nodes: NODES, prefixes: PREFIXES },
      }).map(({ address }) => address);
    expect([at('n1'), at('n9')]).toEqual([['10.0.0.1'], ['10.9.0.3']]);
  });

  test('once, however many containers are told of at one place', () => {
    expect(reached({ name: 'a' }, { name: 'b' })).toEqual(['10.0.0.1 http:80']);
  });

  test('by the ports of its own release', () => {
    const containers = [container({ release: 1 }), container({ node: 'n2', release: 0 })];
    const portsOf = ({ release }: ContainerStatus) =>
      PORTS.map((port) => (release === 0 ? { ...port, hostPort: 8_000 } : port));
    const place = { cluster: 'plain', instance: { containers }, portsOf, nodes: NODES, prefixes: PREFIXES };
    expect(endpointsIn(place).map(({ address, ports }) => [address, ports[0]?.port])).toEqual([
      ['10.0.0.1', 80],
      ['10.0.0.2', 8_000],
    ]);
  });

  test('never, if the app has no ports', () => {
    const instance = { containers: [container({ address: '10.9.0.3' })] };
    const place = { cluster: 'plain', instance, portsOf: () => [], nodes: NODES, prefixes: PREFIXES };
    expect(endpointsIn(place)).toEqual([]);
  });
});

const endpoint = (cluster: string, last: number): AppEndpoint => ({
  cluster,
  address: `10.0.0.${last}`,
  ports: [{ name: 'http', port: 80 }],
});

const CLUSTERS = ['a', 'b', 'c'];
const tellings = fc.array(
  fc.record({
    cluster: fc.constantFrom(...CLUSTERS),
    lasts: fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 9 }),
  }),
  { maxLength: 12 },
);

test('what is kept is what each cluster told last, in whatever order the clusters did', () => {
  fc.assert(
    fc.property(tellings, (told) => {
      const kept = told.reduce<readonly AppEndpoint[]>(
        (before, { cluster, lasts }) =>
          withEndpoints(
            before,
            cluster,
            lasts.map((last) => endpoint(cluster, last)),
          ),
        [],
      );
      const last = new Map(told.map(({ cluster, lasts }) => [cluster, lasts]));
      const expected = [...last].flatMap(([cluster, lasts]) => lasts.map((one) => endpoint(cluster, one)));
      const texts = (list: readonly AppEndpoint[]) => list.map((one) => JSON.stringify(one)).sort();
      expect(texts(kept)).toEqual(texts(expected));
    }),
  );
});

test('a cluster that holds nothing of the app any more, or is lost, is not named', () => {
  const endpoints = [endpoint('a', 1), endpoint('b', 2), endpoint('c', 3), endpoint('d', 4)];
  const assignments = [
    { cluster: 'a', replicas: 1 },
    { cluster: 'b', replicas: 0 },
    { cluster: 'c', replicas: 2, state: 'lost' as const },
  ];
  expect(servingOf({ endpoints, assignments })).toEqual([endpoint('a', 1)]);
});
