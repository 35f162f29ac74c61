/**
 * How long a change takes from the API's answer until the edge says that it is applied, by the nudge through the tunnel; and with
 * the nudge cut off, by polling alone. `node bench/apply.ts [CHANGES]`
 */

import { statusOf } from '../test/live/agent-status.ts';
import { type Estate, raiseEstate } from '../test/live/estate.ts';
import { eventually } from '../test/live/eventually.ts';
import { counterOf } from '../test/live/flows.ts';
import { median, printResult } from './figures.ts';

const CHANGES = Number(process.argv[2] ?? 21);
const CHANGES_BY_POLL = 2;
const GOAL_MS = 1_000;
const POLL_MS_MAX = 180_000;

/** No nudge comes in. */
const CUT = `table ip cut {
  chain input {
    type filter hook input priority -300; policy accept;
    udp dport 7862 counter drop
  }
}
`;

/** Milliseconds until the edge says that it has applied the document that this change made. */
async function timeOne(estate: Estate): Promise<number> {
  const { edge } = estate.site('tokyo');
  const before = (await statusOf(edge)).document.applied?.generation ?? 0;
  await estate.api.change('/v1/tenants/demo', (spec) => ({
    ...spec,
    isolation: spec['isolation'] === 'open' ? 'isolated' : 'open',
  }));
  const began = performance.now();
  return eventually(async () => {
    const { applied } = (await statusOf(edge)).document;
    if ((applied?.generation ?? 0) <= before) throw new Error('not applied yet');
    return performance.now() - began;
  }, POLL_MS_MAX);
}

const estate = await raiseEstate({
  name: 'apply',
  sites: [
    { name: 'berlin', lan: '10.0.0.0/24' },
    { name: 'tokyo', lan: '10.0.0.0/24' },
  ],
});
try {
  const { edge } = estate.site('tokyo');
  const times: number[] = [];
  for (let index = 0; index < CHANGES; index += 1) times.push(await timeOne(estate));
  times.sort((a, b) => a - b);
  await edge.nft(CUT);
  const polled: number[] = [];
  for (let index = 0; index < CHANGES_BY_POLL; index += 1) polled.push(await timeOne(estate));
  const figures = {
    changes: times.length,
    nudgedP50Ms: Math.round(median(times)),
    nudgedMaxMs: Math.round(times.at(-1) ?? Number.NaN),
    polledMaxMs: Math.round(Math.max(...polled)),
    deniedPacketsMeanwhile: await counterOf(estate.hub(0).host, 'tenant_denied'),
  };
  console.log(
    `applied by nudge: p50 ${figures.nudgedP50Ms} ms, slowest ${figures.nudgedMaxMs} ms; by polling alone: at most ${figures.polledMaxMs} ms`,
  );
  console.log('(includes up to 0.2 s in which this program looks again)');
  printResult({
    bench: 'apply',
    figures,
    goal: { nudgedP50Ms: GOAL_MS },
    met: figures.nudgedP50Ms <= GOAL_MS,
  });
} finally {
  await estate.destroy();
}
