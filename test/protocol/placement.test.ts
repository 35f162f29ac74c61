/** What manifests may say of where an app runs: the texts of constraints, the faults in them and what a cluster is told. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type LabelTest, parseConstraint, passes, readConstraint } from '../../protocol/constraint.ts';
import { nodeRulesOf, Placement } from '../../protocol/placement.ts';

const label = (scope: LabelTest['subject']['scope'], key: string) => ({ scope, kind: 'label', key }) as const;
const attribute = (scope: LabelTest['subject']['scope'], key: string) =>
  ({ scope, kind: 'attribute', key }) as const;

describe('a constraint', () => {
  test.each<[string, LabelTest]>([
    ['cloud == aliyun', { subject: label('nearest', 'cloud'), operator: 'in', values: ['aliyun'] }],
    ['cloud==aliyun', { subject: label('nearest', 'cloud'), operator: 'in', values: ['aliyun'] }],
    ['node.role == manager', { subject: attribute('node', 'role'), operator: 'in', values: ['manager'] }],
    ['node.hostname == a1', { subject: attribute('node', 'name'), operator: 'in', values: ['a1'] }],
    ['node.labels.role == x', { subject: label('node', 'role'), operator: 'in', values: ['x'] }],
    [
      'engine.labels.disk == ssd',
      { subject: label('node', 'engine.labels.disk'), operator: 'in', values: ['ssd'] },
    ],
    ['site.region != eu', { subject: label('site', 'region'), operator: 'not_in', values: ['eu'] }],
    ['node.zone in (a, b)', { subject: label('node', 'zone'), operator: 'in', values: ['a', 'b'] }],
    ['node.zone NOT IN ("a b")', { subject: label('node', 'zone'), operator: 'not_in', values: ['a b'] }],
    ['site.name like eu-*', { subject: attribute('site', 'name'), operator: 'like', values: ['eu-*'] }],
    [
      'cluster.kind not like m*',
      { subject: attribute('cluster', 'kind'), operator: 'not_like', values: ['m*'] },
    ],
    [
      'node.topology.kubernetes.io/zone',
      {
        subject: label('node', 'topology.kubernetes.io/zone'),
        operator: 'exists',
        values: [],
      },
    ],
    ['!node.spot', { subject: label('node', 'spot'), operator: 'absent', values: [] }],
    ["owner == 'in'", { subject: label('nearest', 'owner'), operator: 'in', values: ['in'] }],
  ])('%s is read', (text, expected) => {
    expect(parseConstraint(text)).toEqual({ kind: 'test', test: expected });
  });

  test.each<[string, number, string]>([
    ['', 0, 'give the name of a label'],
    ['cloud = aliyun', 6, 'equality is written =='],
    ['cloud ==', 8, 'a value is missing after =='],
    ['cloud == ali yun', 13, 'should end here'],
    ['node == a', 0, 'say which label of the node'],
    ['node.zone in a', 13, 'a list in parentheses is missing'],
    ['node.zone in (a b)', 16, 'a comma or a closing parenthesis'],
    ['node.zone in (a', 15, 'a comma or a closing parenthesis'],
    ['node.zone in ()', 14, 'a value is missing after ('],
    ['node.zone not a', 14, 'after not comes in or like'],
    ['zone == "a', 8, 'this quote is not closed'],
    ['zone ~ a', 5, 'here comes one of'],
  ])('%s is refused at the place of the fault', (text, at, message) => {
    expect(parseConstraint(text)).toMatchObject({
      kind: 'fault',
      at,
      message: expect.stringContaining(message),
    });
  });

  test('never throws, and points inside the text or at its end', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[ a.!=(),"'in*]*$/)), (text) => {
        const parsed = parseConstraint(text);
        return parsed.kind === 'test' || (parsed.at >= 0 && parsed.at <= text.length);
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, string | undefined, boolean]>([
    ['x == a', 'a', true],
    ['x == a', undefined, false],
    ['x != a', 'b', true],
    ['x != a', undefined, true],
    ['x in (a, b)', 'b', true],
    ['x not in (a, b)', 'b', false],
    ['x', '', true],
    ['x', undefined, false],
    ['!x', undefined, true],
    ['!x', 'a', false],
    ['x like eu-*', 'eu-1', true],
    ['x like eu-*', 'us-eu-1', false],
    ['x like *a?c*', 'xxabcabd', true],
    ['x like a*b*c', 'abbbcb', false],
    ['x like a.c', 'abc', false],
    ['x like e*', undefined, false],
    ['x not like e*', undefined, true],
    ['x not like e*', 'eu', false],
  ])('%s and the value %s: %s', (text, value, expected) => {
    expect(passes(readConstraint(text), value)).toBe(expected);
  });

  test('with a glob agrees with the regular expression of the same meaning', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab*?]{1,6}$/), fc.stringMatching(/^[ab]{0,8}$/), (glob, text) => {
        const expression = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        const like: LabelTest = { subject: label('nearest', 'x'), operator: 'like', values: [glob] };
        return passes(like, text) === expression.test(text);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a placement', () => {
  test('says nothing by default but that replicas are divided by free room', () => {
    expect(Placement.parse({})).toEqual({
      division: { kind: 'divide', by: 'free' },
      constraints: [],
      preferences: [],
      spread: [],
      uniquePerNode: false,
      residency: 'anywhere',
      priority: 50,
      latencyTo: [],
    });
  });

  test.each<[string, unknown, string, string]>([
    ['a text that can not be read', { constraints: ['cloud = a'] }, 'constraints.0', 'at character 7'],
    ['burst of what stays inside', { residency: 'inside', burst: {} }, 'burst', 'does not burst'],
    ['burst of each', { division: { kind: 'each' }, burst: {} }, 'burst', 'divided'],
    ['spread of each', { division: { kind: 'each' }, spread: [{ by: 'site' }] }, 'spread', 'divided'],
    ['spread over nodes', { spread: [{ by: 'node.rack' }] }, 'spread', 'use groupBy'],
    ['spread by a comparison', { spread: [{ by: 'a == b' }] }, 'spread.0.by', 'the name of a label'],
    ['groups of clusters', { groupBy: 'site' }, 'groupBy', 'label of nodes'],
    ['two limits a node', { uniquePerNode: true, maxPerNode: 2 }, 'maxPerNode', 'one of'],
    [
      'weights without their kind',
      { division: { kind: 'divide', weights: { a: 1 } } },
      'division.weights',
      'only then',
    ],
    [
      'the kind without weights',
      { division: { kind: 'divide', by: 'weights' } },
      'division.weights',
      'Give weights',
    ],
  ])('with %s is refused', (_, placement, path, message) => {
    const { error } = Placement.safeParse(placement);
    expect(error?.issues.map((issue) => [issue.path.join('.'), issue.message])).toEqual([
      [path, expect.stringContaining(message)],
    ]);
  });

  test('tells clusters what concerns nodes and nothing else', () => {
    const placement = Placement.parse({
      constraints: ['cloud == a', 'node.role == manager'],
      preferences: [{ constraint: 'site.region == eu' }, { constraint: 'node.disk == ssd', weight: 7 }],
      uniquePerNode: true,
      groupBy: 'node.rack',
    });
    expect(nodeRulesOf(placement)).toEqual({
      constraints: [readConstraint('node.role == manager')],
      preferences: [{ test: readConstraint('node.disk == ssd'), weight: 7 }],
      maxPerNode: 1,
      groupBy: label('node', 'rack'),
    });
  });

  test('is published as JSON Schema with its defaults and meanings', () => {
    const schema = JSON.stringify(z.toJSONSchema(Placement, { io: 'input' }));
    expect(schema).toContain('cloud == aliyun');
    expect(schema).toContain('never the public cloud');
  });
});
