/** A report is sent again until it has arrived, and not again where the control plane has said which part of it can't be kept. */
import { expect, test } from 'vitest';
import type { Answer } from '../../../edge-agent/link/client.ts';
import { ClusterReporter } from '../../../edge-agent/worker/reporter.ts';

const EVENT = {
  id: 'drill-00000001',
  at: '2026-01-01T00:00:00.000Z',
  action: 'drill.failed',
  actor: '',
  detail: '',
};

function refusal(code: string, status: number, errors: readonly object[] = []): Answer {
  const problem = {
    type: `urn:isthmus:problem:${code}`,
    title: code,
    status,
    code,
    detail: `It is ${code}.`,
    instance: 'a',
  };
  return {
    kind: 'answer',
    status,
    headers: {},
    body: JSON.stringify(errors.length === 0 ? problem : { ...problem, errors }),
  };
}

/** A reporter and the bodies that it sent, with these answers one after the other. */
function reporterOf(...answers: readonly Answer[]) {
  const sent: unknown[] = [];
  const said: string[] = [];
  const left = [...answers];
  const reporter = new ClusterReporter({
    caller: {
      call: async ({ body }) => {
        sent.push(JSON.parse(String(body)));
        return left.shift() ?? { kind: 'answer', status: 204, headers: {}, body: '' };
      },
    },
    cluster: 'prod',
    now: () => 0,
    log: (line) => said.push(line),
  });
  return { reporter, sent, said };
}

test('what did not arrive is sent again, with its events', async () => {
  const { reporter, sent } = reporterOf({ kind: 'unreachable', code: 'timeout', reason: 'no answer' });
  reporter.record(EVENT);
  expect(await reporter.send({ services: [] })).toBe('failed');
  expect(await reporter.send({ services: [] })).toBe('sent');
  expect(await reporter.send({ services: [] })).toBe('nothing');
  expect(sent).toEqual([
    { services: [], events: [EVENT] },
    { services: [], events: [EVENT] },
  ]);
});

test('parts that the table does not take are not sent again as they are, and are said', async () => {
  const errors = [{ pointer: '/services', detail: 'Label fewer.' }];
  const { reporter, sent, said } = reporterOf(refusal('too_large', 413, errors));
  reporter.record(EVENT);
  expect(await reporter.send({ services: [] })).toBe('sent');
  expect(await reporter.send({ services: [] })).toBe('nothing');
  expect([sent.length, said]).toEqual([1, ['the report of cluster prod did not arrive: It is too_large.']]);
});

test('a body that was too large as a whole has not arrived', async () => {
  const { reporter } = reporterOf(refusal('too_large', 413));
  expect(await reporter.send({ services: [] })).toBe('failed');
});
