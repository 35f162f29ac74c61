/**
 * Signing in at an OpenID provider: authorization code with PKCE, as a public client. It makes sure that the answer belongs to what this tab asked (state,
 * nonce, issuer, verifier), and hands out an access token; it must keep nothing once it is done.
 */
import type * as OAuth from 'oauth4webapi';
import type { Schemas } from '../client/client.ts';

export type Issuer = Schemas['SignInIssuer'];

/** Where the provider sends people back to: to be registered there for the console's client. */
export const RETURN_PATH = '/signed-in';
const STORED = 'isthmus.sign-in';
/** A page that was left open may be returned to by then; later it has to be begun again. */
const BEGUN_SECONDS_MAX = 900;

/** What this tab must remember while the person is with the provider. */
interface Begun {
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Where the person was. */
  readonly path: string;
  readonly atMs: number;
}

/** Sends the person to the provider. */
export async function beginSignIn(issuer: Issuer, path: string): Promise<void> {
  const oauth = await import('oauth4webapi');
  const server = await discover(oauth, issuer);
  if (server.authorization_endpoint === undefined) throw new Error(`${issuer.issuer} has no page to sign in`);
  const begun: Begun = {
    issuer: issuer.issuer,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
    path,
    atMs: Date.now(),
  };
  const url = new URL(server.authorization_endpoint);
  oauth.checkProtocol(url, !isLoopback(issuer));
  const asked = {
    client_id: clientOf(issuer).client_id,
    redirect_uri: returnAddress(),
    response_type: 'code',
    scope: scopesOf(issuer),
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(begun.verifier),
    code_challenge_method: 'S256',
    ...resourceOf(issuer),
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  sessionStorage.setItem(STORED, JSON.stringify(begun));
  location.assign(url);
}

export interface SignedIn {
  readonly token: string;
  readonly path: string;
}

/** Makes a token of what the provider sent back. It can be tried once: what was remembered is forgotten first. */
export async function finishSignIn(issuers: readonly Issuer[], address: URL): Promise<SignedIn> {
  const begun = takeBegun();
  const issuer = issuers.find((one) => one.issuer === begun?.issuer);
  if (begun === undefined || issuer === undefined) throw new Error('no sign-in was begun in this tab');
  const oauth = await import('oauth4webapi');
  const server = await discover(oauth, issuer);
  const client = clientOf(issuer);
  const answer = oauth.validateAuthResponse(server, client, address, begun.state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    answer,
    returnAddress(),
    begun.verifier,
    { [oauth.allowInsecureRequests]: isLoopback(issuer), additionalParameters: resourceOf(issuer) },
  );
  const { access_token: token } = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: begun.nonce,
    requireIdToken: true,
  });
  return { token, path: begun.path };
}

async function discover(oauth: typeof OAuth, issuer: Issuer) {
  const url = new URL(issuer.issuer);
  const response = await oauth.discoveryRequest(url, { [oauth.allowInsecureRequests]: isLoopback(issuer) });
  return oauth.processDiscoveryResponse(url, response);
}

function clientOf({ clients }: Issuer): { readonly client_id: string } {
  return { client_id: clients.console ?? '' };
}

/** An ID token comes back, whose nonce shows that it is for this sign-in; nothing that outlives the tab is asked for. */
function scopesOf({ scopes }: Issuer): string {
  return [...new Set(['openid', ...scopes])].filter((scope) => scope !== 'offline_access').join(' ');
}

function resourceOf({ resource }: Issuer): Record<string, string> {
  return resource === undefined ? {} : { resource };
}

function returnAddress(): string {
  return `${location.origin}${RETURN_PATH}`;
}

/** The API names no issuer without TLS but on this very machine. */
function isLoopback({ issuer }: Issuer): boolean {
  return new URL(issuer).protocol === 'http:';
}

function takeBegun(): Begun | undefined {
  const text = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  if (text === null) return undefined;
  // Only this module writes it.
  const begun: Begun = JSON.parse(text);
  return Date.now() - begun.atMs > BEGUN_SECONDS_MAX * 1_000 ? undefined : begun;
}
