/**
 * A constraint: one short text about the labels of a site, a cluster or a node, as people write it in a manifest, and the structured form that the
 * scheduler tests and drivers turn into their orchestrator's own.
 */
import { z } from 'zod';

const TEXT_MAX = 256;
const VALUES_MAX = 32;

/**
 * Whose label it is. `nearest`: the cluster's, or else its site's. `attribute` is what everything of the kind has (`site.name`), `label` what somebody put on it.
 */
export const LabelSubject = z
  .strictObject({
    scope: z.enum(['nearest', 'site', 'cluster', 'node']),
    kind: z.enum(['attribute', 'label']),
    key: z.string().min(1).max(TEXT_MAX),
  })
  .meta({ id: 'LabelSubject' });
export type LabelSubject = z.infer<typeof LabelSubject>;

/**
 * `not_in`, `not_like` and `absent` hold also where the label is absent, as with Kubernetes' NotIn. Values of `like` and `not_like` are globs: `*` is any text, `?`
 * one character, nothing else is special.
 */
export const LabelTest = z
  .strictObject({
    subject: LabelSubject,
    operator: z.enum(['in', 'not_in', 'like', 'not_like', 'exists', 'absent']),
    values: z.array(z.string().max(TEXT_MAX)).max(VALUES_MAX),
  })
  .meta({ id: 'LabelTest' });
export type LabelTest = z.infer<typeof LabelTest>;

/** What each scope has of itself; every other name is a label. `labels.NAME` reaches a label that has one of these names. */
export const ATTRIBUTES: Readonly<Record<LabelSubject['scope'], readonly string[]>> = {
  nearest: [],
  site: ['name', 'location'],
  cluster: ['name', 'kind'],
  node: ['name', 'role'],
};

/** `at` counts characters from 0. */
export type Parsed =
  | { readonly kind: 'test'; readonly test: LabelTest }
  | { readonly kind: 'fault'; readonly at: number; readonly message: string };

interface Token {
  readonly text: string;
  readonly at: number;
  readonly isQuoted: boolean;
}

class Fault extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Quoted text, a sign, or a word; a quote that is not closed is a token of its own. */
const TOKEN = /"([^"]*)"|'([^']*)'|==|!=|[!=(),"']|[^\s!=(),"']+/g;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/;

function tokensOf(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((match) => {
    const quoted = match[1] ?? match[2];
    return { text: quoted ?? match[0], at: match.index, isQuoted: quoted !== undefined };
  });
}

/** Reads tokens from left to right; the end is an empty token behind the text. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
    this.#end = { text: '', at: text.length, isQuoted: false };
  }

  peek(): Token {
    return this.#tokens[this.#next] ?? this.#end;
  }

  take(): Token {
    const token = this.peek();
    this.#next += 1;
    return token;
  }

  /** Takes the next token if it is this sign or word. */
  accept(word: string): boolean {
    const { text, isQuoted } = this.peek();
    if (isQuoted || text.toLowerCase() !== word) return false;
    this.#next += 1;
    return true;
  }

  isAtEnd(): boolean {
    return this.#next >= this.#tokens.length;
  }
}

function readSubject(reader: Reader): LabelSubject {
  const { text, at, isQuoted } = reader.take();
  if (isQuoted || !LABEL.test(text))
    throw new Fault(at, 'give the name of a label here, as in "cloud == aliyun" or "node.role == manager"');
  const [first = '', ...rest] = text.split('.');
  const scope = (['site', 'cluster', 'node'] as const).find((name) => name === first);
  const isEngine = first === 'engine' && rest[0] === 'labels';
  if (isEngine) return { scope: 'node', kind: 'label', key: text };
  if (scope === undefined) return { scope: 'nearest', kind: 'label', key: text };
  if (rest.length === 0)
    throw new Fault(at, `say which label of the ${text} is meant, as in "${text}.name == x"`);
  const isLabel = rest[0] === 'labels' && rest.length > 1;
  const key = (isLabel ? rest.slice(1) : rest).join('.');
  const known = scope === 'node' && key === 'hostname' ? 'name' : key;
  if (!isLabel && ATTRIBUTES[scope].includes(known)) return { scope, kind: 'attribute', key: known };
  return { scope, kind: 'label', key };
}

function readValue(reader: Reader, after: string): string {
  const { text, at, isQuoted } = reader.take();
  if (isQuoted) return text;
  if (text === '"' || text === "'") throw new Fault(at, 'this quote is not closed');
  if (text === '' || /^[!=(),]/.test(text)) throw new Fault(at, `a value is missing after ${after}`);
  return text;
}

