/** The plugin's language, the runtime's configuration and the shim's text. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CNI_VERSIONS,
  CniFault,
  faultBody,
  linkOf,
  readCall,
  resultOf,
} from '../../../edge-agent/node/cni.ts';
import { install, uninstall } from '../../../edge-agent/node/conflist.ts';
import { shimText } from '../../../edge-agent/node/shim.ts';
import { parseAddress, parsePrefix, sizeOf } from '../../../protocol/address.ts';

const HEADERS = {
  command: 'ADD',
  container: 'c1',
  interface: 'eth0',
  arguments: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=acme;K8S_POD_NAME=web-1;K8S_POD_UID=u1',
};
const IPAM = { type: 'isthmus-ipam', delegate: 'host-local', ranges: [[{ subnet: '10.244.1.0/24' }]] };
const NETWORK = {
  cniVersion: '1.0.0',
  name: 'net',
  type: 'bridge',
  bridge: 'br0',
  isGateway: true,
  ipam: IPAM,
};
const network = (change: object = {}) => readCall(HEADERS, JSON.stringify({ ...NETWORK, ...change })).network;

function faultOf(work: () => unknown): [number, string] {
  try {
    work();
    return [0, ''];
  } catch (cause) {
    return cause instanceof CniFault ? [cause.code, cause.message] : [-1, String(cause)];
  }
}

describe('a call', () => {
  test('says the pod, the container and the network', () => {
    const call = readCall(HEADERS, JSON.stringify(NETWORK));
    expect(call).toMatchObject({
      container: 'c1',
      pod: { namespace: 'acme', name: 'web-1', uid: 'u1' },
      network: { bridge: 'br0' },
    });
    expect(readCall({ ...HEADERS, arguments: '' }, JSON.stringify(NETWORK)).pod).toBeUndefined();
  });

  test.each<[string, () => unknown, number]>([
    ['no JSON', () => readCall(HEADERS, 'x'), 6],
    ['a version of the future', () => network({ cniVersion: '2.0.0' }), 1],
    [
      'a container with a path',
      () => readCall({ ...HEADERS, container: '../x' }, JSON.stringify(NETWORK)),
      4,
    ],
    ['another plugin than bridge', () => linkOf(network({ type: 'calico' })), 100],
    ['a bridge that is no gateway', () => linkOf(network({ isGateway: false })), 100],
    ['a delegate that names no subnet', () => linkOf(network({ ipam: { ...IPAM, ranges: [] } })), 100],
  ])('with %s is answered by a code', (_, work, code) => {
    const [found, message] = faultOf(work);
    expect([found, message.length > 20]).toEqual([code, true]);
  });
});

describe('an answer', () => {
  test('has the bridge’s own gateway, and routes that lead everything to the node', () => {
    const link = linkOf(network());
    expect(link).toEqual({ device: 'br0', gateway: parseAddress('10.244.1.1'), length: 24 });
    const answer = JSON.parse(resultOf(parseAddress('10.0.5.7'), link, '1.0.0'));
    expect(answer).toEqual({
      cniVersion: '1.0.0',
      ips: [{ address: '10.0.5.7/24', gateway: '10.244.1.1' }],
      routes: [
        { dst: '0.0.0.0/0', gw: '10.0.5.0' },
        { dst: '10.0.5.0/25', gw: '10.0.5.0' },
        { dst: '10.0.5.128/25', gw: '10.0.5.0' },
      ],
      dns: {},
    });
  });

  test.each(CNI_VERSIONS)('speaks version %s, in which the runtime asked', (version) => {
    const [ip] = JSON.parse(resultOf(parseAddress('10.0.5.7'), linkOf(network()), version)).ips;
    expect([version, ip.version]).toEqual([version, version.startsWith('0.') ? '4' : undefined]);
  });

  test('leads all of the container’s network by the next hop, whatever its length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 30 }),
        fc.integer({ min: 2 ** 24, max: 2 ** 32 - 1 }),
        (length, address) => {
          const link = { device: 'br0', gateway: 1, length };
          const { routes } = JSON.parse(resultOf(address, link, '1.0.0'));
          const [, low, high] = routes.map(({ dst }: { dst: string }) => parsePrefix(dst));
          expect(low.base + sizeOf(low.length)).toBe(high.base);
          expect(low.base + sizeOf(length)).toBe(high.base + sizeOf(high.length));
        },
      ),
    );
  });

  test('that is an error names us, its code and what to do', () => {
    expect(JSON.parse(faultBody(new CniFault('noPool', 'there is no pool x.')))).toEqual({
      ...{ cniVersion: '1.0.0', code: 101, msg: 'isthmus-ipam: there is no pool x.', details: '' },
    });
  });
});

describe('the runtime’s configuration', () => {
  const text = JSON.stringify({
    cniVersion: '0.3.1',
    name: 'net',
    plugins: [
      {
        type: 'bridge',
        isGateway: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.1.0/24' }]] },
      },
      { type: 'portmap' },
    ],
  });

  test('gets our plugin before its own, which keeps its settings; and back it is as it was', () => {
    const there = install(text);
    if (there.kind !== 'text') throw new Error(there.kind);
    expect(JSON.parse(there.text).plugins[0].ipam).toEqual({
      ...{ type: 'isthmus-ipam', delegate: 'host-local', ranges: [[{ subnet: '10.244.1.0/24' }]] },
    });
    expect(install(there.text)).toEqual({ kind: 'same' });
    const back = uninstall(there.text);
    expect(back.kind === 'text' && JSON.parse(back.text)).toEqual(JSON.parse(text));
    expect(uninstall(text)).toEqual({ kind: 'same' });
  });

  test.each([
    [
      'of another plugin',
      JSON.stringify({ plugins: [{ type: 'calico', ipam: { type: 'calico-ipam' } }] }),
      /calico/,
    ],
    ['without an ipam', JSON.stringify({ plugins: [{ type: 'flannel' }] }), /no ipam/],
    ['that is none', '{}', /no list of plugins/],
  ])('%s is refused with the reason', (_, other, reason) => {
    const refused = install(other);
    expect(refused).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) });
  });
});

test('the shim is a script that a POSIX shell reads, and answers VERSION without anybody', () => {
  const paths = { socket: '/nowhere/s', held: '/nowhere/held', gone: '/nowhere/gone', api: '/nowhere/api' };
  const environment = { PATH: process.env['PATH'], CNI_COMMAND: 'VERSION', CNI_CONTAINERID: 'x' };
  const said = execFileSync('sh', ['-c', shimText(paths)], {
    input: '{}',
    encoding: 'utf8',
    env: environment,
  });
  expect(JSON.parse(said)).toEqual({ cniVersion: '1.1.0', supportedVersions: [...CNI_VERSIONS] });
});
