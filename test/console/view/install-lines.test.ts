/** Lines for a shell: what was typed gets into one only as the name of a device. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ATTACH_KINDS, attachLine, edgeLine } from '../../../console/view/install-lines.ts';

const INSTALL = 'curl -fsSL https://c.example/install.sh | sh -s -- --token-file isthmus.token';

test("the device follows the API's line, and without one the line is as it came", () => {
  expect(edgeLine(INSTALL, 'eth0')).toBe(`${INSTALL} --lan-device eth0`);
  expect(edgeLine(INSTALL, '')).toBe(INSTALL);
  for (const device of ['eth0; reboot', '$(id)', '-x', 'a b', 'sixteen-letters-']) {
    expect(edgeLine(INSTALL, device)).toBeUndefined();
  }
});

test('nothing that a shell reads as more than one word gets into the line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (device) => {
      const line = edgeLine(INSTALL, device);
      if (line !== undefined) expect(line.slice(INSTALL.length)).toMatch(/^( --lan-device [\w.][\w.-]*)?$/);
    }),
  );
});

test('every kind of cluster has its own line', () => {
  for (const kind of ATTACH_KINDS) expect(attachLine(kind)).toContain(`cluster add ${kind} NAME`);
});
