/**
 * From what a schema found to what a person can act on: a JSON pointer and a sentence for each wrong field.
 * It knows no route and no resource.
 */
import type { z } from 'zod';
import { Metadata } from '../../protocol/metadata.ts';
import type { FieldFault } from '../../protocol/problem.ts';
import { refuse } from './problems.ts';

const FAULTS_MAX = 32;
const SHOWN_MAX = 40;

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Where a value came from: it decides how a field is pointed at. */
export type Source = 'body' | 'query';

/** The parsed value, or the problem `invalid` with a fault for each wrong field. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, source: Source): T {
  const result = schema.safeParse(value, { error: sentenceOf });
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue) => faultsOf(issue, source)).slice(0, FAULTS_MAX);
  const [first] = faults;
  const more = faults.length > 1 ? ` There are ${faults.length} wrong fields in all.` : '';
  return refuse('invalid', `${first?.pointer ?? ''}: ${first?.detail ?? ''}${more}`, faults);
}

/** A single wrong field, found by a rule outside the schemas. */
export function refuseField(pointer: string, detail: string): never {
  return refuse('invalid', `${pointer}: ${detail}`, [{ pointer, detail }]);
}

function faultsOf(issue: Issue, source: Source): FieldFault[] {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return unionFaults(issue, source);
  if (issue.code !== 'unrecognized_keys')
    return [{ pointer: pointerOf(issue.path, source), detail: issue.message }];
  return issue.keys.map((key) => ({
    pointer: pointerOf([...issue.path, key], source),
    detail: strangeFieldText(issue.path, key),
  }));
}

function strangeFieldText(path: readonly PropertyKey[], key: string): string {
  if (path.length === 0 && (key === 'metadata' || key === 'status'))
    return `Send only the spec: ${shown(key)} is not changed by this request, and the path says the name.`;
  if (path.length === 1 && path[0] === 'metadata' && key in Metadata.shape)
    return `Send only the spec, and what may be chosen of the metadata: ${shown(key)} is not changed by this request.`;
  return `There is no field ${shown(key)} here. Remove it, or check its spelling.`;
}

/** Of a field with several forms: what is wrong in the one that was meant, or which forms there are. */
function unionFaults(
  { path, errors }: Extract<Issue, { code: 'invalid_union' }>,
  source: Source,
): FieldFault[] {
  const meant = errors.filter((issues) => !issues.some(isOfAnotherForm));
  const [only] = meant;
  if (only !== undefined && meant.length === 1)
    return only.flatMap((issue) => faultsOf({ ...issue, path: [...path, ...issue.path] }, source));
  const sentences = errors.flatMap((issues) => issues.slice(0, 1).map(({ message }) => message));
  return [{ pointer: pointerOf(path, source), detail: [...new Set(sentences)].join(' Or: ') }];
}

function isOfAnotherForm({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

/** RFC 6901 into a body; `?name` for a query parameter. */
function pointerOf(path: readonly PropertyKey[], source: Source): string {
  if (source === 'query') return `?${path.map(String).join('.')}`;
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function sentenceOf(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return typeSentence(String(issue.expected), issue.input);
    case 'invalid_value':
      return `Write one of: ${issue.values.map(String).join(', ')}.`;
    case 'too_small':
      return `${sizeWord(issue.origin)} at least ${issue.minimum}.`;
    case 'too_big':
      return `${sizeWord(issue.origin)} at most ${issue.maximum}.`;
    case 'invalid_format':
      return `This is not a valid value: ${shown(issue.input)}.`;
    case 'invalid_union':
      return Array.isArray(issue.options)
        ? `Write one of: ${issue.options.map(String).join(', ')}.`
        : undefined;
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return undefined;
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function typeSentence(expected: string, input: unknown): string {
  const wanted = TYPE_WORDS[expected] ?? expected;
  return input === undefined ? `This field is required: ${wanted}.` : `This field is ${wanted}.`;
}

function sizeWord(origin: string): string {
  if (origin === 'string') return 'The length is';
  return origin === 'array' ? 'The number of items is' : 'The value is';
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, SHOWN_MAX) ?? 'nothing';
}
