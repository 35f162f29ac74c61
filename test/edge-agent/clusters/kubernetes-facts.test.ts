/** What a Kubernetes cluster is, read from what it shows: its network plugin, and its quantities. */
import { describe, expect, test } from 'vitest';
import { quantity } from '../../../edge-agent/clusters/kubernetes-facts.ts';
import { networkOf } from '../../../edge-agent/clusters/kubernetes-network.ts';

describe('a network', () => {
  const nothing = {
    daemonSets: [],
    apiGroups: [],
    annotations: [],
    podPrefixes: [],
    servicePrefix: undefined,
  };

  test.each<[string, object, [string, string, string, string]]>([
    ['calico', { daemonSets: ['calico-node'] }, ['calico', 'none', 'enforced', 'routable']],
    [
      'calico over VXLAN',
      { annotations: [{ 'projectcalico.org/IPv4VXLANTunnelAddr': '10.0.0.1' }] },
      ['calico', 'vxlan', 'enforced', 'by_service'],
    ],
    [
      'calico over IPIP',
      {
        apiGroups: ['crd.projectcalico.org'],
        annotations: [{ 'projectcalico.org/IPv4IPIPTunnelAddr': 'x' }],
      },
      ['calico', 'ipip', 'enforced', 'by_service'],
    ],
    ['flannel', { daemonSets: ['kube-flannel-ds'] }, ['flannel', 'vxlan', 'ignored', 'by_service']],
    [
      'flannel by routes',
      { annotations: [{ 'flannel.alpha.coreos.com/backend-type': 'host-gw' }] },
      ['flannel', 'none', 'ignored', 'routable'],
    ],
    ['cilium', { apiGroups: ['cilium.io'] }, ['cilium', 'unknown', 'enforced', 'by_service']],
    ['nothing that is known', {}, ['unknown', 'unknown', 'unknown', 'by_service']],
  ])('of %s is known by its traces', (_, traces, expected) => {
    const { plugin, overlay, policies, reachability } = networkOf({ ...nothing, ...traces });
    expect([plugin, overlay, policies, reachability]).toEqual(expected);
  });
});

describe('a quantity', () => {
  test.each([
    ['2', 2],
    ['500m', 0.5],
    ['1.5', 1.5],
    ['16Gi', 16 * 2 ** 30],
    ['24731648Ki', 24_731_648 * 1_024],
    ['1e3', 1_000],
    ['5k', 5_000],
    ['', 0],
    ['many', 0],
    [undefined, 0],
    [3, 3],
  ])('%j is %d', (text, value) => {
    expect(quantity(text)).toBe(value);
  });
});
