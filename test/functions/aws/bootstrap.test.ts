/** What a deployment begins with is made once, and made again changes nothing that is somebody's: keys, secrets, the estate. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { replaceAdminKey } from '../../../functions/api/admin-key.ts';
import { createApi } from '../../../functions/api/app.ts';
import { createBootstrap } from '../../../functions/aws/bootstrap.ts';
import { makeEstate } from '../../../functions/aws/bootstrap-estate.ts';
import { makeKeys } from '../../../functions/aws/bootstrap-keys.ts';
import { systemClock as clock } from '../../../functions/aws/clock.ts';
import { factsOf } from '../../../functions/aws/facts.ts';
import { queuedElsewhere } from '../../../functions/aws/messages.ts';
import { memoryStore } from '../../fakes/memory-store.ts';

const SPKI = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ format: 'der', type: 'spki' })
  .toString('base64');
const VPC = { id: 'vpc-0123456789abcdef0', prefixes: ['10.20.0.0/16'] };
const KEYS = {
  what: 'keys',
  signingKey: 'key-1',
  hubs: [
    { name: 'hub-a', secret: 'secret-a' },
    { name: 'hub-b', secret: 'secret-b' },
  ],
  tokenSecret: 'token',
};

function slotOf(name: string) {
  const publicKey = createHash('sha256').update(name).digest('base64');
  const digits = createHash('sha256').update(name).digest('hex').slice(0, 17);
  return {
    account: '123456789012',
    role: `isthmus-${name}`,
    vpc: VPC.id,
    interface: `eni-${digits}`,
    address: '10.20.0.10',
    publicKey,
    secret: `secret-${name}`,
    queue: `https://sqs.eu-central-1.amazonaws.com/123456789012/${name}`,
    table: 'isthmus',
  };
}

const ESTATE = {
  what: 'estate',
  adminSecret: 'admin',
  url: 'https://api.example',
  vpc: VPC,
  hubs: ['hub-a', 'hub-b'].map((name, index) => ({
    name,
    endpoint: `198.51.100.${index + 1}:51820`,
    slot: slotOf(name),
  })),
};

function account() {
  const store = memoryStore();
  const texts = new Map<string, string>();
  const cleared: unknown[] = [];
  const secrets = {
    read: async (id: string) => texts.get(id),
    write: async (id: string, text: string) => void texts.set(id, text),
  };
  const api = createApi({
    store,
    clock,
    deployment: factsOf({ roots: [], pools: ['100.64.0.0/10'] }),
    version: '0',
    blobs: { get: async () => undefined },
    tokenSecret: async () => '',
    installLine: () => '',
    messages: queuedElsewhere,
    onFailure: ({ error }) => {
      throw error;
    },
  });
  const run = createBootstrap({
    makeKeys: (wanted) => makeKeys({ secrets, clock, publicKeyOf: async () => SPKI }, wanted),
    makeEstate: (wanted) => makeEstate({ store, clock, secrets, api }, wanted),
    keeper: {
      clear: async (vpc, slots) => {
        cleared.push([vpc, slots]);
        return { tables: 1, failures: [] };
      },
    },
  });
  const create = (properties: Record<string, unknown>) => run({ type: 'Create', properties });
  const update = (properties: Record<string, unknown>) => run({ type: 'Update', properties });
  const remove = (properties: Record<string, unknown>) => run({ type: 'Delete', properties });
  const read = async (path: string) => {
    const headers = { authorization: `Bearer ${texts.get('admin')}` };
    const response = await api.request(path, { headers });
    // Tests look into the answer freely.
    const json: ReturnType<typeof JSON.parse> = await response.json();
    return json;
  };
  return { store, texts, cleared, api, create, update, remove, read };
}

describe('keys', () => {
  test('are made once: the same ones are answered ever after', async () => {
    const { create, update, texts } = account();
    const data = await create(KEYS);
    expect(data['Roots']).toBe(SPKI);
    expect(data['PublicKey.hub-a']).not.toBe(data['PublicKey.hub-b']);
    const kept = new Map(texts);
    expect(JSON.parse(kept.get('secret-a') ?? '').publicKey).toBe(data['PublicKey.hub-a']);
    expect(kept.get('token')).toMatch(/^[0-9a-f]{64}$/);
    expect(await update(KEYS)).toEqual(data);
    expect(texts).toEqual(kept);
  });

  test('never overwrite what is no key of ours', async () => {
    const { create, texts } = account();
    texts.set('secret-a', 'somebody else wrote this');
    await expect(create(KEYS)).rejects.toThrow('secret-a holds something');
    expect(texts.get('secret-a')).toBe('somebody else wrote this');
  });
});

describe('the estate', () => {
  test('is a tenant, the VPC as its site, and the hubs in their slots, made by the API', async () => {
    const { create, read } = account();
    await create(ESTATE);
    const site = await read('/v1/tenants/main/sites/cloud');
    expect(site.spec).toMatchObject({ kind: 'vpc', prefixes: VPC.prefixes });
    const hub = await read('/v1/hubs/hub-a');
    expect(hub.spec).toMatchObject({ slot: slotOf('hub-a'), vpc: { tenant: 'main', site: 'cloud' } });
  });

  test('gives groups of its user pool the roles of their names, and keeps what was made of them since', async () => {
    const { create, update, read, texts, api } = account();
    const issuer = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_One';
    await create({ ...ESTATE, issuer });
    for (const role of ['viewer', 'operator', 'admin'])
      expect((await read(`/v1/bindings/pool-${role}`)).spec).toMatchObject({
        role,
        who: { kind: 'group', issuer, group: role },
      });
    const lowered = await api.request('/v1/bindings/pool-admin', {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${texts.get('admin')}`,
        'content-type': 'application/json',
        'if-match': '"1"',
      },
      body: JSON.stringify({ spec: { role: 'viewer', who: { kind: 'group', issuer, group: 'admin' } } }),
    });
    expect(lowered.status).toBe(200);
    const moved = issuer.replace('One', 'Two');
    await update({ ...ESTATE, issuer: moved });
    expect((await read('/v1/bindings/pool-admin')).spec).toMatchObject({
      role: 'viewer',
      who: { kind: 'group', issuer: moved, group: 'admin' },
    });
  });

  test('without a user pool gives nobody a role', async () => {
    const { create, read } = account();
    await create(ESTATE);
    expect((await read('/v1/bindings')).items).toEqual([]);
  });

  test('made again writes nothing and keeps the admin key', async () => {
    const { create, update, read, texts } = account();
    await create(ESTATE);
    const key = texts.get('admin');
    const paths = ['/v1/hubs/hub-a', '/v1/hubs/hub-b', '/v1/tenants/main', '/v1/tenants/main/sites/cloud'];
    const versions = () => Promise.all(paths.map(async (path) => (await read(path)).metadata.version));
    expect(await versions()).toEqual([1, 1, 1, 1]);
    await update(ESTATE);
    expect(await versions()).toEqual([1, 1, 1, 1]);
    expect(texts.get('admin')).toBe(key);
  });

  test('follows the deployment, and leaves what users changed since', async () => {
    const { create, update, read, texts, api } = account();
    await create(ESTATE);
    const isolated = await api.request('/v1/tenants/main', {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${texts.get('admin')}`,
        'content-type': 'application/json',
        'if-match': '"1"',
      },
      body: JSON.stringify({ spec: { isolation: 'isolated' } }),
    });
    expect(isolated.status).toBe(200);
    const [first, second] = ESTATE.hubs;
    await update({ ...ESTATE, hubs: [{ ...first, endpoint: '203.0.113.9:51820' }, second] });
    expect((await read('/v1/hubs/hub-a')).spec.endpoint).toBe('203.0.113.9:51820');
    expect((await read('/v1/hubs/hub-b')).metadata.version).toBe(1);
    expect((await read('/v1/tenants/main')).spec.isolation).toBe('isolated');
  });

  test('whose first run was cut off before the secret was written gets a key that is in the secret', async () => {
    const { create, read, store } = account();
    await replaceAdminKey(store, clock);
    await create(ESTATE);
    expect((await read('/v1/whoami')).role).toBe('admin');
  });

  test('says what to do when the key in the secret is no key any more', async () => {
    const { create, update, store } = account();
    await create(ESTATE);
    await replaceAdminKey(store, clock);
    await expect(update(ESTATE)).rejects.toThrow('put a valid one in there');
  });

  test('does not show the text of a secret that holds more than a key', async () => {
    const { create, update, texts } = account();
    await create(ESTATE);
    texts.set('admin', JSON.stringify({ key: texts.get('admin') }, undefined, 2));
    const refused = await update(ESTATE).then(String, String);
    expect(refused).toContain('put a valid one in there');
    expect(refused).not.toContain('isk_');
  });

  test("says in the API's own words what it refuses", async () => {
    const { create } = account();
    const wide = { ...ESTATE, vpc: { ...VPC, prefixes: ['10.0.0.0/8'] } };
    await expect(create(wide)).rejects.toThrow('/v1/tenants/main/sites/cloud: ');
  });

  test('that is deleted leaves no route of ours in the VPC; one that was never made deletes nothing', async () => {
    const { remove, cleared } = account();
    await remove({ ...ESTATE, ServiceToken: 'arn' });
    expect(cleared).toEqual([[VPC.id, ESTATE.hubs.map(({ slot }) => ({ interface: slot.interface }))]]);
    await remove({ what: 'estate', vpc: { id: '' } });
    await remove(KEYS);
    expect(cleared).toHaveLength(1);
  });
});
