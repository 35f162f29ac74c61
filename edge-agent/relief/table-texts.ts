/** Tables as the API server words them, with their ages as of a moment (milliseconds since 1970). */
import { withAges } from './ages.ts';
import { type Dress, type Kept, withVersion } from './kept.ts';
import type { Seen } from './selection.ts';

/** In a watch, only the first event tells of the columns. */
const NO_COLUMNS = '"columnDefinitions":null';

/** False: a row depends on the time in a way that is not known here. */
export function canTellRows(objects: readonly Kept[]): boolean {
  return objects.every(({ ages }) => ages !== 'unknown');
}

/** `metadata` is the list's or the object's, as JSON. */
export function tableText(
  { columns }: Dress,
  metadata: string,
  { objects, nowMs }: { readonly objects: readonly Kept[]; readonly nowMs: number },
): string {
  const rows = objects.map((object) => rowText(object, nowMs)).join(',');
  return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${metadata},"columnDefinitions":${columns},"rows":[${rows}]}`;
}

/** One line of a watch, its end included, as it is after the first. */
export function rowEventText(dress: Dress, { type, object, version }: Seen, nowMs: number): string {
  const told = object.version === version ? object : { ...object, text: withVersion(object, version) };
  const metadata = `{"resourceVersion":"${version}"}`;
  const table = tableText({ ...dress, columns: 'null' }, metadata, { objects: [told], nowMs });
  return `{"type":"${type}","object":${table}}\n`;
}

/** The lines of a watch that begins with them; lines of objects as they are. */
export function withColumns(lines: string, { columns }: Dress): string {
  if (columns === '') return lines;
  return lines.replace(NO_COLUMNS, () => `"columnDefinitions":${columns}`);
}

/** What came a moment ago with an age that is not known is told as it came. */
function rowText({ text, ages }: Kept, nowMs: number): string {
  return ages === 'unknown' ? text : withAges(text, ages, nowMs);
}
