/**
 * A file in somebody else's form, as importers walk through it: each field has a place, and whoever looks at a place settles it. What is settled by nobody is found in
 * the end and reported, so that nothing is dropped in silence. Values in, values out.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { z } from 'zod';

/** `lost`: not carried over. `changed`: carried, and means something else. `meaningless`: there is nothing to carry. */
export type NoteKind = 'lost' | 'changed' | 'meaningless';

/** `at`: file, line and field. `app`: whose manifest it concerns; all of them if absent. */
export interface Note {
  readonly kind: NoteKind;
  readonly at: string;
  readonly path: Path;
  readonly app: string | undefined;
  readonly message: string;
}

/** Keys and indexes from the top of the file; the first is the number of the document. */
export type Path = readonly (string | number)[];

const UNKNOWN = 'This import does not know the field: see to it by hand.';
const Mapping = z.record(z.string(), z.unknown());
const List = z.array(z.unknown());

/** What was looked at in a file, and what was said of it. */
class Ledger {
  readonly settled = new Set<string>();
  readonly opened = new Set<string>();
  readonly owners = new Map<string, string>();
  readonly notes: { readonly kind: NoteKind; readonly path: Path; readonly message: string }[] = [];
}

const keyOf = (path: Path) => JSON.stringify(path.map(String));

