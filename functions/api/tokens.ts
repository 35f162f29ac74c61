/** Enrolment tokens: for an edge of a site, or for a hub. The secret and the command are shown once, at creation. */

import type { z } from 'zod';
import { contains, parsePrefix } from '../../protocol/address.ts';
import { isBefore } from '../../protocol/time.ts';
import {
  HubTokenCreation,
  type Token,
  TokenCreated,
  TokenCreation,
  TokenList,
  Token as TokenSchema,
} from '../../protocol/token.ts';
import type { Item, ItemKey, Store } from '../store/port.ts';
import {
  type Collection,
  type Desk,
  findLive,
  findPlace,
  type Params,
  type Place,
  tenantPlace,
} from './collection.ts';
import { etagOf } from './etag.ts';
import { refuseField } from './faults.ts';
import { metadataOf } from './item.ts';
import { NO_QUERY, type Operation, operation } from './operation.ts';
import { refuse } from './problems.ts';
import {
  CREATION_PROBLEMS,
  createItem,
  deleteOperation,
  IDEMPOTENCY_DOCS,
  listOperation,
  readOperation,
  titleOf,
} from './resource.ts';
import { formatToken, hashSecret, nameFor, secretFor, shownSecret } from './secret.ts';

/** Where the command of the answer expects the secret to be written. */
const SECRET_FILE = 'isthmus.token';

/** A collection of tokens, what its creation takes, and what is stored of that. */
interface TokenKind<Body> extends Collection<'token', Token> {
  readonly creation: z.ZodType<Body>;
  specOf(body: Body, param: Params): Promise<Token['spec']>;
}

export function tokenOperations(desk: Desk): Operation[] {
  const show = async (items: readonly Item<'token'>[]) =>
    items.map((item) => showToken(item, desk.clock.now()));
  const schemas = { one: TokenSchema, list: TokenList };
  return [
    ...operationsOf(desk, {
      kind: 'token',
      path: '/v1/tenants/{tenant}/tokens',
      schemas,
      place: tenantPlace,
      show,
      creation: TokenCreation,
      specOf: ({ spec }: z.infer<typeof TokenCreation>, param) => edgeTokenSpec(desk.store, spec, param),
    }),
    ...operationsOf(desk, {
      kind: 'token',
      path: '/v1/hubs/{hub}/tokens',
      owner: 'Hub',
      schemas,
      place: hubPlace,
      belongs: ({ spec }, param) => spec.hub === param('hub'),
      show,
      creation: HubTokenCreation,
      specOf: ({ spec }: z.infer<typeof HubTokenCreation>, param) => hubTokenSpec(desk.store, spec, param),
    }),
  ];
}

function operationsOf<Body>(desk: Desk, kind: TokenKind<Body>): Operation[] {
  return [
    listOperation(desk, kind),
    createToken(desk, kind),
    readOperation(desk, kind),
    deleteOperation(desk, kind),
  ];
}

function createToken<Body>(desk: Desk, kind: TokenKind<Body>): Operation {
  return operation({
    ...titleOf(kind, 'create'),
    method: 'post',
    path: kind.path,
    guard: desk.guards.user('write', 'token'),
    body: kind.creation,
    query: NO_QUERY,
    headers: IDEMPOTENCY_DOCS,
    answers: [{ status: 201, description: 'Created', schema: TokenCreated, headers: ['ETag', 'Location'] }],
    problems: [...CREATION_PROBLEMS, 'prefix_outside_allotment'],
    async handle(call) {
      const { tenant } = await findPlace(desk.store, kind, call.param);
      const key: ItemKey<'token'> = { kind: 'token', tenant, name: await nameFor(desk, call) };
      const secret = await secretFor(desk, call, call.now);
      const item = await createItem(desk.store, call, {
        key,
        async content(evidence) {
          const spec = await kind.specOf(call.body, call.param);
          const status = { expiresAt: after(call.now, spec.minutes) };
          return { spec, status, internal: { ...evidence, secretHash: hashSecret(secret) } };
        },
      });
      const shown = await shownSecret(desk, call, { secret, createdAt: item.createdAt });
      return {
        status: 201,
        json: {
          ...showToken(item, call.now),
          secret: formatToken({ tenant, name: key.name, secret: shown }),
          install: desk.installLine({
            origin: call.origin,
            secretFile: SECRET_FILE,
            role: item.spec.hub === undefined ? 'edge' : 'hub',
          }),
        },
        headers: { etag: etagOf(item.version), location: `${call.path}/${key.name}` },
      };
    },
  });
}

function hubPlace(param: Params): Place {
  return { tenant: '*', parents: [{ kind: 'hub', tenant: '*', name: param('hub') }] };
}

/** An instance of a slot proves itself by its role; a token would let another host in. */
async function hubTokenSpec(
  store: Store,
  { minutes }: z.infer<typeof HubTokenCreation>['spec'],
  param: Params,
): Promise<Token['spec']> {
  const hub = await findLive(store, { kind: 'hub', tenant: '*', name: param('hub') });
  if (hub?.spec.slot !== undefined)
    refuse(
      'invalid',
      `The hub ${param('hub')} has a slot: its instance enrols by its role, without a token.`,
    );
  return { hub: param('hub'), approve: true, minutes };
}

async function edgeTokenSpec(
  store: Store,
  spec: z.infer<typeof TokenCreation>['spec'],
  param: Params,
): Promise<Token['spec']> {
  const site = await findLive(store, { kind: 'site', tenant: param('tenant'), name: spec.site });
  if (site === undefined) return refuseField('/spec/site', `There is no site named ${spec.site}.`);
  const { allotment } = site.spec;
  const faults = (spec.prefixes ?? []).flatMap((prefix, index) => {
    const inside = allotment.some((range) => contains(parsePrefix(range), parsePrefix(prefix)));
    const detail = `${prefix} is not inside the allotment ${allotment.join(', ')} of the site.`;
    return inside ? [] : [{ pointer: `/spec/prefixes/${index}`, detail }];
  });
  const [first] = faults;
  if (first !== undefined) refuse('prefix_outside_allotment', first.detail, faults);
  return spec;
}

function showToken(item: Item<'token'>, now: string): Token {
  const { expiresAt, usedBy } = item.status;
  const unused = isBefore(now, expiresAt) ? 'unused' : 'expired';
  return {
    metadata: metadataOf(item),
    spec: item.spec,
    status: {
      expiresAt,
      state: usedBy === undefined ? unused : 'used',
      ...(usedBy === undefined ? {} : { usedBy }),
    },
  };
}

function after(now: string, minutes: number): string {
  return new Date(Date.parse(now) + minutes * 60_000).toISOString();
}
