/** Files of the gateway: what is written is what is read back, and unused slots lead nowhere. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  parseCertificates,
  parseRoutes,
  parseSlots,
  renderCertificates,
  renderRoutes,
  renderSlots,
} from '../../../edge-agent/plan/gateway-files.ts';

test('every slot is a backend with one server, and one without a target is disabled and leads nowhere', () => {
  const used = [{ slot: 2, address: '100.65.0.1', port: 8080 }];
  expect(renderSlots({ size: 2, used, groups: [] })).toBe(
    'backend slot_1 from isthmus\n  server site 192.0.2.1:9 disabled\n' +
      'backend slot_2 from isthmus\n  server site 100.65.0.1:8080\n',
  );
});

test('a map is a line of key and backend each, and a list a line a file', () => {
  const routes = [
    { key: 'a.example.com/', to: 'slot_1' },
    { key: 'a.example.com/x/', to: 'app_acme_web_http' },
  ];
  expect(renderRoutes(routes)).toBe('a.example.com/ slot_1\na.example.com/x/ app_acme_web_http\n');
  expect(parseRoutes(renderRoutes(routes))).toEqual(routes);
  expect(parseCertificates(renderCertificates(['/a.pem', '/b.pem']))).toEqual(['/a.pem', '/b.pem']);
});

test('what is not ours is not read', () => {
  expect(
    parseRoutes('# comment\nx admin\ny slot_0\nz slot_x\nv app_acme_web\nw app_acme_we b_http\n'),
  ).toEqual([]);
  expect(parseSlots('global\n  daemon\nbackend other\n  server site 1.2.3.4:5\n')).toEqual({
    size: 0,
    used: [],
    groups: [],
  });
});

test('a group is a backend with a server for each container, those without one disabled, that goes elsewhere when one fails', () => {
  const used = [{ server: 2, address: '100.65.0.1', port: 8080 }];
  const text = renderSlots({ size: 0, used: [], groups: [{ name: 'app_acme_web_http', size: 2, used }] });
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'backend app_acme_web_http from isthmus',
      '  option redispatch 1',
      '  server s1 192.0.2.1:9 disabled',
      '  server s2 100.65.0.1:8080',
    ]),
  );
});

const numbered = (max: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max }), { maxLength: max })
    .map((numbers) => numbers.sort((a, b) => a - b));

test('slots and groups are read back as they were written', () => {
  const slots = numbered(100).map((numbers) =>
    numbers.map((slot) => ({ slot, address: `100.65.0.${slot}`, port: slot + 1 })),
  );
  const groups = fc.array(numbered(40), { maxLength: 5 }).map((list) =>
    list.map((numbers, index) => ({
      name: `app_acme_web-${index}_http`,
      size: 40,
      used: numbers.map((server) => ({ server, address: `100.66.0.${server}`, port: server + 1 })),
    })),
  );
  fc.assert(
    fc.property(slots, groups, (used, group) => {
      const file = { size: 100, used, groups: group };
      expect(parseSlots(renderSlots(file))).toEqual(file);
    }),
    { seed: 73, numRuns: 50 },
  );
});
