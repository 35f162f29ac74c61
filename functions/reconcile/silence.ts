/**
 * What hubs' reports of liveness alone change for apps: an edge that fell silent may have to be replaced now, and one that is back has its apps looked at again.
 * The sweep would do both too, later.
 */
import { LOST_AFTER_SECONDS_MIN } from '../../protocol/app-change.ts';
import { heardSecondsAgo, type Liveness, type RequestRate } from '../../protocol/report.ts';
import { readAgentId } from '../domain/agent.ts';
import { type HeardEdge, heardIn, hubBatches } from './heard.ts';
import { type PlacementDependencies, placeApps } from './placement.ts';
import { present } from './present.ts';

/** `before` is what the same hub told the last time. */
export async function placeBySilence(
  dependencies: PlacementDependencies,
  before: Liveness | undefined,
  now: Liveness,
): Promise<void> {
  const silentBefore = silentIn(before);
  const silent = silentIn(now);
  // Of a report in parts this is one: who is not in it is not back.
  const back = now.peers
    .map(({ agent }) => agent)
    .filter((agent) => silentBefore.has(agent) && !silent.has(agent));
  const changed = new Set([...tenantsOf(back), ...movedIn(before, now)]);
  for (const tenant of changed) await placeApps(dependencies, tenant);
  const others = [...tenantsOf([...silent])].filter((tenant) => !changed.has(tenant));
  if (others.length === 0) return;
  const heard = heardIn(await hubBatches(dependencies.store));
  for (const tenant of others)
    if (await isLoss(dependencies, tenant, heard)) await placeApps(dependencies, tenant);
}

/** Tenants for whose apps other rates of requests were told: the hub tells when it is a tenth or so. */
function movedIn(before: Liveness | undefined, now: Liveness): ReadonlySet<string> {
  const textOf = ({ app, port, perSecond }: RequestRate) => `${app} ${port} ${perSecond}`;
  const known = new Set((before?.requests ?? []).map((rate) => `${rate.tenant} ${textOf(rate)}`));
  const moved = (now.requests ?? []).filter((rate) => !known.has(`${rate.tenant} ${textOf(rate)}`));
  return new Set(moved.map(({ tenant }) => tenant));
}

function silentIn(liveness: Liveness | undefined): ReadonlySet<string> {
  const silent = (liveness?.peers ?? []).filter(
    (peer) => (heardSecondsAgo(peer) ?? 0) >= LOST_AFTER_SECONDS_MIN,
  );
  return new Set(silent.map(({ agent }) => agent));
}

function tenantsOf(agents: readonly string[]): ReadonlySet<string> {
  return new Set(
    agents.flatMap((agent) => {
      const id = readAgentId(agent);
      return id?.role === 'edge' ? [id.tenant] : [];
    }),
  );
}

/** True if something counts as lost by now that did not before: then, and only then, time has changed the plan. */
async function isLoss(
  { store }: PlacementDependencies,
  tenant: string,
  heard: ReadonlyMap<string, HeardEdge>,
): Promise<boolean> {
  const [apps, clusters] = await Promise.all([
    present(store, 'app', tenant),
    present(store, 'cluster', tenant),
  ]);
  const silence = new Map(
    clusters.map(({ key, status }) => {
      const edge = heard.get(status.agent);
      return [key.name, edge === undefined ? 0 : edge.lookedAtMs - edge.heardAtMs];
    }),
  );
  return apps.some(({ spec: { disconnect }, status: { placed } }) =>
    (placed?.assignments ?? []).some(
      ({ cluster, state }) =>
        disconnect.replace &&
        state === 'present' &&
        (silence.get(cluster) ?? 0) >= disconnect.lostAfterSeconds * 1_000,
    ),
  );
}
