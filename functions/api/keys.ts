/** API keys: of a tenant, or of the whole deployment. A key's secret is in the answer to its creation, nowhere else. */
import { type Key, KeyCreated, KeyCreation, KeyList, Key as KeySchema } from '../../protocol/key.ts';
import type { Item, ItemKey } from '../store/port.ts';
import { type Collection, type Desk, findPlace, IN_DEPLOYMENT, tenantPlace } from './collection.ts';
import { etagOf } from './etag.ts';
import { metadataOf } from './item.ts';
import { NO_QUERY, type Operation, operation } from './operation.ts';
import {
  CREATION_PROBLEMS,
  createItem,
  deleteOperation,
  IDEMPOTENCY_DOCS,
  listOperation,
  readOperation,
  titleOf,
} from './resource.ts';
import { requireWithin } from './roles.ts';
import { formatKey, hashSecret, secretFor, shownSecret } from './secret.ts';

const KIND = {
  kind: 'key',
  schemas: { one: KeySchema, list: KeyList },
  show: async (items: readonly Item<'key'>[]) => items.map(showKey),
} as const;

export function keyOperations(desk: Desk): Operation[] {
  return [
    ...operationsOf(desk, { ...KIND, path: '/v1/tenants/{tenant}/keys', place: tenantPlace }),
    ...operationsOf(desk, { ...KIND, path: '/v1/keys', place: () => IN_DEPLOYMENT, owner: 'Deployment' }),
  ];
}

function operationsOf(desk: Desk, kind: Collection<'key', Key>): Operation[] {
  return [
    listOperation(desk, kind),
    createKey(desk, kind),
    readOperation(desk, kind),
    deleteOperation(desk, kind),
  ];
}

function createKey(desk: Desk, kind: Collection<'key', Key>): Operation {
  return operation({
    ...titleOf(kind, 'create'),
    method: 'post',
    path: kind.path,
    guard: desk.guards.user('write', 'key'),
    body: KeyCreation,
    query: NO_QUERY,
    headers: IDEMPOTENCY_DOCS,
    answers: [{ status: 201, description: 'Created', schema: KeyCreated, headers: ['ETag', 'Location'] }],
    problems: CREATION_PROBLEMS,
    async handle(call) {
      const { tenant } = await findPlace(desk.store, kind, call.param);
      const { metadata, spec } = call.body;
      const key: ItemKey<'key'> = { kind: 'key', tenant, name: metadata.name };
      const secret = await secretFor(desk, call, call.now);
      const item = await createItem(desk.store, call, {
        key,
        async content(evidence) {
          await requireWithin(desk.store, call.principal, { tenant, role: spec.role });
          return { spec, status: {}, internal: { ...evidence, secretHash: hashSecret(secret) } };
        },
      });
      const shown = await shownSecret(desk, call, { secret, createdAt: item.createdAt });
      return {
        status: 201,
        json: { ...showKey(item), secret: formatKey({ tenant, name: metadata.name, secret: shown }) },
        headers: { etag: etagOf(item.version), location: `${call.path}/${metadata.name}` },
      };
    },
  });
}

function showKey(item: Item<'key'>): Key {
  return { metadata: metadataOf(item), spec: item.spec, status: {} };
}