/** A field, or an element of a list, with where it stands. */
export class Place {
  readonly value: unknown;
  readonly path: Path;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger, path: Path, value: unknown) {
    this.#ledger = ledger;
    this.path = path;
    this.value = value;
  }

  /** The last key. */
  get key(): string {
    return String(this.path.at(-1) ?? '');
  }

  get isMapping(): boolean {
    return Mapping.safeParse(this.value).success;
  }

  get isList(): boolean {
    return Array.isArray(this.value);
  }

  /** The field of this name, if there is one with a value. */
  at(...keys: readonly string[]): Place | undefined {
    const [key, ...rest] = keys;
    if (key === undefined) return this;
    const found = this.entries().find((place) => place.key === key);
    return found === undefined || found.value === null ? undefined : found.at(...rest);
  }

  /** The fields of a mapping; of a list or a text there are none, and whoever wanted some is told of it in the end. */
  entries(): Place[] {
    const mapping = Mapping.safeParse(this.value).data;
    if (mapping === undefined) return [];
    this.#ledger.opened.add(keyOf(this.path));
    return Object.entries(mapping).map(([key, value]) => new Place(this.#ledger, [...this.path, key], value));
  }

  /** The elements of a list, or else the one thing that stands where a list could. */
  items(): Place[] {
    const list = List.safeParse(this.value).data;
    if (list === undefined) return this.value === null ? [] : [this];
    this.#ledger.opened.add(keyOf(this.path));
    return list.map((value, index) => new Place(this.#ledger, [...this.path, index], value));
  }

  /** Every text in it, without having looked at anything. */
  texts(): Place[] {
    if (typeof this.value === 'string') return [this];
    const list = List.safeParse(this.value).data;
    const inside =
      list === undefined ? Object.entries(Mapping.safeParse(this.value).data ?? {}) : [...list.entries()];
    return inside.flatMap(([key, value]) => new Place(this.#ledger, [...this.path, key], value).texts());
  }

  /** The value as the schema wants it; if it is anything else, that is reported. */
  read<Out>(schema: z.ZodType<Out>): Out | undefined {
    const parsed = schema.safeParse(this.value);
    if (parsed.success) this.settle();
    else this.lost(`This is not what belongs here: ${parsed.error.issues[0]?.message ?? 'another type'}.`);
    return parsed.data;
  }

  /** All of it was carried over. */
  settle(): void {
    this.#ledger.settled.add(keyOf(this.path));
  }

  lost(message: string): void {
    this.note('lost', message);
  }

  /** Of a mapping or a list, the fields in it are still to be looked at. */
  changed(message: string): void {
    if (!this.isMapping && !this.isList) this.settle();
    this.#ledger.notes.push({ kind: 'changed', path: this.path, message });
  }

  note(kind: NoteKind, message: string): void {
    this.settle();
    this.#ledger.notes.push({ kind, path: this.path, message });
  }

  /** What is said of this place and all in it concerns this app. */
  belongsTo(app: string): void {
    this.#ledger.owners.set(keyOf(this.path), app);
  }
}

/** What becomes of a field: it is carried over, or all there is to say is why not. */
export type Rule<Target> = ((place: Place, target: Target) => void) | { kind: NoteKind; message: string };
export type Rules<Target> = Readonly<Record<string, Rule<Target>>>;

export const lost = (message: string) => ({ kind: 'lost', message }) as const;
export const meaningless = (message: string) => ({ kind: 'meaningless', message }) as const;

/** The same rule for many fields. */
export function each<Target>(names: readonly string[], rule: Rule<Target>): Rules<Target> {
  return Object.fromEntries(names.map((name) => [name, rule]));
}

/** Goes through a mapping by a table; a field without a rule stays unsettled, and so is reported. */
export function follow<Target>(place: Place, rules: Rules<Target>, target: Target): void {
  for (const field of place.entries()) {
    const rule = Object.hasOwn(rules, field.key) ? rules[field.key] : undefined;
    if (rule === undefined) continue;
    if (typeof rule !== 'function') field.note(rule.kind, rule.message);
    else if (field.value === null) field.settle();
    else rule(field, target);
  }
}

/** A mapping in a mapping. */
export function within<Target>(rules: Rules<Target>): Rule<Target> {
  return (place, target) => follow(place, rules, target);
}

export interface Source {
  readonly roots: readonly Place[];
  /** Everything that was said, in the order of the file, what nobody settled included. */
  readonly report: () => Note[];
}

/** A text if it is neither YAML nor JSON: why. */
export function openSource(file: string, text: string): Source | string {
  const counter = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: counter, merge: true, version: '1.2' });
  const documents: readonly Document[] = [...parsed];
  const fault = documents.flatMap(({ errors }) => errors)[0];
  if (fault !== undefined) return `${file}: ${fault.message}`;
  const ledger = new Ledger();
  const values = documents.map(valueOf);
  const roots = values.flatMap((value, index) =>
    value === null || value === undefined ? [] : [new Place(ledger, [index], value)],
  );
  const lineOf = ([index, ...path]: Path) => {
    const document = documents[Number(index)];
    return document === undefined ? 1 : lineAt(document, path, counter);
  };
  const report = () => {
    for (const root of roots) reportRest(ledger, root);
    return ledger.notes
      .map((note) => ({ ...note, line: lineOf(note.path), app: ownerOf(ledger, note.path) }))
      .sort((a, b) => a.line - b.line)
      .map(({ line, kind, path, app, message }) => ({
        kind,
        path,
        app,
        message,
        at: `${file}:${line}: ${textOf(path)}`,
      }));
  };
  return { roots, report };
}

/** Undefined for what refers to itself, or to too much. */
function valueOf(document: Document): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS()));
  } catch {
    return undefined;
  }
}

/** The topmost fields in which nobody was. */
function reportRest(ledger: Ledger, place: Place): void {
  const key = keyOf(place.path);
  if (ledger.settled.has(key)) return;
  if (!ledger.opened.has(key)) return place.lost(UNKNOWN);
  for (const inner of place.isMapping ? place.entries() : place.items()) reportRest(ledger, inner);
}

function ownerOf({ owners }: Ledger, path: Path): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const owner = owners.get(keyOf(path.slice(0, length)));
    if (owner !== undefined) return owner;
  }
  return undefined;
}

function textOf([, ...path]: Path): string {
  return (
    path
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
      .join('')
      .replace(/^\./, '') || 'all'
  );
}

function lineAt(document: Document, path: Path, counter: LineCounter): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(key));
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? offset) : offset;
    } else break;
  }
  return Math.max(1, counter.linePos(offset).line);
}