function readList(reader: Reader, after: string): string[] {
  const { at } = reader.peek();
  if (!reader.accept('(')) throw new Fault(at, `a list in parentheses is missing after ${after}`);
  const values = [readValue(reader, '(')];
  while (reader.accept(',')) values.push(readValue(reader, 'the comma'));
  const end = reader.peek().at;
  if (!reader.accept(')')) throw new Fault(end, 'a comma or a closing parenthesis is missing');
  if (values.length > VALUES_MAX) throw new Fault(at, `give at most ${VALUES_MAX} values`);
  return values;
}

type Comparison = Pick<LabelTest, 'operator' | 'values'>;

function readComparison(reader: Reader): Comparison {
  if (reader.isAtEnd()) return { operator: 'exists', values: [] };
  if (reader.accept('==')) return { operator: 'in', values: [readValue(reader, '==')] };
  if (reader.accept('!=')) return { operator: 'not_in', values: [readValue(reader, '!=')] };
  if (reader.accept('in')) return { operator: 'in', values: readList(reader, 'in') };
  if (reader.accept('like')) return { operator: 'like', values: [readValue(reader, 'like')] };
  const { at, text } = reader.peek();
  if (reader.accept('not')) {
    if (reader.accept('in')) return { operator: 'not_in', values: readList(reader, 'not in') };
    if (reader.accept('like')) return { operator: 'not_like', values: [readValue(reader, 'not like')] };
    throw new Fault(reader.peek().at, 'after not comes in or like');
  }
  if (text === '=') throw new Fault(at, 'equality is written ==');
  throw new Fault(at, 'here comes one of ==, !=, in, not in, like, not like');
}

function readTest(reader: Reader): LabelTest {
  if (reader.accept('!')) return { subject: readSubject(reader), operator: 'absent', values: [] };
  return { subject: readSubject(reader), ...readComparison(reader) };
}

/** Reads `cloud == aliyun`, `node.zone in (a, b)`, `site.region not like eu-*`, `node.gpu`, `!node.spot`. */
export function parseConstraint(text: string): Parsed {
  const reader = new Reader(text);
  try {
    const test = readTest(reader);
    const { at } = reader.peek();
    if (!reader.isAtEnd())
      throw new Fault(at, 'the constraint should end here; write several as a list, all of them hold');
    return { kind: 'test', test };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const near = text.slice(error.at, error.at + 20);
    const where = near === '' ? 'at the end' : `at character ${error.at + 1}, "${near}"`;
    return { kind: 'fault', at: error.at, message: `In "${text}", ${where}: ${error.message}.` };
  }
}

/** A glob over the whole text, in time that grows with the product of both lengths at most. */
function matchesGlob(text: string, glob: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (glob[next] === '*') {
      star = next++;
      resume = at;
    } else if (next < glob.length && (glob[next] === '?' || glob[next] === text[at])) {
      next += 1;
      at += 1;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else return false;
  }
  while (glob[next] === '*') next += 1;
  return next === glob.length;
}

/** Whether a label with this value, or none, passes. */
export function passes({ operator, values }: LabelTest, value: string | undefined): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'in':
      return value !== undefined && values.includes(value);
    case 'not_in':
      return value === undefined || !values.includes(value);
    case 'like':
      return value !== undefined && values.some((glob) => matchesGlob(value, glob));
    case 'not_like':
      return value === undefined || !values.some((glob) => matchesGlob(value, glob));
  }
}

/** A constraint as text; a text that can't be read is refused with the place of the fault. */
export const Constraint = z
  .string()
  .min(1)
  .max(TEXT_MAX)
  .check((context) => {
    const parsed = parseConstraint(context.value);
    if (parsed.kind === 'fault')
      context.issues.push({ code: 'custom', input: context.value, message: parsed.message });
  })
  .meta({
    id: 'Constraint',
    description:
      "One test of a label: `cloud == aliyun`, `site.region != eu`, `node.zone in (a, b)`, `cluster.name not like test-*`, `node.gpu` (there is one), `!node.spot` (there is none). Without site, cluster or node before it, the label is the cluster's or else its site's.",
    examples: ['node.role == manager'],
  });

/** The structured form of a text that `Constraint` let through. */
export function readConstraint(text: string): LabelTest {
  const parsed = parseConstraint(text);
  if (parsed.kind === 'fault') throw new Error(parsed.message);
  return parsed.test;
}
