/** The lines of logs that a page keeps: of several containers, in the order in which they came, never more than a bound. Values in, values out. */

export interface LogLine {
  /** Rises with each line; what it is drawn by. */
  readonly id: number;
  /** The container that said it. */
  readonly source: string;
  readonly text: string;
}

export interface KeptLines {
  readonly lines: readonly LogLine[];
  /** How many were let go. */
  readonly dropped: number;
  readonly nextId: number;
  /** By source: what has come of a line that has no end yet. */
  readonly begun: Readonly<Record<string, string>>;
}

export const NO_LINES: KeptLines = { lines: [], dropped: 0, nextId: 1, begun: {} };

/** A page that holds more gets slow, and a person looks for less. */
export const LINES_MAX = 5_000;
/** A line without an end is cut here, and goes on as the next. */
export const LINE_LENGTH_MAX = 10_000;

/** With what a container said next; lines end where it ended them, however it arrives. */
export function withText(kept: KeptLines, source: string, text: string): KeptLines {
  const parts = `${kept.begun[source] ?? ''}${text}`.split('\n');
  const rest = parts.pop() ?? '';
  const isLong = rest.length > LINE_LENGTH_MAX;
  const whole = [...parts, ...(isLong ? [rest] : [])].flatMap(pieces);
  return {
    ...kept,
    ...appended(kept, source, whole),
    begun: { ...kept.begun, [source]: isLong ? '' : rest },
  };
}

/** What was begun is a line when its container says no more. */
export function withEnd(kept: KeptLines, source: string): KeptLines {
  const rest = kept.begun[source] ?? '';
  return rest === '' ? kept : withText(kept, source, '\n');
}

function appended(kept: KeptLines, source: string, texts: readonly string[]) {
  const added = texts.map((text, index): LogLine => ({ id: kept.nextId + index, source, text }));
  const all = [...kept.lines, ...added];
  const over = Math.max(0, all.length - LINES_MAX);
  return { lines: all.slice(over), dropped: kept.dropped + over, nextId: kept.nextId + added.length };
}

function pieces(line: string): string[] {
  const text = line.replace(/\r$/, '');
  if (text.length <= LINE_LENGTH_MAX) return [text];
  const count = Math.ceil(text.length / LINE_LENGTH_MAX);
  return Array.from({ length: count }, (_, at) =>
    text.slice(at * LINE_LENGTH_MAX, (at + 1) * LINE_LENGTH_MAX),
  );
}

/** Those that have the text in them, in letters of either case. Nothing to look for: all. */
export function matching(lines: readonly LogLine[], search: string): readonly LogLine[] {
  const wanted = search.toLowerCase();
  return wanted === '' ? lines : lines.filter(({ text }) => text.toLowerCase().includes(wanted));
}
