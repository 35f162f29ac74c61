/**
 * Where people and machines sign in who have no API key: issuers of access tokens that the deployment trusts, as they are configured, and what a console or a
 * command line must know of them to begin.
 */
import { z } from 'zod';

const LIST_MAX = 8;
const Text = z.string().min(1).max(256);
/** As a token names it, to the letter. Without TLS only on this very machine. */
const IssuerUrl = z
  .string()
  .max(256)
  .regex(/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])[!-~]+$/, {
    message: 'Write an https:// URL.',
  });

/** Made with a private key each: a secret that both sides know would let the control plane sign people in. */
const Algorithm = z.enum([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]);

const Clients = z
  .strictObject({ console: Text.optional(), cli: Text.optional() })
  .meta({ id: 'SignInClients', description: 'Ids of public clients at the issuer' });

export const TrustedIssuer = z
  .strictObject({
    issuer: IssuerUrl,
    kind: z.enum(['people', 'machines']).default('people'),
    audiences: z.array(Text).min(1).max(LIST_MAX),
    /** Some issuers name the client in place of the audience. */
    audienceClaim: z.enum(['aud', 'client_id']).default('aud'),
    algorithms: z.array(Algorithm).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
    /** Where its keys lie; its own configuration document says so if absent. */
    keys: IssuerUrl.optional(),
    nameClaim: Text.default('name'),
    groupsClaim: Text.default('groups'),
    clients: Clients.default({}),
    scopes: z.array(Text).max(LIST_MAX).default(['openid', 'profile', 'email', 'offline_access']),
    /** Where its endpoints lie that a browser asks, if not at the issuer's own origin. */
    endpoints: z.array(IssuerUrl).max(LIST_MAX).default([]),
    /** What tokens are asked for (RFC 8707), where the issuer wants to be told. */
    resource: Text.optional(),
  })
  .refine(
    ({ audiences, audienceClaim, clients }) =>
      audienceClaim === 'client_id' ||
      !audiences.some((audience) => audience === clients.console || audience === clients.cli),
    { path: ['audiences'], error: 'An audience that is a client would let ID tokens in: name the API.' },
  );
export type TrustedIssuer = z.infer<typeof TrustedIssuer>;

export const TrustedIssuers = z
  .array(TrustedIssuer)
  .max(LIST_MAX)
  .refine((issuers) => new Set(issuers.map(({ issuer }) => issuer)).size === issuers.length, {
    error: 'Name each issuer once.',
  });

/** Answer of `GET /v1/sign-in`. */
export const SignIn = z
  .strictObject({
    issuers: z.array(
      z
        .strictObject({
          issuer: z.string(),
          clients: Clients,
          scopes: z.array(z.string()),
          resource: z.string().optional().meta({ description: 'To be sent to the issuer as `resource`' }),
        })
        .meta({ id: 'SignInIssuer' }),
    ),
  })
  .meta({ id: 'SignIn' });
export type SignIn = z.infer<typeof SignIn>;

const ORIGIN = /^https?:\/\/[A-Za-z0-9.:[\]-]+(?=[/?#]|$)/;

/** Origins that the console must be able to ask: those of the issuers at which people sign in with it. */
export function signInOrigins(issuers: readonly TrustedIssuer[]): string[] {
  const asked = issuers.filter(({ kind, clients }) => kind === 'people' && clients.console !== undefined);
  const urls = asked.flatMap(({ issuer, endpoints }) => [issuer, ...endpoints]);
  return [...new Set(urls.flatMap((url) => ORIGIN.exec(url)?.[0] ?? []))].toSorted();
}
