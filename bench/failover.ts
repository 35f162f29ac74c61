/**
 * What the death of the hub that owns a VPC's routes costs: kills it again and again under a question every ten milliseconds on both
 * sides, then leaves everything alone beside two busy loops and counts switches. `node bench/failover.ts [KILLS [CALM_SECONDS]]`
 */
import { statusOf } from '../test/live/agent-status.ts';
import { type Estate, raiseEstate } from '../test/live/estate.ts';
import { eventually } from '../test/live/eventually.ts';
import {
  allUp,
  FAILOVER_SITES,
  followRoutes,
  killOwner,
  type Outage,
  ownerOf,
  pulse,
  vpcHostOf,
} from '../test/live/failover.ts';
import { median, printResult } from './figures.ts';

const KILLS = Number(process.argv[2] ?? 10);
const CALM_SECONDS = Number(process.argv[3] ?? 600);
const ROUTE_TABLES = 4;
const EDGE_GOAL_MS = 500;
const VPC_GOAL_MS = 1_000;
const HOST = '10.0.0.10';

/** Owner, and the hub that each edge uses. */
async function switches(estate: Estate): Promise<string> {
  const owner = await ownerOf(estate);
  const active = await Promise.all(
    FAILOVER_SITES.map(async ({ name }) => (await statusOf(estate.site(name).edge)).activeHub),
  );
  return JSON.stringify({ owner, active });
}

/** The load stands beside everything on the same two cores. */
async function calm(estate: Estate) {
  await eventually(() => allUp(estate));
  const before = await switches(estate);
  const host = vpcHostOf(estate);
  const loops = [0, 1].map(() => host.spawn(['sh', '-c', 'while :; do :; done']));
  try {
    const silence = await pulse(host, await estate.virtual('berlin', HOST), CALM_SECONDS);
    return { ...silence, isSame: (await switches(estate)) === before };
  } finally {
    await Promise.all(loops.map((loop) => loop.stop()));
  }
}

const estate = await raiseEstate({
  name: 'failover',
  hubs: 2,
  sites: FAILOVER_SITES,
  cloud: { routeTables: ROUTE_TABLES },
  onAccount: followRoutes,
});
try {
  const outages: Outage[] = [];
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const outage = await killOwner(estate);
    outages.push(outage);
    console.log(
      `kill ${kill}: ${outage.edgeMs} ms between the sites, ${outage.vpcMs} ms for the VPC (the emulated API took up to ${outage.apiMs} ms a call)`,
    );
  }
  const edgeMs = median(outages.map((outage) => outage.edgeMs));
  const vpcMs = median(outages.map((outage) => outage.vpcMs));
  const apiMs = median(outages.map((outage) => outage.apiMs));
  console.log(`p50 of ${KILLS}: ${edgeMs} ms between sites, ${vpcMs} ms for the VPC, its API ${apiMs} ms`);
  const quiet = await calm(estate);
  console.log(
    `${CALM_SECONDS} s beside two busy loops: ${quiet.answered} of ${quiet.sent} answered, ${quiet.isSame ? 'no switch' : 'A SWITCH'}`,
  );
  const falseSwitches = quiet.isSame ? 0 : 1;
  printResult({
    bench: 'failover',
    figures: {
      edgeMs,
      edgeMaxMs: Math.max(...outages.map((outage) => outage.edgeMs)),
      vpcMs,
      vpcMaxMs: Math.max(...outages.map((outage) => outage.vpcMs)),
      apiMs,
      calmSeconds: CALM_SECONDS,
      calmSent: quiet.sent,
      calmAnswered: quiet.answered,
      falseSwitches,
    },
    goal: { edgeMs: EDGE_GOAL_MS, vpcMsBesideApi: VPC_GOAL_MS, falseSwitches: 0 },
    met: edgeMs <= EDGE_GOAL_MS && vpcMs - apiMs <= VPC_GOAL_MS && falseSwitches === 0,
  });
} finally {
  await estate.destroy();
}
