/** Problem codes are a promise: the documentation lists each of them, with the status that the protocol gives it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answerFailure, Rejection } from '../../../functions/api/problems.ts';
import { PROBLEMS, Problem } from '../../../protocol/problem.ts';
import { createBench } from './bench.ts';

describe('docs/problems.md', () => {
  test('lists exactly the codes of the protocol, each with its status', () => {
    const rows = readFileSync('docs/problems.md', 'utf8').matchAll(/^\| `(\w+)` \| (\d+) \| .+ \| .+ \|$/gm);
    const listed = [...rows].map(([, code, status]) => `${code} ${status}`).sort();
    const promised = Object.entries(PROBLEMS).map(([code, { status }]) => `${code} ${status}`);
    expect(listed).toEqual(promised.sort());
  });
});

describe('the funnel', () => {
  test('a failure of ours hides its details and shows the request id', async () => {
    const answer = answerFailure(new Error('password is 1234'), 'abc');
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).not.toContain('1234');
    expect(Problem.parse(JSON.parse(text))).toMatchObject({ code: 'internal', instance: 'abc' });
  });

  test('what the store throws reaches the log, not the client', async () => {
    const bench = await createBench();
    bench.store.list = async () => {
      throw new Error('the table is on fire');
    };
    const broken = await createBench({ store: bench.store });
    const reply = await broken.call('GET', '/v1/tenants');
    expect(reply.status).toBe(500);
    expect(reply.text).not.toContain('fire');
    expect(reply.headers.get('isthmus-request-id')).toBe(reply.json.instance);
    expect(broken.failures.map(String)).toEqual(['Error: the table is on fire']);
  });

  test('a refusal to be repeated says when', () => {
    const answer = answerFailure(new Rejection({ code: 'busy', detail: 'Wait.' }), 'abc');
    expect(answer.headers.get('retry-after')).toBe('1');
  });
});

describe('what is not there', () => {
  test.each([
    ['GET', '/v1/nothing', 404, 'not_found'],
    ['GET', '/v1/tenants/', 404, 'not_found'],
    ['PATCH', '/v1/tenants/acme', 405, 'method_not_allowed'],
    ['POST', '/v1/tenants/acme/edges', 405, 'method_not_allowed'],
    ['PUT', '/v1/tenants/acme/tokens/t1', 405, 'method_not_allowed'],
    ['GET', '/v1/tenants/UPPER', 404, 'not_found'],
    ['GET', '/v1/tenants/*', 404, 'not_found'],
    ['GET', '/v1/tenants/%2A/keys', 404, 'not_found'],
    ['GET', '/v1/tenants/..%2F..', 404, 'not_found'],
  ])('%s %s is answered with %i %s', async (method, path, status, code) => {
    const bench = await createBench();
    const reply = await bench.call(method, path);
    expect(reply.status).toBe(status);
    expect(Problem.parse(reply.json).code).toBe(code);
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
  });

  test('a name that cannot be one is refused before anything is looked up', async () => {
    const bench = await createBench();
    for (const path of ['/v1/tenants/%2A/keys', '/v1/tenants/UPPER', '/v1/tenants/a.b/events'])
      expect((await bench.call('GET', path)).json.detail).toContain('not a valid one');
  });

  test('a wrong method is told the right ones', async () => {
    const bench = await createBench();
    const reply = await bench.call('PATCH', '/v1/tenants/acme');
    expect(reply.headers.get('allow')).toBe('GET, PUT, DELETE');
  });
});
