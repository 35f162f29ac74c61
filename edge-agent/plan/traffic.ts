/**
 * Whether packets other than our own pass the tunnels, from counts that are taken once a round. A packet is counted by the device a
 * moment before or after we count it, so a few prove nothing. It must not read counters.
 */

/** So many packets within the window are traffic. Fewer are a late count, a nudge or a question for a name. */
const BUSY_PACKETS = 3;
const WINDOW_MS = 1_000;
/** How long tunnels count as busy after that. */
const BUSY_MS = 5_000;
/** A process that had to wait may take samples in a hurry. */
const SAMPLES_MAX = 100;

/** Packets of each tunnel since it was made, less our own; undefined: its device can't be read. */
export type ForeignPackets = Readonly<Record<string, number | undefined>>;

interface Sample {
  readonly atMs: number;
  readonly foreign: ForeignPackets;
}

export interface Traffic {
  /** Of the last window, the oldest first. */
  readonly samples: readonly Sample[];
  readonly busyUntilMs: number;
}

export function beginTraffic(atMs: number): Traffic {
  return { samples: [], busyUntilMs: atMs + BUSY_MS };
}

export function nextTraffic(traffic: Traffic, atMs: number, foreign: ForeignPackets): Traffic {
  const samples = traffic.samples.filter((sample) => atMs - sample.atMs <= WINDOW_MS).slice(1 - SAMPLES_MAX);
  const isBusy = risenBy(samples, foreign) >= BUSY_PACKETS;
  return {
    samples: [...samples, { atMs, foreign }],
    busyUntilMs: isBusy ? atMs + BUSY_MS : traffic.busyUntilMs,
  };
}

export function isBusy({ busyUntilMs }: Traffic, atMs: number): boolean {
  return atMs < busyUntilMs;
}

/** Of every tunnel, since its lowest count in the window; infinite if one can't be read: then it is better to ask often. */
function risenBy(samples: readonly Sample[], foreign: ForeignPackets): number {
  const risen = Object.entries(foreign).map(([tunnel, count]) => {
    if (count === undefined) return Number.POSITIVE_INFINITY;
    const before = samples.flatMap((sample) => sample.foreign[tunnel] ?? []);
    return count - Math.min(count, ...before);
  });
  return risen.reduce((sum, packets) => sum + packets, 0);
}
