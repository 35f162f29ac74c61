/** Reports to a control plane of an older release: what it does not know is left out, and nothing else. */
import { expect, test } from 'vitest';
import type { Answer, Call } from '../../../edge-agent/link/client.ts';
import { Reporter } from '../../../edge-agent/link/report.ts';

const REPORT = { version: '0.1.0', wireguardKey: 'k', advertise: [], findings: [] };
const REFUSAL = {
  ...{
    type: 'about:blank',
    title: 'Invalid',
    status: 422,
    code: 'invalid',
    detail: 'There is no such field.',
  },
  errors: [{ pointer: '/features', detail: 'There is no field "features" here.' }],
};

/** Keeps the reports that it takes. */
function olderPlane() {
  const taken: unknown[] = [];
  const asked: string[] = [];
  const call = async ({ body = '' }: Call): Promise<Answer> => {
    asked.push(body);
    const report = JSON.parse(body);
    const isKnown = report.features === undefined;
    if (isKnown) taken.push(report);
    const [status, text] = isKnown ? [204, ''] : [422, JSON.stringify(REFUSAL)];
    return { kind: 'answer', status, headers: {}, body: text };
  };
  return { taken, asked, call };
}

test('a control plane that knows no features is told without, and from then on not offered any', async () => {
  const plane = olderPlane();
  const reporter = new Reporter(plane);
  expect(await reporter.send({ ...REPORT, features: ['two_keys'] })).toEqual({ kind: 'sent' });
  expect(await reporter.send({ ...REPORT, features: ['two_keys'] })).toEqual({ kind: 'unchanged' });
  expect(await reporter.send({ ...REPORT, features: ['two_keys'], activeHub: 'a' })).toEqual({
    kind: 'sent',
  });
  expect(plane.taken).toEqual([REPORT, { ...REPORT, activeHub: 'a' }]);
  expect(plane.asked.length).toBe(3);
});
