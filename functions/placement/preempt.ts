/**
 * Where an app found no room, apps of lower priority give way: no more of them than it takes, the lowest first, and only in a cluster where that is enough for a replica.
 * They are placed again later in the same plan, if there is room for them elsewhere.
 */
import { countIn, type Spreading, skewedAt } from './divide.ts';
import { add, heldIn, type Round, type Work } from './round.ts';

interface Victim {
  readonly work: Work;
  readonly replicas: number;
}

interface Offer {
  readonly cluster: number;
  readonly victims: readonly Victim[];
  /** Of the victims, the highest. */
  readonly priority: number;
  readonly replicas: number;
}

/** Clusters' residents, in the order of their priority, lowest first; of equals the last served first. */
function residentsIn(round: Round, cluster: number): readonly Work[] {
  if (round.residents === undefined) {
    const lists: Work[][] = round.ground.clusters.map(() => []);
    for (const work of round.works.toReversed())
      for (const [home, { present }] of work.holdings) if (present > 0) lists[home]?.push(work);
    round.residents = lists;
  }
  return round.residents[cluster] ?? [];
}

const priorityOf = (work: Work) => work.app.placement.priority;

/** How many replicas of a victim it takes to make up for a shortage, and no more than it has. */
function enough(
  short: Readonly<Record<'cpuMillis' | 'memoryMib' | 'pods', number>>,
  work: Work,
  held: number,
): number {
  const { cpuMillis, memoryMib } = work.app.need;
  const part = (lack: number, need: number) => (lack <= 0 ? 0 : need === 0 ? held : Math.ceil(lack / need));
  const most = Math.max(
    part(short.cpuMillis, cpuMillis),
    part(short.memoryMib, memoryMib),
    part(short.pods, 1),
  );
  return Math.min(held, most);
}

/** Who would have to go for one replica, or nothing if that is not enough. */
function offerOf(round: Round, work: Work, cluster: number): Offer | undefined {
  const short = { ...round.room.shortage(cluster, '', work.app.need) };
  const isShort = () => short.cpuMillis > 0 || short.memoryMib > 0 || short.pods > 0;
  const release = (victim: Work, replicas: number) => {
    short.cpuMillis -= victim.app.need.cpuMillis * replicas;
    short.memoryMib -= victim.app.need.memoryMib * replicas;
    short.pods -= replicas;
  };
  const chosen: { work: Work; replicas: number }[] = [];
  for (const resident of residentsIn(round, cluster)) {
    if (!isShort()) break;
    const held = heldIn(resident, cluster);
    // Whoever was given something after the list was made stands at its end, and was served before this one: its priority is no lower.
    if (priorityOf(resident) >= priorityOf(work)) break;
    if (held === 0) continue;
    const replicas = enough(short, resident, held);
    if (replicas === 0) continue;
    release(resident, replicas);
    chosen.push({ work: resident, replicas });
  }
  if (isShort()) return undefined;
  // From the highest down: whoever turns out not to be needed stays.
  for (const victim of chosen.toReversed())
    while (victim.replicas > 0) {
      release(victim.work, -1);
      if (isShort()) {
        release(victim.work, 1);
        break;
      }
      victim.replicas -= 1;
    }
  const victims = chosen.filter(({ replicas }) => replicas > 0);
  return {
    cluster,
    victims,
    priority: Math.max(...victims.map((victim) => priorityOf(victim.work))),
    replicas: victims.reduce((sum, { replicas }) => sum + replicas, 0),
  };
}

function evict(round: Round, work: Work, { cluster, victims }: Offer): void {
  const id = round.ground.clusters[cluster]?.id ?? '';
  for (const victim of victims) {
    const { replicas } = victim;
    // Its tenant may have had somebody in mind who was served, and refused, before.
    if (round.refusedTenants.has(victim.work.app.tenant)) round.wakeAtMs = round.nowMs;
    add(round, victim.work, { cluster, replicas: -replicas });
    victim.work.notes.push({
      kind: 'gave_way',
      cluster: id,
      replicas,
      to: work.app.id,
      priority: priorityOf(work),
    });
    work.notes.push({
      kind: 'took_place',
      cluster: id,
      replicas,
      of: victim.work.app.id,
      priority: priorityOf(victim.work),
    });
  }
}

/** The cluster where the least has to give way. */
function bestOffer(round: Round, work: Work, wish: Wish): Offer | undefined {
  let best: Offer | undefined;
  for (const cluster of wish.clusters) {
    if (round.isAlive[cluster] !== 1 || (work.eligibility.slots[cluster] ?? 0) <= heldIn(work, cluster))
      continue;
    if (skewedAt(wish.spreadings, cluster) !== undefined) continue;
    const offer = offerOf(round, work, cluster);
    if (offer === undefined) continue;
    const order = best === undefined ? -1 : offer.priority - best.priority || offer.replicas - best.replicas;
    if (order < 0) best = offer;
  }
  return best;
}

interface Wish {
  readonly replicas: number;
  readonly clusters: Iterable<number>;
  readonly spreadings: readonly Spreading[];
}

/** Makes room for up to so many replicas and takes it; returns how many found none, and where the others are. */
export function preempt(
  round: Round,
  work: Work,
  wish: Wish,
): { left: number; taken: ReadonlyMap<number, number> } {
  const taken = new Map<number, number>();
  for (let left = wish.replicas; left > 0; left--) {
    const offer = bestOffer(round, work, wish);
    if (offer === undefined) return { left, taken };
    evict(round, work, offer);
    add(round, work, { cluster: offer.cluster, replicas: 1 });
    countIn(wish.spreadings, offer.cluster, 1);
    taken.set(offer.cluster, (taken.get(offer.cluster) ?? 0) + 1);
  }
  return { left: 0, taken };
}
