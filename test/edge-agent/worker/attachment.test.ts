/** Who says no to a cluster decides what a person is told to do about it. */
import { expect, test } from 'vitest';
import type { Answer } from '../../../edge-agent/link/client.ts';
import { Attachment } from '../../../edge-agent/worker/attachment.ts';
import { failedFinding } from '../../../edge-agent/worker/findings.ts';

function problem(status: number, code: string): Answer {
  const detail = 'The cluster prod is at the site tokyo.';
  const body = { type: `urn:isthmus:problem:${code}`, title: code, status, code, detail, instance: 'a' };
  return { kind: 'answer', status, headers: {}, body: JSON.stringify(body) };
}

async function adviceOn(answer: Answer): Promise<string> {
  const attachment = new Attachment({ call: async () => answer }, 'prod');
  await attachment.say({ kind: 'kubernetes', authority: 'PEM' }, 0);
  const { reason, cause } = attachment.state;
  const { message, fix } = failedFinding({ name: 'prod', kind: 'kubernetes', reason, cause });
  return `${message} ${fix}`;
}

test('a name that another site has is to be changed', async () => {
  expect(await adviceOn(problem(409, 'already_exists'))).toMatch(
    /^The cluster prod: The cluster prod is at the site tokyo\. .*taken by another site.*under another one\.$/,
  );
});

test('a control plane that does not take what is said of newer documents is told the rest', async () => {
  const said: string[] = [];
  const attached: Answer = {
    ...{ kind: 'answer', status: 200, headers: {} },
    body: JSON.stringify({ tenant: 'demo', site: 'berlin', host: 'prod.demo.clusters.isthmus.internal' }),
  };
  const attachment = new Attachment(
    {
      call: async ({ body = '' }) => {
        said.push(body);
        return body.includes('knows') ? problem(422, 'invalid') : attached;
      },
    },
    'prod',
  );
  const whole = { kind: 'kubernetes' as const, authority: 'PEM', knows: ['bindings'] };
  await attachment.say(whole, 0);
  expect(attachment.state.attached?.site).toBe('berlin');
  expect(said).toEqual([JSON.stringify(whole), '{"kind":"kubernetes","authority":"PEM"}']);
});

test('a control plane that does not answer is waited for', async () => {
  const silent = { kind: 'unreachable', code: 'timeout', reason: 'no answer' } as const;
  for (const answer of [silent, problem(503, 'internal')])
    expect(await adviceOn(answer)).toContain('It is tried again by itself.');
});

test.each([
  ['kubernetes', 'See that its API server answers'],
  ['docker', 'edge-agent node status, on the host of each'],
] as const)('of %s, what is away is to be looked after', (kind, advice) => {
  expect(failedFinding({ name: 'prod', kind, reason: 'no answer' }).fix).toContain(advice);
});
