/** Laws of the resource function: after any sequence of deployments the API holds the last good template, and others' own. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fate, Stack, type Template } from './resource-stack.ts';
import { createStand, type Declaration, type Fault, type Stand, sweep } from './resource-stand.ts';

const TENANTS = ['acme', 'globex'];
/**
 * Each logical id has paths of its own, two names in two tenants, as the constructs see to: CloudFormation gives no sign
 * by which a path that goes from one logical id to another could be told from a deletion.
 */
const LOGICAL_IDS = ['One', 'Two', 'Three'];

interface Deployment {
  readonly template: Template;
  readonly faults: readonly Fault[];
  readonly fates: readonly Fate[];
  /** Made by someone else just before, where the name is free. */
  readonly foreign: readonly Declaration[];
}

function declarationOf(logicalId: string): fc.Arbitrary<Declaration> {
  return fc
    .record({
      tenant: fc.constantFrom(...TENANTS),
      twin: fc.constantFrom('a', 'b'),
      from: fc.constantFrom('oslo', 'rome'),
    })
    .map(({ tenant, twin, from }) => ({
      collection: `/v1/tenants/${tenant}/policies`,
      name: `${logicalId.toLowerCase()}-${twin}`,
      spec: { from: { site: from }, to: { site: 'bern' } },
    }));
}

const template: fc.Arbitrary<Template> = fc
  .tuple(...LOGICAL_IDS.map((id) => fc.option(declarationOf(id), { nil: undefined })))
  .map(
    (declared) =>
      new Map(
        declared.flatMap((each, index) =>
          each === undefined ? [] : [[LOGICAL_IDS[index] ?? '', each] as const],
        ),
      ),
  );

/** Runs of one fault: short ones are survived, long ones end the deployment. */
const faults = fc
  .array(
    fc.record({
      fault: fc.constantFrom<Fault>('fine', 'fine', 'busy', 'throttled', 'lost', 'down'),
      times: fc.integer({ min: 1, max: 10 }),
    }),
    { maxLength: 5 },
  )
  .map((runs) => runs.flatMap(({ fault, times }) => Array.from({ length: times }, () => fault)));

const deployment: fc.Arbitrary<Deployment> = fc.record({
  template,
  faults: fc.oneof(fc.constant([]), faults),
  fates: fc.array(fc.constantFrom<Fate>('heard', 'heard', 'twice', 'never'), { maxLength: 3 }),
  foreign: fc.array(fc.oneof(...LOGICAL_IDS.map(declarationOf)), { maxLength: 2 }),
});

const pathOf = ({ collection, name }: Declaration) => `${collection}/${name}`;

/** The site that a policy is from, by the policy's path. */
async function stateOf({ bench }: Stand): Promise<Record<string, string>> {
  const found: [string, string][] = [];
  for (const tenant of TENANTS) {
    const path = `/v1/tenants/${tenant}/policies`;
    const { json } = await bench.call('GET', path);
    for (const { metadata, spec } of json.items) found.push([`${path}/${metadata.name}`, spec.from.site]);
  }
  return Object.fromEntries(found.sort());
}

/** The same of what others made and the last good template declares. */
function expected(others: ReadonlyMap<string, Declaration>, good: Template): Record<string, string> {
  const all = [...others.values(), ...good.values()];
  return Object.fromEntries(all.map((each) => [pathOf(each), Object(each.spec).from.site] as const).sort());
}

async function begin(): Promise<Stand> {
  const stand = await createStand();
  for (const name of TENANTS)
    await stand.bench.call('POST', '/v1/tenants', { body: { metadata: { name }, spec: {} } });
  return stand;
}

async function makeForeign(
  stand: Stand,
  foreign: readonly Declaration[],
  others: Map<string, Declaration>,
): Promise<void> {
  await sweep(stand.bench);
  for (const each of foreign) {
    const body = { metadata: { name: each.name }, spec: each.spec };
    const { status } = await stand.bench.call('POST', each.collection, { body });
    if (status === 201) others.set(pathOf(each), each);
  }
}

describe('after any sequence of deployments, with faults, lost answers and roll-backs', () => {
  test('the API holds the last good template and what others made, and nothing else', async () => {
    const outcomes = { complete: 0, 'rolled back': 0, adopted: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(deployment, { minLength: 1, maxLength: 6 }), async (deployments) => {
        const stand = await begin();
        const stack = new Stack(stand, 'stack-1');
        const others = new Map<string, Declaration>();
        let good: Template = new Map();
        for (const { template, faults, fates, foreign } of [...deployments, LAST]) {
          await makeForeign(stand, foreign, others);
          stand.faults.push(...faults);
          const outcome = await stack.deploy(template, fates);
          stand.faults.length = 0;
          outcomes[outcome] += 1;
          if (outcome === 'complete') good = template;
          // What the stack adopted is changed by its template, and stays with what it last said.
          for (const each of outcome === 'complete' ? template.values() : [])
            if (others.has(pathOf(each))) {
              outcomes.adopted += 1;
              others.set(pathOf(each), each);
            }
          expect(await stateOf(stand)).toEqual(expected(others, good));
        }
        expect(await stateOf(stand)).toEqual(expected(others, new Map()));
      }),
      { numRuns: 100, seed: 20 },
    );
    // The law would say little if one of these were rare.
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(30);
  }, 60_000);

  test('a deployment that meets no fault and nobody else is complete', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(template, { minLength: 1, maxLength: 5 }), async (templates) => {
        const stack = new Stack(await begin(), 'stack-1');
        for (const each of templates) expect(await stack.deploy(each)).toBe('complete');
      }),
      { numRuns: 30, seed: 21 },
    );
  });
});

/** The stack is deleted. */
const LAST: Deployment = { template: new Map(), faults: [], fates: [], foreign: [] };
