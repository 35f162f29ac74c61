/** Rows of what needs a person: the worst first, each with a page that is there. */
import { expect, test } from 'vitest';
import { MATTERS_SHOWN, rowsOf, screenOf } from '../../../console/view/matters.ts';
import { pathOf, screenAt } from '../../../console/view/screens.ts';
import { MATTER_KINDS, type Matter } from '../../../protocol/attention.ts';

const matter = (level: Matter['level'], kind: Matter['kind'] = 'edge', name = 'e1'): Matter => ({
  ...{ kind, name, level, type: 'Connected', status: 'False', reason: 'NoHandshake' },
  ...{ message: 'Said.', since: '2026-01-31T12:00:00.000Z', remedy: '' },
});
const told = (tenant: string | undefined, items: Matter[], omitted = 0) => ({
  tenant,
  attention: { items, omitted },
});

test('faults of any tenant stand above decisions, and what passes is left out', () => {
  const { shown, more } = rowsOf([
    told(undefined, [matter('unknown', 'hub', 'one')]),
    told('acme', [matter('decision'), matter('passing')]),
    told('beta', [matter('fault', 'app', 'web')]),
  ]);
  expect(shown.map((row) => `${row.tenant} ${row.matter.level}`)).toEqual([
    'beta fault',
    'acme decision',
    'undefined unknown',
  ]);
  expect(more).toBe(0);
});

test('what is not shown is counted, also what the API left out', () => {
  const many = Array.from({ length: MATTERS_SHOWN + 3 }, () => matter('fault'));
  expect(rowsOf([told('acme', many, 7)])).toMatchObject({ shown: { length: MATTERS_SHOWN }, more: 10 });
});

test('every kind of a tenant leads to a page that there is, and back', () => {
  for (const kind of MATTER_KINDS.filter((one) => one !== 'hub')) {
    const screen = screenOf({ matter: matter('fault', kind, '<b>x'), tenant: 'a/b' });
    expect(screen, kind).toBeDefined();
    if (screen !== undefined) expect(screenAt(pathOf(screen))).toEqual(screen);
  }
});
