/**
 * How much flows through the hubs now, from the byte counts that they tell of each edge: what is between two tellings, by the time between them. It must not read a clock.
 */
import { millisecondsOf, secondsOf } from '../../protocol/time.ts';

/** As a hub told it last of an edge; `key` names both. Bytes since the agent of the hub began. */
export interface LinkCount {
  readonly key: string;
  readonly observedAt: string;
  /** By the hub, from the edge. */
  readonly receivedBytes: number;
  /** By the hub, to the edge. */
  readonly sentBytes: number;
}

/** Bits a second, of all edges together. */
export interface Rate {
  readonly atMs: number;
  readonly fromSites: number;
  readonly toSites: number;
}

interface LinkRate extends Omit<Rate, 'atMs'> {
  readonly count: LinkCount;
  /** Absent until the hub has told twice. */
  readonly atMs?: number | undefined;
}

export interface Traffic {
  readonly links: Readonly<Record<string, LinkRate>>;
  /** The oldest first. */
  readonly rates: readonly Rate[];
}

export const NO_TRAFFIC: Traffic = { links: {}, rates: [] };

/** Older than this a hub's telling is not of now. */
const FRESH_MS = 60_000;
const RATES_MAX = 300;
const BITS = 8;

/** After one more look at `at`, an ISO time. */
export function nextTraffic(traffic: Traffic, counts: readonly LinkCount[], at: string): Traffic {
  const atMs = millisecondsOf(at);
  const links = Object.fromEntries(
    counts.map((count) => [count.key, linkRate(traffic.links[count.key], count)]),
  );
  const known = Object.values(links).filter(
    (link) => link.atMs !== undefined && atMs - link.atMs <= FRESH_MS,
  );
  if (known.length === 0 || traffic.rates.at(-1)?.atMs === atMs) return { links, rates: traffic.rates };
  const sum = (of: 'fromSites' | 'toSites') => known.reduce((total, link) => total + link[of], 0);
  const rate = { atMs, fromSites: sum('fromSites'), toSites: sum('toSites') };
  return { links, rates: [...traffic.rates, rate].slice(-RATES_MAX) };
}

function linkRate(known: LinkRate | undefined, count: LinkCount): LinkRate {
  const none = { count, fromSites: 0, toSites: 0 };
  if (known === undefined) return none;
  const { count: before } = known;
  const seconds = secondsOf(count.observedAt) - secondsOf(before.observedAt);
  if (seconds <= 0) return known;
  const received = count.receivedBytes - before.receivedBytes;
  const sent = count.sentBytes - before.sentBytes;
  // The hub's agent, or its device, began anew.
  if (received < 0 || sent < 0) return none;
  return {
    count,
    atMs: millisecondsOf(count.observedAt),
    fromSites: (received * BITS) / seconds,
    toSites: (sent * BITS) / seconds,
  };
}

const UNITS = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'] as const;

/** In three digits at most: `1.2 Mbit/s`. */
export function rateWords(bitsPerSecond: number): string {
  let value = bitsPerSecond;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = value < 9.95 && unit > 0 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}
