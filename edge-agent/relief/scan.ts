/**
 * Finds where things stand in the text of JSON without building values of it, so that objects are kept and sent on as the server wrote
 * them: number for number, key for key. It takes well-formed JSON for granted; on anything else it throws.
 */

export interface Member {
  readonly key: string;
  /** Of the value: `text.slice(begin, end)`. */
  readonly begin: number;
  readonly end: number;
}

/** Text that is no JSON, or other JSON than was looked for. */
export class ScanError extends Error {
  override readonly name = 'ScanError';
}

const SPACE = new Set([' ', '\n', '\t', '\r']);

/** Members of the object whose `{` is at or after `at`, in order. */
export function membersAt(text: string, at: number): Member[] {
  const members: Member[] = [];
  let next = skipSpace(text, expectLetter(text, at, '{'));
  while (text[next] !== '}') {
    const keyEnd = valueEnd(text, next);
    const key = textOf(text, next, keyEnd);
    const begin = skipSpace(text, expectLetter(text, keyEnd, ':'));
    const end = valueEnd(text, begin);
    members.push({ key, begin, end });
    next = skipComma(text, end, '}');
  }
  return members;
}

/** `[begin, end]` of each element of the array whose `[` is at or after `at`. */
export function elementsAt(text: string, at: number): (readonly [number, number])[] {
  const elements: (readonly [number, number])[] = [];
  let next = skipSpace(text, expectLetter(text, at, '['));
  while (text[next] !== ']') {
    const end = valueEnd(text, next);
    elements.push([next, end]);
    next = skipComma(text, end, ']');
  }
  return elements;
}

/** The string between two places; throws if it is none. */
export function textOf(text: string, begin: number, end: number): string {
  if (text[begin] !== '"') throw new ScanError(`no string at ${begin}`);
  const inside = text.slice(begin + 1, end - 1);
  if (!inside.includes('\\')) return inside;
  const value: unknown = JSON.parse(text.slice(begin, end));
  return typeof value === 'string' ? value : '';
}

function valueEnd(text: string, at: number): number {
  const letter = text[at];
  if (letter === '"') return stringEnd(text, at);
  if (letter === '{' || letter === '[') return nestEnd(text, at);
  let end = at;
  while (end < text.length && !/[,\]}\s]/.test(text[end] ?? '')) end++;
  if (end === at) throw new ScanError(`no value at ${at}`);
  return end;
}

function stringEnd(text: string, at: number): number {
  let quote = text.indexOf('"', at + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  if (quote === -1) throw new ScanError('a string does not end');
  return quote + 1;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const QUOTE = 0x22;

function nestEnd(text: string, at: number): number {
  let depth = 0;
  for (let place = at; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code === QUOTE) place = stringEnd(text, place) - 1;
    else if (code === OPEN || code === OPEN_LIST) depth++;
    else if (code === CLOSE || code === CLOSE_LIST) {
      depth--;
      if (depth === 0) return place + 1;
    }
  }
  throw new ScanError('brackets do not close');
}

function skipSpace(text: string, at: number): number {
  let place = at;
  while (SPACE.has(text[place] ?? '')) place++;
  return place;
}

function expectLetter(text: string, at: number, letter: string): number {
  const place = skipSpace(text, at);
  if (text[place] !== letter) throw new ScanError(`${letter} expected at ${place}`);
  return place + 1;
}

function skipComma(text: string, at: number, close: string): number {
  const place = skipSpace(text, at);
  if (text[place] === close) return place;
  if (text[place] !== ',') throw new ScanError(`, or ${close} expected at ${place}`);
  return skipSpace(text, place + 1);
}
