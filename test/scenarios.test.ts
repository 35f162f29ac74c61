/** The table of what must not break: in order, and each row held by tests that carry its number in their names. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROW = /^\| (\d+(?:, \d+)*) \|.*\| ([^|]+) \|$/;
/** In the name of a test or of a group of tests, or in the row of a table of them. */
const NAMED = /^(?!\s*(?:\/\*\*|\*|\/\/)).*['"`](?:.*\bscenarios? |(?=\d+: ))(\d+(?:(?:,| and) \d+)*)/gim;

const root = new URL('..', import.meta.url).pathname;

interface Row {
  readonly numbers: readonly number[];
  readonly tests: readonly string[];
  /** What is not says `not yet`. */
  readonly isReached: boolean;
}

function rows(): Row[] {
  const text = readFileSync(`${root}docs/scenarios.md`, 'utf8');
  return text.split('\n').flatMap((line) => {
    const [, numbers = '', tests = ''] = ROW.exec(line) ?? [];
    if (numbers === '') return [];
    const named = [...tests.matchAll(/`([^`]+)`/g)].map(([, name = '']) => `test/${name}.test.ts`);
    return [{ numbers: numbers.split(', ').map(Number), tests: named, isReached: tests !== 'not yet' }];
  });
}

/** Numbers that names of tests in this file carry. */
function carried(path: string): Set<number> {
  const found = [...readFileSync(root + path, 'utf8').matchAll(NAMED)];
  return new Set(found.flatMap(([, numbers = '']) => [...numbers.matchAll(/\d+/g)].map(Number)));
}

test('scenarios stand in the order of their numbers, each once, none left out', () => {
  const numbers = rows().flatMap((row) => row.numbers);
  expect(numbers).toEqual(Array.from({ length: 28 }, (_, index) => index + 1));
});

test('their tests are there', () => {
  const missing = rows().flatMap(({ tests }) => tests.filter((path) => !existsSync(root + path)));
  expect(missing).toEqual([]);
});

test('each that is reached is named in at least one of its tests', () => {
  const reached = rows().filter(({ isReached }) => isReached);
  expect(reached.length).toBeGreaterThan(20);
  const unnamed = reached.flatMap(({ numbers, tests }) => {
    const there = tests.filter((path) => existsSync(root + path)).map(carried);
    return numbers.filter((number) => !there.some((one) => one.has(number)));
  });
  expect(unnamed).toEqual([]);
});
