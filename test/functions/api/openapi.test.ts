/** The OpenAPI document is generated from what runs: it is complete, it is true, and it repeats no schema. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Bench, createBench } from './bench.ts';
import { type Described, operationsOf } from './operations.ts';

let bench: Bench;
let document: { openapi: string; components: object; paths: object };
let operations: Described[];

beforeAll(async () => {
  bench = await createBench();
  document = (await bench.call('GET', '/openapi.json', { key: null })).json;
  operations = operationsOf(document);
});

describe('every operation', () => {
  test('has an id of its own, a summary and a tag', () => {
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(operations.filter(({ summary, tags }) => summary === '' || tags.length !== 1)).toEqual([]);
  });

  test('says what it takes to call it, and only four take nothing', () => {
    const open = operations.filter(({ security }) => security.length === 0).map(({ id }) => id);
    expect(open.sort()).toEqual(['enrol', 'getHealth', 'getRoots', 'getSignIn']);
    const schemes = operations.flatMap(({ security }) => security.flatMap((scheme) => Object.keys(scheme)));
    expect([...new Set(schemes)].sort()).toEqual(['agentSignature', 'apiKey']);
  });

  test('lists the problems that a caller has to expect', () => {
    for (const { id, statuses, security, method, hasBody } of operations) {
      const least = [
        '422',
        '500',
        ...(security.length > 0 ? ['401'] : []),
        ...(hasBody ? ['400', '413', '415'] : []),
      ];
      const change = method === 'put' || method === 'delete' ? ['404', '412', '428'] : [];
      expect(statuses, id).toEqual(expect.arrayContaining([...least, ...change]));
    }
  });

  test('is reachable: without a credential it is refused, not missing', async () => {
    for (const { id, method, path, security } of operations) {
      const reply = await bench.call(
        method.toUpperCase(),
        path.replaceAll(/\{hash\}/g, 'a'.repeat(64)).replaceAll(/\{\w+\}/g, 'name'),
        { key: null },
      );
      if (security.length > 0) expect(reply.status, id).toBe(401);
      else expect([200, 415], id).toContain(reply.status);
    }
  });
});

describe('the document', () => {
  test('is OpenAPI 3.1', () => {
    expect(document.openapi).toBe('3.1.0');
  });

  test('writes no schema out twice', () => {
    const seen = new Map<string, string[]>();
    const visit = (node: unknown, at: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const isNamed = /^\/components\/schemas\/\w+$/.test(at);
      if (!isNamed && 'type' in node && node.type === 'object' && 'properties' in node) {
        const text = JSON.stringify(node);
        seen.set(text, [...(seen.get(text) ?? []), at]);
      }
      for (const [name, member] of Object.entries(node)) visit(member, `${at}/${name}`);
    };
    visit(document, '');
    expect([...seen.values()].filter((places) => places.length > 1)).toEqual([]);
  });

  test('names only schemas that it has', () => {
    const text = JSON.stringify(document);
    const named = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name);
    const has = 'schemas' in document.components ? Object.keys(Object(document.components.schemas)) : [];
    expect(named.filter((name) => !has.includes(name))).toEqual([]);
  });
});
