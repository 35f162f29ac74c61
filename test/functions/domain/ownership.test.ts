/** What the condition RoutesInPlace says, as a table. */
import { expect, test } from 'vitest';
import { routesInPlace } from '../../../functions/domain/ownership.ts';
import type { RouteOwner, RoutesReport } from '../../../protocol/slot.ts';

const AT = '2026-01-01T00:00:00.000Z';
const owner: RouteOwner = { vpc: 'vpc-12345678', hub: 'hub-b', epoch: 2, since: AT, reason: 'test' };
const report: RoutesReport = { at: AT, epoch: 2, tables: 2, moved: 0, conflicts: [], failures: [] };
const foreign = { table: 'rtb-1', destination: '100.64.0.0/10', target: 'igw-1' };
const failure = { table: 'rtb-2', destination: '100.64.0.0/10', reason: 'denied.' };

const cases: [string, { owner?: RouteOwner; report?: RoutesReport; now?: string }, string, RegExp][] = [
  ['nobody ever looked', { owner }, 'Unknown NeverLooked', /Nobody has looked/],
  [
    'the last look is 30 minutes old',
    { owner, report, now: '2026-01-01T00:30:00.000Z' },
    'True RoutesStand',
    /1800 s ago/,
  ],
  [
    'the last look is older',
    { owner, report, now: '2026-01-01T00:30:01.000Z' },
    'Unknown LookedTooLongAgo',
    /1801 s ago/,
  ],
  [
    'the owner changed since',
    { owner: { ...owner, epoch: 3 }, report },
    'Unknown OwnerChanged',
    /hub-b has just taken/,
  ],
  ['all stand', { owner, report }, 'True RoutesStand', /all 2 route tables/],
  [
    'a foreign route stands there',
    { owner, report: { ...report, conflicts: [foreign] } },
    'False ForeignRoute',
    /^rtb-1 has a foreign route for 100\.64\.0\.0\/10 to igw-1: remove it or tag the table isthmus:routes=off\.$/,
  ],
  [
    'a call failed',
    { owner, report: { ...report, failures: [failure] } },
    'False Failed',
    /^rtb-2, 100\.64\.0\.0\/10: denied\.$/,
  ],
  [
    'there is more than fits',
    { owner, report: { ...report, conflicts: [foreign, foreign], failures: [failure, failure] } },
    'False ForeignRoute',
    /; and 1 more\.$/,
  ],
];

test.each(cases)('%s', (_, { now = AT, ...found }, verdict, message) => {
  const { status, reason, ...said } = routesInPlace(found, { now, updatedAt: AT });
  expect(`${status} ${reason}`).toBe(verdict);
  expect(said.message).toMatch(message);
});
