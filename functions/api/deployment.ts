/** What everybody may know: who one is, what is deployed, which roots sign, and that the API answers. */
import { z } from 'zod';
import { Deployment, Roots } from '../../protocol/deployment.ts';
import { Principal } from '../../protocol/key.ts';
import { SignIn, type TrustedIssuer } from '../../protocol/sign-in.ts';
import type { Caller } from '../domain/authorize.ts';
import type { Desk } from './collection.ts';
import { NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';

const Health = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' });

const NOTHING = { method: 'get', tag: 'deployment', body: NO_BODY, query: NO_QUERY, problems: [] } as const;

export function deploymentOperations(desk: Desk): Operation[] {
  const { deployment, guards, issuers, version } = desk;
  const { pools, domain, roots } = deployment;
  return [
    operation({
      ...NOTHING,
      id: 'whoami',
      path: '/v1/whoami',
      summary: 'Who the caller is, and what roles he has where',
      guard: guards.anyUser,
      answers: [{ status: 200, description: 'The principal', schema: Principal }],
      handle: async ({ principal }) => ({ status: 200, json: shownCaller(principal) }),
    }),
    operation({
      ...NOTHING,
      id: 'getDeployment',
      path: '/v1/deployment',
      summary: 'Pools, signing roots, domain and version',
      guard: guards.user('read', 'deployment'),
      answers: [{ status: 200, description: 'The deployment', schema: Deployment }],
      handle: async () => ({ status: 200, json: { pools, roots, domain, version } }),
    }),
    operation({
      ...NOTHING,
      id: 'getRoots',
      path: '/v1/roots',
      summary: 'The signing roots that agents pin',
      guard: guards.anyone,
      answers: [{ status: 200, description: 'The roots', schema: Roots }],
      handle: async () => ({ status: 200, json: { roots } }),
    }),
    operation({
      ...NOTHING,
      id: 'getSignIn',
      path: '/v1/sign-in',
      summary: 'Where people sign in who have no API key',
      guard: guards.anyone,
      answers: [{ status: 200, description: 'The issuers; none if all come with keys', schema: SignIn }],
      handle: async () => ({ status: 200, json: { issuers: (issuers ?? []).flatMap(shownIssuer) } }),
    }),
    operation({
      ...NOTHING,
      id: 'getHealth',
      path: '/healthz',
      summary: 'Whether the API answers',
      guard: guards.anyone,
      answers: [{ status: 200, description: 'It does', schema: Health }],
      handle: async () => ({ status: 200, json: { status: 'ok' } }),
    }),
  ];
}

function shownCaller({ identity: _identity, ...caller }: Caller): Principal {
  const grants = caller.grants.map(({ tenant, role, sites }) => ({
    tenant,
    role,
    ...(sites === undefined ? {} : { sites: [...sites] }),
  }));
  return { ...caller, grants };
}

/** Machines know where they get their tokens. */
function shownIssuer({ issuer, kind, clients, scopes, resource }: TrustedIssuer): SignIn['issuers'] {
  if (kind !== 'people') return [];
  return [{ issuer, clients, scopes, ...(resource === undefined ? {} : { resource }) }];
}
