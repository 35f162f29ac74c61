/**
 * The queue a hub on one machine: what changed is kept for a while in the process, and hubs wait for it by long
 * poll. Messages are hints, so a bounded memory that a restart forgets is enough. It must not decide who is told.
 */
import type { HubQueue } from '../functions/reconcile/ports.ts';
import type { Messages } from '../protocol/report.ts';

const KEPT_MAX = 10_000;
const WAITERS_MAX = 64;
const WAIT_SECONDS_MAX = 60;

interface Entry {
  readonly number: number;
  readonly agent: string;
}

interface Line {
  entries: Entry[];
  last: number;
  readonly waiters: Set<() => void>;
}

export interface MessageBoard extends HubQueue {
  wait(hub: string, cursor: string | undefined, seconds: number): Promise<Messages>;
  /** Answers everybody who waits. */
  close(): void;
}

/** `life` tells cursors of this process from those of an earlier one. */
export function createMessageBoard(life: string): MessageBoard {
  const lines = new Map<string, Line>();
  const lineOf = (hub: string): Line => {
    const line = lines.get(hub) ?? { entries: [], last: 0, waiters: new Set() };
    lines.set(hub, line);
    return line;
  };
  return {
    send: (hub, agents) => {
      const line = lineOf(hub);
      for (const agent of agents) line.entries.push({ number: ++line.last, agent });
      line.entries = line.entries.slice(-KEPT_MAX);
      wake(line);
      return Promise.resolve();
    },
    wait: async (hub, cursor, seconds) => {
      const line = lineOf(hub);
      const after = readCursor(cursor, life);
      if (after === undefined) return { changed: [], cursor: `${life}.${line.last}` };
      if (line.last <= after) await arrival(line, Math.min(seconds, WAIT_SECONDS_MAX));
      const changed = line.entries.filter((entry) => entry.number > after).map((entry) => entry.agent);
      return { changed: [...new Set(changed)], cursor: `${life}.${line.last}` };
    },
    close: () => {
      for (const line of lines.values()) wake(line);
    },
  };
}

function wake(line: Line): void {
  for (const waiter of [...line.waiters]) waiter();
}

/** A number to go on from, or undefined for a cursor of another life: then the present is where to begin. */
function readCursor(cursor: string | undefined, life: string): number | undefined {
  const [of, number] = (cursor ?? '').split('.');
  return of === life && /^\d{1,15}$/.test(number ?? '') ? Number(number) : undefined;
}

function arrival(line: Line, seconds: number): Promise<void> {
  if (line.waiters.size >= WAITERS_MAX) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      line.waiters.delete(done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1_000);
    line.waiters.add(done);
  });
}
