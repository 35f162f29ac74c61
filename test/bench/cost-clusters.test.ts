/** The hour of an idle cluster: told once a minute as the edge's own reporter decides, and it changes no resource. */
import { expect, test } from 'vitest';
import { runClusterHour } from '../../bench/cost-clusters.ts';
import { makeEstate } from '../../bench/cost-estate.ts';
import { openPlane } from '../../bench/cost-plane.ts';

const MINUTES = 60;
const ATTACHMENTS = 6;

test('an idle cluster asks once a minute, and writes no more than the parts that moved', async () => {
  const plane = await openPlane();
  try {
    const counts = await runClusterHour(plane, await makeEstate(plane, 1), 3);
    expect(counts.invocations).toBe(MINUTES + ATTACHMENTS);
    expect(counts.writeUnits).toBeGreaterThanOrEqual(2 * MINUTES);
    expect(counts.writeUnits).toBeLessThan(6 * MINUTES);
    expect(counts.signatures).toBe(0);
  } finally {
    await plane.table.close();
  }
}, 60_000);
