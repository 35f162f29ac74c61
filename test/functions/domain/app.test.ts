/** What is said of an app from what its clusters told. */
import { describe, expect, test } from 'vitest';
import { appConditions, checkApp } from '../../../functions/domain/app.ts';
import { type AppInstance, AppSpec } from '../../../protocol/app.ts';

const NOW = '2026-01-01T00:00:00.000Z';

type Statements = readonly (readonly [type: string, status: 'True' | 'False' | 'Unknown', reason: string])[];

function instance(cluster: string, statements: Statements, release = 1): AppInstance {
  return {
    cluster,
    release,
    wanted: 1,
    ready: 1,
    updated: 1,
    containers: [],
    statements: statements.map(([type, status, reason]) => ({ type, status, reason, message: `${reason}.` })),
  };
}

function conditions(...instances: readonly AppInstance[]) {
  const placed = { at: NOW, wanted: 2, unplaced: 0, assignments: [], why: ['All are placed.'] };
  const unnamed = { ports: [], endpoints: [] };
  const clusters = ['prod', 'test'];
  const all = appConditions({ release: 1, clusters, placed, instances, ...unnamed, updatedAt: NOW });
  return all
    .filter(({ type }) => type !== 'Placed')
    .map(({ type, status, reason, message }) => [type, status, reason, message]);
}

describe('an app', () => {
  test('is not known to run until every cluster has told of the newest release', () => {
    expect(conditions(instance('prod', []), instance('test', [], 0))).toEqual([
      ['Running', 'Unknown', 'NotTold', 'test has told nothing of release 1 yet.'],
    ]);
  });

  test('does not run if one cluster says what is wrong', () => {
    const told = [
      instance('prod', [['Available', 'True', 'Ready']]),
      instance('test', [['Available', 'Unknown', 'Waiting']]),
    ];
    expect(conditions(...told)).toEqual([['Running', 'False', 'Waiting', 'test: Waiting.']]);
  });

  test('runs although its isolation does not hold, which is said apart', () => {
    const told = [
      instance('prod', [['Enforced', 'True', 'ByPlugin']]),
      instance('test', [['Enforced', 'False', 'PoliciesIgnored']]),
    ];
    expect(conditions(...told)).toEqual([
      ['Running', 'True', 'Running', 'Release 1 runs in prod, test.'],
      ['Enforced', 'False', 'PoliciesIgnored', 'test: PoliciesIgnored.'],
    ]);
  });

  test.each([
    [['True', 'Unknown'], 'Unknown'],
    [['Unknown', 'False'], 'False'],
    [['True', 'True'], 'True'],
  ] as const)('is isolated in clusters that say %s: %s', ([prod, dev], expected) => {
    const told = [
      instance('prod', [['Enforced', prod, 'Said']]),
      instance('test', [['Enforced', dev, 'Said']]),
    ];
    expect(conditions(...told)[1]?.slice(0, 2)).toEqual(['Enforced', expected]);
  });
});

describe('an app with a pool', () => {
  const around = {
    clusters: new Set(['prod', 'test']),
    pools: new Map([['web', new Set(['prod'])]]),
  };
  const check = (pool: string, ...clusters: readonly string[]) =>
    checkApp(AppSpec.parse({ image: 'x:1', pool, placement: { clusters } }), around)?.detail;

  test('is placed where the pool has a range, and nowhere else', () => {
    expect(check('web', 'prod')).toBeUndefined();
    expect(check('web', 'prod', 'test')).toBe(
      '/spec/pool: The pool web has no range in the cluster test. Give it one first.',
    );
    expect(check('db', 'prod')).toBe('/spec/pool: There is no pool db in the tenant.');
  });
});
