/** How wide a text is at most, where nothing can be measured, and as much of it as fits. The full text belongs beside it, for instance in a title. */

const WIDE = /[mwMWÖ@%&]/;
const CAPITAL = /[A-Z0-9_~#$?+<>=]/;
const ASCII = /^[\x20-\x7e]$/;
const ELLIPSIS = '…';

/** Widths in parts of the size of the letters: no usual font for screens, bold or not, is wider on average. */
function widthOf(letter: string): number {
  if (!ASCII.test(letter)) return 1.1;
  if (WIDE.test(letter)) return 1;
  return CAPITAL.test(letter) ? 0.74 : 0.64;
}

/** In pixels, for letters of this size. */
export function textWidth(text: string, size: number): number {
  return [...text].reduce((sum, letter) => sum + widthOf(letter), 0) * size;
}

/** The text, or as much of its beginning as fits with an ellipsis; nothing where not even that one does. */
export function fitted(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const letters = [...text];
  while (letters.length > 0 && textWidth(letters.join('') + ELLIPSIS, size) > width) letters.pop();
  return letters.length > 0 || textWidth(ELLIPSIS, size) <= width ? `${letters.join('')}${ELLIPSIS}` : '';
}
