/** Words and ages: every language has them all, and an age is as short as can be and never negative. */
import { expect, test } from 'vitest';
import { ageWords, LANGUAGES, untilWords, wordsOf } from '../../../console/view/words.ts';
import { ACCESS_ENGLISH } from '../../../console/view/words-access.ts';
import { APPS_ENGLISH } from '../../../console/view/words-apps.ts';
import { CLUSTERS_ENGLISH } from '../../../console/view/words-clusters.ts';
import { EDITORS_ENGLISH } from '../../../console/view/words-editors.ts';
import { LIVE_ENGLISH } from '../../../console/view/words-live.ts';
import { SITES_ENGLISH } from '../../../console/view/words-sites.ts';

test('no language lacks a word, and the two differ in every word but the name', () => {
  for (const language of LANGUAGES)
    expect(Object.entries(wordsOf(language)).filter(([, word]) => word.trim() === '')).toEqual([]);
  const chinese = new Map(Object.entries(wordsOf('zh')));
  const same = Object.entries(wordsOf('en')).filter(([name, word]) => chinese.get(name) === word);
  expect(same.map(([name]) => name)).toEqual(['product']);
});

test('no two parts of the console call different things by one name', () => {
  const parts = [
    ACCESS_ENGLISH,
    APPS_ENGLISH,
    SITES_ENGLISH,
    CLUSTERS_ENGLISH,
    EDITORS_ENGLISH,
    LIVE_ENGLISH,
  ].map((part) => Object.entries(part));
  const all = wordsOf('en');
  expect(
    parts.flat().filter(([name, word]) => Object.entries(all).find(([one]) => one === name)?.[1] !== word),
  ).toEqual([]);
});

test('an age is said in the largest unit that is full', () => {
  const ages = [0, 2, 3, 59, 60, 3_599, 3_600, 86_399, 86_400, 8_640_000];
  expect(ages.map((seconds) => ageWords(seconds, 'en'))).toEqual([
    'now',
    'now',
    '3 s ago',
    '59 s ago',
    '1 min ago',
    '59 min ago',
    '1 h ago',
    '23 h ago',
    '1 d ago',
    '100 d ago',
  ]);
  expect(ageWords(60, 'zh')).toBe('1 分钟前');
});

test('a time to come is said in minutes that are begun, and in seconds at last', () => {
  expect([0, 59, 60, 61, 3_600].map((seconds) => untilWords(seconds, 'en'))).toEqual([
    'in 0 s',
    'in 59 s',
    'in 1 min',
    'in 2 min',
    'in 60 min',
  ]);
  expect(untilWords(61, 'zh')).toBe('2 分钟后');
});
