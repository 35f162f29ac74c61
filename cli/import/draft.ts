/**
 * An app in the making: parts, each with the place that it came from. What the protocol does not take is dropped again, and said of that place, so that a manifest
 * that is made is always one that `isthmus apply` takes. Values in, values out.
 */
import { z } from 'zod';
import { AppSpec } from '../../protocol/app.ts';
import type { Place } from './source.ts';

const NAME_MAX = 32;
const Mapping = z.record(z.string(), z.unknown());
type Json = Readonly<Record<string, unknown>>;

interface Part {
  readonly path: readonly string[];
  /** One more in the list at `path`. */
  readonly isElement: boolean;
  readonly value: unknown;
  readonly from: Place;
}

export interface MadeApp {
  readonly name: string;
  /** As a person would write it: without what is so by default. */
  readonly spec: Json;
}

export class Draft {
  readonly name: string;
  readonly #home: Place;
  #parts: Part[] = [];

  constructor(name: string, home: Place) {
    this.name = name;
    this.#home = home;
  }

  /** In place of what stood there; what could not be read is no value. */
  put(path: readonly string[], value: unknown, from: Place): void {
    if (value === undefined) return;
    const kept = this.#parts.filter((part) => part.path.join('\0') !== path.join('\0'));
    this.#parts = [...kept, { path, isElement: false, value, from }];
  }

  add(list: readonly string[], value: unknown, from: Place): void {
    this.#parts.push({ path: list, isElement: true, value, from });
  }

  has(...path: readonly string[]): boolean {
    return this.#parts.some((part) => part.path.join('\0') === path.join('\0'));
  }

  /** What stands in a list. */
  elements(...path: readonly string[]): Json[] {
    return this.#parts
      .filter((part) => part.isElement && part.path.join('\0') === path.join('\0'))
      .flatMap(({ value }) => {
        const mapping = Mapping.safeParse(value).data;
        return mapping === undefined ? [] : [mapping];
      });
  }

  get(...path: readonly string[]): unknown {
    return this.#parts.find((part) => part.path.join('\0') === path.join('\0'))?.value;
  }

  /** Undefined if even what is left is no app; its place says why. */
  finish(): MadeApp | undefined {
    for (;;) {
      const { spec, origins } = build(this.#parts);
      const parsed = AppSpec.safeParse(spec);
      if (parsed.success) return { name: this.name, spec };
      const [issue] = parsed.error.issues;
      const path = (issue?.path ?? []).map(String);
      const culprit = culpritOf(origins, path);
      const message = issue?.message ?? 'it is no app';
      if (culprit === undefined) {
        this.#home.lost(`No manifest is made of it. ${path.join('.')}: ${message}`);
        return undefined;
      }
      culprit.from.lost(`Isthmus takes no such ${path.join('.')}: ${message}`);
      this.#parts = this.#parts.filter((part) => part !== culprit);
    }
  }
}

interface Origin {
  readonly path: readonly string[];
  readonly part: Part;
}

function build(parts: readonly Part[]): { readonly spec: Json; readonly origins: readonly Origin[] } {
  let spec: Json = {};
  const origins: Origin[] = [];
  for (const part of parts) {
    const list = part.isElement ? listAt(spec, part.path) : [];
    spec = withValue(spec, part.path, part.isElement ? [...list, part.value] : part.value);
    origins.push({ part, path: part.isElement ? [...part.path, String(list.length)] : part.path });
  }
  return { spec, origins };
}

function listAt(tree: Json, path: readonly string[]): unknown[] {
  const [key = '', ...rest] = path;
  const inner = tree[key];
  if (rest.length === 0) return Array.isArray(inner) ? inner : [];
  return listAt(Mapping.safeParse(inner).data ?? {}, rest);
}

function withValue(tree: Json, path: readonly string[], value: unknown): Json {
  const [key = '', ...rest] = path;
  if (rest.length === 0) return { ...tree, [key]: value };
  return { ...tree, [key]: withValue(Mapping.safeParse(tree[key]).data ?? {}, rest, value) };
}

/** Whose the fault is: the part that stands there, else the last of those inside, else the last in the same field. */
function culpritOf(origins: readonly Origin[], path: readonly string[]): Part | undefined {
  const starts = (long: readonly string[], short: readonly string[]) =>
    short.every((key, index) => long[index] === key);
  const around = origins.filter((one) => starts(path, one.path));
  const inside = origins.filter((one) => starts(one.path, path));
  const beside = origins.filter((one) => one.path[0] === path[0]);
  return [around, inside, beside].find((found) => found.length > 0)?.at(-1)?.part;
}

/** The nearest name that Isthmus takes. */
export function nameOf(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+/, '');
  return plain.slice(0, NAME_MAX).replace(/-+$/, '') || 'app';
}

/** One that is not taken yet; a change is said of the place. */
export function newName(text: string, taken: Set<string>, place: Place): string {
  const base = nameOf(text);
  let name = base;
  for (let count = 2; taken.has(name); count += 1)
    name = `${base.slice(0, NAME_MAX - 1 - String(count).length)}-${count}`;
  taken.add(name);
  if (name !== text) place.changed(`It is called ${name} here: whoever calls it by name must know.`);
  return name;
}
