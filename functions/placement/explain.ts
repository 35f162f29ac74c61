/** A decision in sentences for people: what was decided, who was refused for what, and what would change it. */
import type { Choice, Decision, Note, Refusal, Shortage } from './decision.ts';

/** Of a long list, the first so many names; `refusals` of the decision have them all. */
const NAMES_MAX = 8;

const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;

function list(names: readonly string[]): string {
  const more = names.length - NAMES_MAX;
  return more > 0 ? `${names.slice(0, NAMES_MAX).join(', ')} and ${more} more` : names.join(', ');
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

export function shortageText({ cpuMillis, memoryMib, pods }: Shortage): string {
  const parts = [
    ...(cpuMillis > 0 ? [plural(Number((cpuMillis / 1_000).toFixed(3)), 'CPU')] : []),
    ...(memoryMib > 0 ? [`${memoryMib} MiB of memory`] : []),
    ...(pods > 0 ? [plural(pods, 'container')] : []),
  ];
  return `${parts.join(' and ')} short`;
}

/** Why, without the clusters. */
export function refusalText(refusal: Refusal): string {
  switch (refusal.reason) {
    case 'not_named':
      return 'not among the clusters that the app names';
    case 'no_weight':
      return 'no weight in the division';
    case 'residency':
      return 'residency: the app stays inside, this is a public cloud';
    case 'constraint':
      return `constraint ${refusal.constraint}`;
    case 'isolation':
      return 'isolation: the network there does not enforce policies';
    case 'unsupported':
      return refusal.lack;
    case 'pool':
      return `no addresses of the pool ${refusal.pool}`;
    case 'nodes_unknown':
      return 'its nodes are not known, and the app is choosy about them';
    case 'no_node':
      return refusal.constraints.length === 0
        ? 'no node is large enough for a replica'
        : `no node is large enough and satisfies ${refusal.constraints.join(' and ')}`;
    case 'silent':
      return `${refusal.verdict === 'cut_off' ? 'cut off' : 'not heard from'}: ${refusal.evidence}`;
    case 'dead':
      return `dead: ${refusal.evidence}`;
    case 'capacity': {
      const { cluster } = refusal.nearest;
      const where = refusal.clusters.length > 1 ? `, nearest ${cluster}` : '';
      return `${shortageText(refusal.nearest)}${where}`;
    }
    case 'node_limit':
      return 'every node has as many replicas as the app allows on one, or the addresses of its pool are taken';
    case 'skew':
      return `spread: another one here would exceed the emptiest ${refusal.by} by more than ${refusal.maxSkew}`;
    case 'burst':
      return 'public cloud, kept for when private sites have no room';
  }
}

function noteText(note: Note): string {
  const what = 'replicas' in note ? plural(note.replicas, 'replica') : '';
  switch (note.kind) {
    case 'moved_off':
      return `${what} left ${note.cluster}: ${note.why}.`;
    case 'scaled_down':
      return `${what} taken away in ${note.cluster}: fewer are wanted.`;
    case 'gave_way':
      return `${what} in ${note.cluster} gave way to ${note.to}, whose priority is ${note.priority}.`;
    case 'took_place':
      return `Took the place of ${what} of ${note.of} in ${note.cluster}, whose priority is ${note.priority}; there was no room elsewhere.`;
    case 'silent': {
      const then =
        note.lostInMs === undefined
          ? 'They stay, as the app does not ask for replacement'
          : `They count as lost in ${age(note.lostInMs)}`;
      return `${note.cluster} has been silent for ${age(note.ageMs)} (${note.evidence}) with ${what}. ${then}.`;
    }
    case 'lost':
      return `${what} in ${note.cluster} count as lost after ${age(note.ageMs)} of silence (${note.evidence}), and are replaced elsewhere.`;
    case 'reconciled':
      return `${what} in ${note.cluster} are taken away: lost ones answer again, and ${note.kept === 'keep_oldest' ? 'the oldest' : 'the newest'} stay.`;
    case 'room_again':
      return `Private sites have room for ${what} that burst; they return in ${age(note.inMs)} if it lasts.`;
    case 'returned':
      return `${what} returned from ${note.cluster}: private sites have had room for long enough.`;
    case 'quota':
      return `${what} refused by the quota of ${note.tenant}: ${note.what}.`;
  }
}

function choiceText({ cluster, added, fits, points, merits, tier }: Choice): string {
  const because = merits.length === 0 ? '' : `; ${Math.round(points)} points: ${merits.join(', ')}`;
  const burst = tier === 'burst' ? ' because private sites had no room' : '';
  return `${added} to ${cluster}${burst} (room for ${fits}${because}).`;
}

/** All refusals in one line: `3 of 5 clusters refused: residency…; 1: 2 CPUs short`. */
export function refusalLine({ refusals, clusters }: Decision): string | undefined {
  const refused = refusals.filter(({ holds }) => holds !== true);
  const [first, ...rest] = refused.map((refusal) => `${refusalText(refusal)} (${list(refusal.clusters)})`);
  const counts = refused.map((refusal) => refusal.clusters.length);
  if (first === undefined) return undefined;
  const others = rest.map((text, index) => `; ${counts[index + 1]}: ${text}`);
  return `${counts[0]} of ${plural(clusters, 'cluster')} refused: ${first}${others.join('')}.`;
}

/** Clusters that have some and take no more, a sentence for each reason. */
function fullLines({ refusals }: Decision): string[] {
  const holding = refusals.filter(({ holds }) => holds === true);
  return holding.map((refusal) => `No more in ${list(refusal.clusters)}: ${refusalText(refusal)}.`);
}

/** One line: how many have a place, and where. */
export function headline({ wanted, unplaced, assignments }: Decision): string {
  const present = assignments.filter(({ state }) => state === 'present');
  const where = present.map(({ cluster, replicas }) => `${replicas} in ${cluster}`);
  const placed = wanted - unplaced;
  const places = where.length === 0 ? '' : `: ${list(where)}`;
  return `${placed} of ${plural(wanted, 'replica')} ${placed === 1 ? 'has' : 'have'} a place${places}.`;
}

/** The whole explanation, a sentence a line. */
export function explain(decision: Decision): string[] {
  const refused = refusalLine(decision);
  return [
    headline(decision),
    ...decision.choices.map(choiceText),
    ...decision.notes.map(noteText),
    ...fullLines(decision),
    ...(refused === undefined ? [] : [refused]),
  ];
}
