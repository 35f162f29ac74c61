/** Clusters of other orchestrators than Kubernetes: attached and told of like any, and nobody is let through to them. */
import { expect, test } from 'vitest';
import { callAs, createBench } from './bench.ts';
import { enrol, tokenFor, withSite } from './estates.ts';

test.each(['swarm', 'docker', 'mesos', 'marathon'])(
  'a token of a %s cluster is not to be had',
  async (kind) => {
    const bench = await createBench();
    await withSite(bench);
    const edge = await enrol(bench, await tokenFor(bench));
    const body = { kind, authority: 'PEM' };
    const attached = await callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/plain', body });
    expect(attached.status).toBe(200);
    const reply = await bench.call('POST', '/v1/tenants/acme/clusters/plain/credentials', {});
    expect([reply.status, reply.json.detail]).toEqual([
      403,
      `plain is a ${kind} cluster: its API is not passed on. Apps run there by manifest.`,
    ]);
  },
);

test('a name that a cluster of another kind has is not taken over: what runs there would be forgotten', async () => {
  const bench = await createBench();
  await withSite(bench);
  const edge = await enrol(bench, await tokenFor(bench));
  const attach = (kind: string) =>
    callAs(bench, edge, {
      ...{ method: 'POST', path: '/v1/agent/clusters/plain', body: { kind, authority: 'PEM' } },
    });
  await attach('mesos');
  const refused = await attach('marathon');
  expect([refused.status, refused.json.code]).toEqual([409, 'already_exists']);
  expect(refused.json.detail).toContain('of the kind mesos');
});
