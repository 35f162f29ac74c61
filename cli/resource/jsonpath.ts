/**
 * JSONPath templates as kubectl's users write them: `{.metadata.name}`, `{.items[*].spec.image}`, `{range .items[*]}{.metadata.name}{"\n"}{end}`.
 * Fields, quoted fields, positions (from the end if negative) and wildcards; no filters.
 */
import { Fault } from '../fault.ts';

type Step = { readonly kind: 'field'; readonly name: string | number } | { readonly kind: 'every' };

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly path: readonly Step[] }
  | { readonly kind: 'range'; readonly path: readonly Step[]; readonly body: readonly Piece[] };

const TEMPLATE_LENGTH_MAX = 4_096;
const STEP = /\.([A-Za-z_$][\w$-]*|\*)|\[(?:(-?\d{1,9})|(\*)|'([^']*)'|("(?:[^"\\]|\\.)*"))\]/y;

/** What the template makes of the value; what is not there is nothing. */
export function renderTemplate(template: string, value: unknown): string {
  return render(parseTemplate(template), value);
}

/** All values that a path leads to, as in `.items[*].metadata.name`. */
export function valuesAt(path: string, value: unknown): unknown[] {
  return follow(parsePath(path), value);
}

function render(pieces: readonly Piece[], value: unknown): string {
  return pieces
    .map((piece) => {
      if (piece.kind === 'text') return piece.text;
      const found = follow(piece.path, value);
      if (piece.kind === 'path') return found.map(textOf).join(' ');
      return found.map((one) => render(piece.body, one)).join('');
    })
    .join('');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function follow(path: readonly Step[], value: unknown): unknown[] {
  let found: unknown[] = [value];
  for (const step of path) found = found.flatMap((one) => take(one, step));
  return found;
}

function take(value: unknown, step: Step): unknown[] {
  if (value === null || typeof value !== 'object') return [];
  if (step.kind === 'every') return Object.values(value);
  const { name } = step;
  if (Array.isArray(value)) {
    const position = typeof name === 'number' && name < 0 ? value.length + name : name;
    return typeof position === 'number' && position in value ? [value[position]] : [];
  }
  const own = Object.entries(value).find(([field]) => field === String(name));
  return own === undefined ? [] : [own[1]];
}

function parseTemplate(template: string): readonly Piece[] {
  if (template.length > TEMPLATE_LENGTH_MAX) throw wrong('it is too long');
  const whole = template.includes('{') ? template : `{${template}}`;
  const parts = whole.match(/\{(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^{}"'])*\}|[^{}]+/g) ?? [];
  if (parts.join('') !== whole) throw wrong('a brace is without its other half');
  const open: { path: readonly Step[]; body: Piece[] }[] = [{ path: [], body: [] }];
  for (const part of parts) {
    const inner = part.startsWith('{') ? part.slice(1, -1).trim() : undefined;
    if (inner?.startsWith('range ')) {
      open.push({ path: parsePath(inner.slice('range '.length).trim()), body: [] });
      continue;
    }
    const done = inner === 'end' && open.length > 1 ? open.pop() : undefined;
    const piece: Piece = done === undefined ? pieceOf(part, inner) : { kind: 'range', ...done };
    open.at(-1)?.body.push(piece);
  }
  if (open.length !== 1) throw wrong('{range} has no {end}');
  return open[0]?.body ?? [];
}

function pieceOf(part: string, inner: string | undefined): Piece {
  if (inner === undefined) return { kind: 'text', text: part };
  if (inner === 'end') throw wrong('{end} has no {range}');
  if (inner.startsWith('"')) return { kind: 'text', text: unquote(inner) };
  return { kind: 'path', path: parsePath(inner) };
}

function parsePath(text: string): readonly Step[] {
  const path = text.replace(/^[$@]/, '');
  if (path === '' || path === '.') return [];
  const steps: Step[] = [];
  const rooted = /^[.[]/.test(path) ? path : `.${path}`;
  const next = new RegExp(STEP);
  while (next.lastIndex < rooted.length) {
    const at = next.lastIndex;
    const match = next.exec(rooted);
    if (match === null) throw wrong(`${rooted.slice(at)} is no path`);
    const [, plain, position, every, single, double] = match;
    if (plain === '*' || every !== undefined) steps.push({ kind: 'every' });
    else if (position !== undefined) steps.push({ kind: 'field', name: Number(position) });
    else steps.push({ kind: 'field', name: plain ?? single ?? unquote(double ?? '""') });
  }
  return steps;
}

function unquote(text: string): string {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'string') return read;
  } catch {
    // Told below.
  }
  throw wrong(`${text} is no text in quotes`);
}

function wrong(why: string): Fault {
  return new Fault('usage', `This JSONPath can't be read: ${why}. Write for example {.metadata.name}.`);
}
