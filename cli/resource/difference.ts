/** What differs between two texts, by lines: the longest common subsequence stays, with a few lines around each change. */

export interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

const CONTEXT_LINES = 3;
/** Above it (lines of one by lines of the other) everything between the equal ends is told as changed. */
const CELLS_MAX = 4_000_000;

/** Every line of both: those with ` ` and `-` are `before`, those with ` ` and `+` are `after`, in their order. */
export function differenceOf(before: readonly string[], after: readonly string[]): Line[] {
  const isShort = Math.min(before.length, after.length);
  let head = 0;
  while (head < isShort && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < isShort - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (lines: readonly string[]): Line[] => lines.map((text) => ({ mark: ' ', text }));
  return [
    ...same(before.slice(0, head)),
    ...changesOf(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

function changesOf(before: readonly string[], after: readonly string[]): Line[] {
  const gone = (lines: readonly string[]): Line[] => lines.map((text) => ({ mark: '-', text }));
  const come = (lines: readonly string[]): Line[] => lines.map((text) => ({ mark: '+', text }));
  if (before.length * after.length > CELLS_MAX) return [...gone(before), ...come(after)];
  const lengths = commonLengths(before, after);
  const lengthAt = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length && j < after.length) {
    const [old = '', fresh = ''] = [before[i], after[j]];
    if (old === fresh) {
      lines.push({ mark: ' ', text: old });
      i += 1;
      j += 1;
    } else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) {
      lines.push({ mark: '-', text: old });
      i += 1;
    } else {
      lines.push({ mark: '+', text: fresh });
      j += 1;
    }
  }
  return [...lines, ...gone(before.slice(i)), ...come(after.slice(j))];
}

/** How long the longest common subsequence of the rests is, from each pair of lines on. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly number[][] {
  const lengths = Array.from({ length: before.length + 1 }, () =>
    Array.from({ length: after.length + 1 }, () => 0),
  );
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = lengths[i] ?? [];
      const below = lengths[i + 1] ?? [];
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  return lengths;
}

/** The changes with the lines around them, empty if there are none. */
export function differenceText(lines: readonly Line[]): string {
  const changed = lines.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  const near = (index: number) => changed.some((at) => Math.abs(at - index) <= CONTEXT_LINES);
  return lines
    .flatMap(({ mark, text }, index) => {
      if (!near(index)) return index > 0 && near(index - 1) ? ['  ...'] : [];
      return [`${mark} ${text}`];
    })
    .join('\n')
    .replace(/\n {2}\.\.\.$/, '');
}
