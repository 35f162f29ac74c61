/**
 * Scenarios 7 and 8 for who signed in: people and machines get tokens for clusters by the bindings that name them, and what a token is worth is the newest word of the document.
 * The edge's part is the proxy's own code, held against the leaf that the control plane compiled.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requesterOf } from '../../../edge-agent/proxy/access.ts';
import { verifyToken } from '../../../edge-agent/proxy/token.ts';
import { trustIssuers } from '../../../functions/oidc/token-check.ts';
import type { ClusterLeaf } from '../../../protocol/document.ts';
import { startTokenIssuer, type TokenIssuer } from '../../fakes/token-issuer.ts';
import { type Bench, callAs, createBench } from './bench.ts';
import { compiledLeaf } from './cluster-leaf.ts';
import { type Enrolled, edit, enrol, make, remove, tokenFor, withSite } from './estates.ts';

const CLUSTER = '/v1/tenants/acme/clusters/prod';
const NOW_MS = Date.parse('2026-01-31T12:00:00.000Z');

let people: TokenIssuer;
let jobs: TokenIssuer;
let bench: Bench;
let edge: Enrolled;

beforeAll(async () => {
  people = await startTokenIssuer();
  jobs = await startTokenIssuer({ kind: 'machines' });
});
afterAll(() => Promise.all([people.close(), jobs.close()]));

beforeEach(async () => {
  bench = await createBench(trustIssuers([people.trusted, jobs.trusted], () => NOW_MS));
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  await attach({ knows: ['bindings'] });
});

const attach = (more: object) =>
  callAs(bench, edge, {
    method: 'POST',
    path: '/v1/agent/clusters/prod',
    body: { kind: 'kubernetes', authority: 'PEM', ...more },
  });
const leafOf = (): Promise<ClusterLeaf> => compiledLeaf(bench, edge.id);
const ada = (groups: readonly string[] = []) => people.token('ada', { groups, name: 'Ada' }, NOW_MS);
const ask = (key: string) => bench.call('POST', `${CLUSTER}/credentials`, { key });
const toAda = () => ({ kind: 'person', issuer: people.issuer, subject: 'ada' });
const toGroup = (group: string) => ({ kind: 'group', issuer: people.issuer, group });
const bind = (name: string, who: object, more: object = {}, place = '/v1/tenants/acme') =>
  make(bench, [`${place}/bindings`, name], { who, role: 'operator', ...more });

/** As whom the edge's proxy lets the token in, by this leaf. */
async function admitted(token: string, leaf: ClusterLeaf) {
  const verified = await verifyToken(`Bearer ${token}`, leaf, NOW_MS);
  return verified.kind === 'refused' ? verified.reason : requesterOf(verified.claimant, leaf);
}

