/** Faults of the lab's internet as text. */
import { expect, test } from 'vitest';
import { renderFaults, renderRouter } from '../../local/lab-fault.ts';

test('each fault is one rule, in both chains of the bridge', () => {
  const text = renderFaults([
    { from: '198.51.100.101', to: '198.51.100.10', kind: { drop: true } },
    { to: '198.51.100.10', kind: { lossPercent: 3 } },
    { kind: { blackHoleBytes: 1300 } },
  ]);
  const rules = [
    '  ether type ip ip saddr 198.51.100.101 ip daddr 198.51.100.10 counter drop',
    '  ether type ip ip daddr 198.51.100.10 numgen random mod 100 < 3 counter drop',
    '  ether type ip ip length > 1300 counter drop',
  ];
  expect(text.split('\n')).toEqual([
    'table bridge faults',
    'delete table bridge faults',
    'table bridge faults {',
    ' chain forward {',
    '  type filter hook forward priority 0; policy accept;',
    ...rules,
    ' }',
    ' chain input {',
    '  type filter hook input priority 0; policy accept;',
    ...rules,
    ' }',
    '}',
    '',
  ]);
});

test('a router without NAT neither translates nor drops what was not asked for', () => {
  expect(renderRouter('off')).not.toMatch(/masquerade|drop/);
  expect(renderRouter('masquerade')).toMatch(/oifname "wan" masquerade\n/);
  expect(renderRouter('random', 'blocked')).toMatch(
    /masquerade random,fully-random[\s\S]*meta l4proto udp drop/,
  );
});
