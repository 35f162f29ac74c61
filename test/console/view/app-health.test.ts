/** How an app is said to be: by the worst that is said of it, and what is merely on its way is no fault. */
import { expect, test } from 'vitest';
import { appHealth } from '../../../console/view/app-health.ts';

const AT = '2026-01-01T00:00:00Z';
const said = (type: string, status: 'True' | 'False' | 'Unknown', reason: string) => ({
  ...{ type, status, reason, message: `${type}.`, lastTransitionTime: AT },
});

test.each([
  ['good', [said('Running', 'True', 'Running'), said('Placed', 'True', 'Placed')]],
  ['waiting', [said('Running', 'Unknown', 'NotTold'), said('Placed', 'True', 'Placed')]],
  ['waiting', [said('Running', 'True', 'Running'), said('Upgrading', 'True', 'Canary')]],
  ['unknown', [said('Enforced', 'Unknown', 'NotKnown'), said('Running', 'True', 'Running')]],
  ['bad', [said('Running', 'True', 'Running'), said('RolledBack', 'True', 'ReleaseFailed')]],
  ['bad', [said('Placed', 'False', 'NoRoom'), said('Running', 'Unknown', 'NotTold')]],
  ['waiting', []],
] as const)('%s: %j', (level, conditions) => {
  const health = appHealth('web', conditions, '2026-01-01T00:01:00Z');
  expect(health.level).toBe(level);
  expect(health.statement?.ageSeconds).toBe(conditions.length === 0 ? undefined : 60);
});