describe('a person (scenarios 7 and 8)', () => {
  test('comes in by a binding of hers, as issuer and subject, in the groups of its role', async () => {
    await bind('ada', toAda());
    const { status, json } = await ask(await ada());
    const user = `isthmus:person:${people.issuer}#ada`;
    expect([status, json.subject, json.groups]).toEqual([200, user, ['isthmus:operators']]);
    expect(await admitted(json.token, await leafOf())).toEqual({
      subject: user,
      user,
      groups: ['isthmus:operators'],
    });
  });

  test('comes in by her groups, and the token tells of no other groups', async () => {
    await bind('ops', toGroup('ops'));
    await bind('all', toGroup('all'), { role: 'viewer' }, '/v1');
    const { json } = await ask(await ada(['ops', 'secret-project', 'all']));
    expect(json.groups).toEqual(['isthmus:operators', 'isthmus:viewers']);
    const claims = JSON.parse(Buffer.from(String(json.token).split('.')[1] ?? '', 'base64url').toString());
    expect(claims.who.groups).toEqual(['all', 'ops']);
  });

  test('is out as soon as the binding is deleted, although the token lives on', async () => {
    await bind('ops', toGroup('ops'));
    const { token } = (await ask(await ada(['ops']))).json;
    expect(await admitted(token, await leafOf())).toBeDefined();
    await remove(bench, '/v1/tenants/acme/bindings/ops');
    expect(await admitted(token, await leafOf())).toBeUndefined();
    expect((await ask(await ada(['ops']))).status).toBe(404);
  });

  test('has, by a binding of a site, what stands there alone', async () => {
    await bind('all', toAda(), { role: 'viewer', sites: ['tokyo'] });
    const refused = await ask(await ada());
    expect([refused.status, refused.json.code]).toEqual([403, 'forbidden']);
    expect(await leafOf()).not.toHaveProperty('bindings');
  });

  test('with a role of the tenant’s own has the groups that the cluster gives the binding, while the role lets her read it', async () => {
    const rules = [{ kinds: ['cluster'], verbs: ['read'] }];
    await make(bench, ['/v1/tenants/acme/roles', 'kube'], { rules });
    await bind('ada', toAda(), { role: 'kube' });
    expect((await ask(await ada())).json.detail).toContain('No binding that names you gives a group in prod');
    const { spec } = (await bench.call('GET', CLUSTER)).json;
    const bindings = [{ binding: 'ada', groups: ['team:a'] }];
    await edit(bench, CLUSTER, { ...spec, access: { ...spec.access, bindings } });
    const { json } = await ask(await ada());
    expect(json.groups).toEqual(['team:a']);
    expect(await admitted(json.token, await leafOf())).toMatchObject({ groups: ['team:a'] });
    await edit(bench, '/v1/tenants/acme/roles/kube', { rules: [{ kinds: ['app'], verbs: ['read'] }] });
    expect(await admitted(json.token, await leafOf())).toBeUndefined();
  });

  test('of another issuer, or a machine, is somebody else in spite of the same subject', async () => {
    await bind('ada', toAda());
    expect((await ask(await jobs.token('ada', {}, NOW_MS))).status).toBe(404);
  });

  test('at an edge that knows keys only is told so, and its document has nothing that it does not know', async () => {
    await attach({});
    await bind('ada', toAda());
    const refused = await ask(await ada());
    expect([refused.status, refused.json.detail]).toEqual([
      403,
      expect.stringContaining("Run the installer's line on it again"),
    ]);
    expect(await leafOf()).not.toHaveProperty('bindings');
  });

  test('whom too many bindings name for one token is told what to do', async () => {
    const groups = Array.from({ length: 65 }, (_, index) => `group-${index}`);
    for (const group of groups) await bind(group, toGroup(group));
    const refused = await ask(await ada(groups));
    expect([refused.status, refused.json.detail]).toEqual([403, expect.stringContaining('fewer bindings')]);
  }, 30_000);

  test('is in the audit log by issuer and subject', async () => {
    await bind('ada', toAda());
    await ask(await ada());
    const { items } = (await bench.call('GET', '/v1/tenants/acme/events')).json;
    expect(items[0]).toMatchObject({
      actor: 'person:ada',
      by: { kind: 'person', issuer: people.issuer, subject: 'ada', name: 'Ada' },
      action: 'issue',
      kind: 'cluster',
      name: 'prod',
    });
  });
});

describe('a machine (scenarios 7 and 8)', () => {
  const subject = 'repo:acme/shop:ref:refs/heads/main';
  const toShop = () => ({
    kind: 'machine',
    issuer: jobs.issuer,
    subject: 'repo:acme/*:ref:refs/heads/main',
    claims: { owner: '42' },
  });

  test('comes in by the pattern of its subject and its claims', async () => {
    await bind('shop', toShop());
    const { json } = await ask(await jobs.token(subject, { owner: '42', sha: 'abc' }, NOW_MS));
    expect(await admitted(json.token, await leafOf())).toEqual({
      subject: json.subject,
      user: `isthmus:machine:${jobs.issuer}#${subject}`,
      groups: ['isthmus:operators'],
    });
    const claims = JSON.parse(Buffer.from(String(json.token).split('.')[1] ?? '', 'base64url').toString());
    expect(claims.who.claims).toEqual({ owner: '42' });
  });

  test.each([
    ['another branch', 'repo:acme/shop:ref:refs/heads/x', '42'],
    ['another owner', subject, '43'],
  ])('of %s does not', async (_, other, owner) => {
    await bind('shop', toShop());
    expect((await ask(await jobs.token(other, { owner }, NOW_MS))).status).toBe(404);
  });

  test('whose name is too long for a cluster is told so', async () => {
    await bind('shop', { ...toShop(), subject: 'repo:**', claims: {} });
    const refused = await ask(await jobs.token(`repo:${'x'.repeat(190)}`, {}, NOW_MS));
    expect([refused.status, refused.json.detail]).toEqual([403, expect.stringContaining('200 characters')]);
  });
});

test('a key is never let in as a person, whatever the key’s token says of itself', async () => {
  await bind('ada', toAda());
  const { subject, token } = (await bench.call('POST', `${CLUSTER}/credentials`, {})).json;
  const leaf = await leafOf();
  expect(subject).toMatch(/^\*\/root\//);
  expect(await admitted(token, leaf)).toMatchObject({ user: 'isthmus:*:root' });
  expect(requesterOf({ subject: `isthmus:person:${people.issuer}#ada` }, leaf)).toBeUndefined();
});
