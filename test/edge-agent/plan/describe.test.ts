/** Steps in words: what `edge-agent plan` prints. */
import { expect, test } from 'vitest';
import { describeStep } from '../../../edge-agent/plan/describe.ts';
import { closedFirewall } from '../../../edge-agent/plan/firewall.ts';
import type { Step } from '../../../edge-agent/plan/steps.ts';

const name = 'ist00000001';
const peers = ['a', 'b', 'c', 'd', 'e'].map((publicKey) => ({ publicKey, allowedIps: [] }));

const WORDS: readonly [Step, string][] = [
  [
    { kind: 'loadFirewall', firewall: closedFirewall() },
    'Close the firewall: without a document nothing passes through a tunnel.',
  ],
  [{ kind: 'createInterface', name }, 'Create the device ist00000001: there is none.'],
  [{ kind: 'configurePeers', name, peers, reason: 'set' }, 'Set 5 peers of ist00000001: a, b, c and 2 more.'],
  [
    { kind: 'configurePeers', name, peers: peers.slice(0, 1), reason: 'withdraw' },
    'Take prefixes from 1 peer of ist00000001: they are not theirs any more.',
  ],
  [
    { kind: 'replaceRoute', route: { prefix: '100.64.0.0/10', device: name } },
    'Route 100.64.0.0/10 to ist00000001.',
  ],
  [
    { kind: 'primeTunnel', name, address: '100.64.0.1' },
    'Send one packet to 100.64.0.1 by ist00000001, so that the tunnel is up at once.',
  ],
];

test.each(WORDS)('a step is one sentence with its reason: %j', (step, words) => {
  expect(describeStep(step)).toBe(words);
});
