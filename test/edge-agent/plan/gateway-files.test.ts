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
  expect(renderSlots({ size: 2, used: [{ slot: 2, address: '100.65.0.1', port: 8080 }] })).toBe(
    'backend slot_1 from isthmus\n  server site 192.0.2.1:9 disabled\n' +
      'backend slot_2 from isthmus\n  server site 100.65.0.1:8080\n',
  );
});

test('a map is a line of key and backend each, and a list a line a file', () => {
  const routes = [
    { key: 'a.example.com/', slot: 1 },
    { key: 'a.example.com/x/', slot: 64 },
  ];
  expect(renderRoutes(routes)).toBe('a.example.com/ slot_1\na.example.com/x/ slot_64\n');
  expect(parseRoutes(renderRoutes(routes))).toEqual(routes);
  expect(parseCertificates(renderCertificates(['/a.pem', '/b.pem']))).toEqual(['/a.pem', '/b.pem']);
});

test('what is not ours is not read', () => {
  expect(parseRoutes('# comment\nx admin\ny slot_0\nz slot_x\n')).toEqual([]);
  expect(parseSlots('global\n  daemon\nbackend other\n  server site 1.2.3.4:5\n')).toEqual({
    size: 0,
    used: [],
  });
});

test('slots are read back as they were written', () => {
  const slots = fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 100 }).map((numbers) => ({
    size: 100,
    used: numbers
      .sort((a, b) => a - b)
      .map((slot) => ({ slot, address: `100.65.0.${slot}`, port: slot + 1 })),
  }));
  fc.assert(
    fc.property(slots, (file) => {
      expect(parseSlots(renderSlots(file))).toEqual(file);
    }),
    { seed: 73, numRuns: 50 },
  );
});
