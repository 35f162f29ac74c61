/** An app at a real engine follows its CPU: more containers while the first has too much to do, fewer when they have not been needed for the hold. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { raiseScaleStand, type ScaleStand } from './scale-stand.ts';

const CHANGED_MS_MAX = 90_000;
let stand: ScaleStand;

beforeAll(async () => {
  stand = await raiseScaleStand('scl');
  await stand.begin({ min: 1, max: 3, cpuPercent: 70, holdSeconds: 20 });
}, 240_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await stand.estate.describe()));
});

afterAll(async () => {
  await stand?.close();
});

test('an idle app has as few as it may, and says why', async () => {
  await eventually(async () => {
    const { status } = await stand.app();
    expect(status.scaled).toMatchObject({ wanted: 1, state: 'steady' });
    expect(status.scaled?.why).toContain('CPU is at');
  }, CHANGED_MS_MAX);
  expect(await stand.ready()).toBe(1);
});

test('a container with too much to do is given company, which is ready', async () => {
  await stand.burn();
  await eventually(async () => expect(await stand.ready()).toBe(3), CHANGED_MS_MAX);
  const { status } = await stand.app();
  expect(status.scaled?.wanted).toBe(3);
  expect(status.placed?.wanted).toBe(3);
});

test('once it has rested for the hold it is alone again', async () => {
  await stand.rest();
  await eventually(async () => expect(await stand.ready()).toBe(1), 2 * CHANGED_MS_MAX);
  const { status } = await stand.app();
  expect(status.scaled?.wanted).toBe(1);
  expect(status.conditions.find(({ type }) => type === 'Scaled')?.status).toBe('True');
});
