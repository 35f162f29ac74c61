/**
 * Which hub carries an edge's packets, from the answers to its probes. A hub is up only when answers come back, so
 * a tunnel that is open in one direction counts as down. It must not send probes or change routes.
 */

export interface PathSettings {
  /** Rounds without an answer after which a hub is down. */
  readonly missesToDown: number;
  /** Rounds with an answer after which a hub that was down is up again. */
  readonly goodToReturn: number;
  /** A hub that is to carry nothing as long as another can. */
  readonly avoided?: string | undefined;
}

/** `unknown`: not heard of yet; the first answer makes it `up`. */
export interface HubPath {
  readonly state: 'unknown' | 'up' | 'down';
  readonly misses: number;
  readonly goods: number;
}

export interface PathState {
  readonly hubs: Readonly<Record<string, HubPath>>;
  /** Kept while nothing better is up, so that routes stay where they are. */
  readonly active: string | undefined;
}

/**
 * One probe interval: which hubs answered in it. `late`: our own timer was, so nobody is blamed for silence. `resting`: who
 * was not asked in every round for long enough, and so is not blamed either (`plan/pace.ts`).
 */
export interface Round {
  readonly answered: readonly string[];
  readonly resting?: readonly string[];
  readonly late: boolean;
}

export const NO_PATH: PathState = { hubs: {}, active: undefined };

const UNKNOWN: HubPath = { state: 'unknown', misses: 0, goods: 0 };

/** Takes a new list of hubs, in order of preference; what is known about those that stay is kept. */
export function withHubs(state: PathState, names: readonly string[]): PathState {
  const hubs = Object.fromEntries(names.map((name) => [name, state.hubs[name] ?? UNKNOWN]));
  return { hubs, active: chooseActive(hubs, state.active) };
}

export function nextPath(state: PathState, round: Round, settings: PathSettings): PathState {
  const hubs = Object.fromEntries(
    Object.entries(state.hubs).map(([name, hub]) => [
      name,
      round.answered.includes(name)
        ? heard(hub, settings)
        : round.late || round.resting?.includes(name) === true
          ? hub
          : missed(hub, settings),
    ]),
  );
  return { hubs, active: chooseActive(hubs, state.active, settings.avoided) };
}

function heard(hub: HubPath, settings: PathSettings): HubPath {
  const goods = Math.min(hub.goods + 1, settings.goodToReturn);
  const returns = hub.state !== 'down' || goods >= settings.goodToReturn;
  return { state: returns ? 'up' : 'down', misses: 0, goods };
}

function missed(hub: HubPath, settings: PathSettings): HubPath {
  const misses = Math.min(hub.misses + 1, settings.missesToDown);
  const lost = hub.state === 'up' && misses >= settings.missesToDown;
  return { state: lost ? 'down' : hub.state, misses, goods: 0 };
}

/** Sticky: the active hub stays while it is up and not avoided, and also while no other is. */
function chooseActive(
  hubs: Readonly<Record<string, HubPath>>,
  active: string | undefined,
  avoided?: string,
): string | undefined {
  const names = Object.keys(hubs);
  const able = names.filter((name) => hubs[name]?.state === 'up');
  const wished = able.filter((name) => name !== avoided);
  const choice = wished.length > 0 ? wished : able;
  if (active !== undefined && choice.includes(active)) return active;
  const [up] = choice;
  return up ?? (active !== undefined && hubs[active] !== undefined ? active : names[0]);
}
