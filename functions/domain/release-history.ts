/** Earlier releases of an app that are remembered for going back to, newest first: few, and no more than fits beside the app itself. */
import type { AppTemplate } from '../../protocol/app.ts';

export interface PastRelease {
  readonly release: number;
  readonly template: AppTemplate;
  /** When a newer one took its place. */
  readonly until: string;
}

export const PAST_MAX = 10;
/** Of all templates of the app together, as JSON in UTF-8; an item of the table holds 400 kB. */
const TEMPLATES_BYTES_MAX = 200_000;

/** With the one that is overtaken. A template that was had before is told once, as the newest of its like. `beside`: the other templates that the item holds. */
export function remembered(
  past: readonly PastRelease[],
  leaving: PastRelease,
  beside: readonly AppTemplate[],
): PastRelease[] {
  const text = JSON.stringify(leaving.template);
  const others = past.filter(({ template }) => JSON.stringify(template) !== text);
  let bytes = beside.reduce((sum, template) => sum + bytesOf(template), 0);
  const kept: PastRelease[] = [];
  for (const one of [leaving, ...others].slice(0, PAST_MAX)) {
    bytes += bytesOf(one.template);
    if (bytes > TEMPLATES_BYTES_MAX) break;
    kept.push(one);
  }
  return kept;
}

/** In UTF-8, as the table counts. */
function bytesOf(template: AppTemplate): number {
  const text = JSON.stringify(template);
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
