/** Ends and ports of policies: typed, read and written again they are the same, and agree with how the API reads them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chosenIn, chosenOf, endOf, endText, portsIn, portsText } from '../../../console/view/policy-ends.ts';
import { policyEndText, readPolicyEnd } from '../../../protocol/explanation.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
const end = fc.oneof(
  fc.record({ site: name }),
  fc.record({ site: name, service: name }),
  fc.record({ app: name }),
  fc.record({ group: name }),
);

test('what is chosen is what the API reads', () => {
  fc.assert(
    fc.property(end, (one) => {
      const chosen = chosenOf(one);
      expect(endOf(chosen)).toEqual(one);
      expect(endText(chosen)).toBe(policyEndText(one));
      expect(readPolicyEnd(endText(chosen))).toEqual(one);
      expect(chosenIn(endText(chosen))).toEqual(chosen);
    }),
  );
});

test('what names nothing yet is no end', () => {
  for (const text of ['', '  ', 'berlin', '/db', 'berlin/', 'berlin/db/more'])
    expect(endOf({ kind: 'service', name: text })).toBeUndefined();
  expect(endOf({ kind: 'app', name: ' ' })).toBeUndefined();
});

test('ports are read as they are written, and what is no port is none', () => {
  const port = fc.record({
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    port: fc.integer({ min: 1, max: 65_535 }),
  });
  fc.assert(
    fc.property(fc.array(port), (ports) => {
      expect(portsIn(portsText(ports))).toEqual(ports);
    }),
  );
  expect(portsIn(' tcp/80  udp/53,')).toEqual([
    { protocol: 'tcp', port: 80 },
    { protocol: 'udp', port: 53 },
  ]);
  for (const text of ['80', 'tcp/0', 'tcp/65536', 'icmp/1', 'tcp/80;udp/53'])
    expect(portsIn(text)).toBeUndefined();
});
