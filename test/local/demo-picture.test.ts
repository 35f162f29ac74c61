/** The demo's picture, as a whole. */
import { expect, test } from 'vitest';
import { drawPicture } from '../../local/demo-picture.ts';

const SITE = {
  lan: '10.0.0.0/24',
  edge: '10.0.0.2',
  handshake: '2 s ago',
};

test('the picture shows both sites, the hub, the VPC and each proof with its command and output', () => {
  const text = drawPicture({
    controlPlane: 'https://localhost:8443',
    left: { ...SITE, name: 'berlin', virtual: '100.65.0.0/24', tunnel: '100.64.0.2', nat: '198.51.100.101' },
    hub: {
      name: 'hub1',
      endpoint: '198.51.100.10:51820',
      tunnel: '100.64.0.1',
      gateway: '198.51.100.10:443',
      vpc: { name: 'cloud', lan: '172.31.0.0/24', virtual: '100.65.2.0/24' },
    },
    right: { ...SITE, name: 'tokyo', virtual: '100.65.1.0/24', tunnel: '100.64.0.3', nat: '198.51.100.102' },
    proofs: [{ title: 'one asks the other', command: 'curl x', output: 'hello\nyou\n', milliseconds: 12.4 }],
  });
  expect(text.split('\n')).toEqual([
    '                                 control plane https://localhost:8443',
    '                                         │ signed documents │',
    '             berlin                            internet                            tokyo',
    '┌──────────────────────────────┐   ┌──────────────────────────────┐   ┌──────────────────────────────┐',
    '│ LAN        10.0.0.0/24       │   │ hub      hub1                │   │ LAN        10.0.0.0/24       │',
    '│ virtual    100.65.0.0/24     │   │ endpoint 198.51.100.10:51820 │   │ virtual    100.65.1.0/24     │',
    '│ edge       10.0.0.2          │   │ tunnel   100.64.0.1          │   │ edge       10.0.0.2          │',
    '│ tunnel     100.64.0.2        │═══│ gateway  198.51.100.10:443   │═══│ tunnel     100.64.0.3        │',
    '│ handshake  2 s ago           │   │ DNS, policy, WireGuard       │   │ handshake  2 s ago           │',
    '│ behind NAT 198.51.100.101    │   │                              │   │ behind NAT 198.51.100.102    │',
    '└──────────────────────────────┘   └──────────────────────────────┘   └──────────────────────────────┘',
    '                             ║ VPC cloud  172.31.0.0/24 = 100.65.2.0/24 ║',
    '',
    '  1. one asks the other  (12 ms)',
    '     $ curl x',
    '     hello',
    '     you',
    '',
  ]);
});
