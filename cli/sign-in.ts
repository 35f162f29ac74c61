/** Signing in at the issuer that a control plane names, by a code that a person confirms in a browser of any machine (RFC 8628), and what follows from it. */
import { randomUUID } from 'node:crypto';
import * as oidc from 'openid-client';
import type { SignIn } from '../protocol/sign-in.ts';
import { Fault } from './fault.ts';
import type { Session } from './session.ts';

type Issuer = SignIn['issuers'][number];

/** Of tokens whose issuer does not say when they end. */
const EXPIRES_SECONDS = 300;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;
const ENDED = 'The sign-in has ended. Run: isthmus login';

/** The issuer that is meant; without a name there must be one alone. */
export function chooseIssuer({ issuers }: SignIn, wanted: string | undefined): Issuer & { client: string } {
  const usable = issuers.flatMap((one) =>
    one.clients.cli === undefined ? [] : [{ ...one, client: one.clients.cli }],
  );
  const names = usable.map(({ issuer }) => issuer).join(', ');
  if (usable.length === 0)
    throw new Fault(
      'usage',
      'The control plane names no issuer at which a command line can sign in (docs/access.md). Log in with a key: --key-file FILE',
    );
  const [first, ...others] = wanted === undefined ? usable : usable.filter(({ issuer }) => issuer === wanted);
  if (first === undefined)
    throw new Fault('usage', `The control plane does not trust ${wanted}; it names ${names}.`);
  if (others.length === 0) return first;
  throw new Fault('usage', `Say which issuer by --issuer: ${names}.`);
}

export interface Asked {
  readonly url: string;
  readonly issuer: Issuer & { readonly client: string };
  /** Tells the person where to go, and with which code. */
  readonly say: (text: string) => void;
  readonly nowMs: () => number;
}

export async function signIn({ url, issuer, say, nowMs }: Asked): Promise<Session> {
  const config = await discover(issuer.issuer, issuer.client);
  const target = issuer.resource === undefined ? {} : { resource: issuer.resource };
  return refusing(async () => {
    const scope = issuer.scopes.join(' ');
    const begun = await oidc.initiateDeviceAuthorization(config, { scope, ...target });
    const page = begun.verification_uri_complete ?? begun.verification_uri;
    say(`Open ${printable(page)} in a browser, and see that it shows the code ${printable(begun.user_code)}`);
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, begun, target);
    return {
      ...{ id: randomUUID(), url, issuer: issuer.issuer, client: issuer.client, ...target },
      ...kept(tokens, nowMs()),
    };
  });
}

export async function renewSession(session: Session, nowMs: () => number): Promise<Session> {
  const { refreshToken, issuer, client, resource } = session;
  if (refreshToken === undefined) throw new Fault('forbidden', ENDED);
  const config = await discover(issuer, client);
  return refusing(async () => {
    const target = resource === undefined ? {} : { resource };
    const tokens = await oidc.refreshTokenGrant(config, refreshToken, target);
    // An issuer that sends no new refresh token means the old one to go on.
    return { ...session, ...kept(tokens, nowMs()) };
  });
}

/** Tells the issuer to forget it; false if it can't be told. */
export async function revokeSession({
  issuer,
  client,
  refreshToken,
  accessToken,
}: Session): Promise<boolean> {
  try {
    const config = await discover(issuer, client);
    await oidc.tokenRevocation(config, refreshToken ?? accessToken);
    return true;
  } catch {
    return false;
  }
}

function kept(
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  nowMs: number,
): Pick<Session, 'accessToken' | 'refreshToken' | 'expiresAt'> {
  const seconds = tokens.expiresIn() ?? EXPIRES_SECONDS;
  return {
    accessToken: tokens.access_token,
    ...(tokens.refresh_token === undefined ? {} : { refreshToken: tokens.refresh_token }),
    expiresAt: new Date(nowMs + seconds * 1_000).toISOString(),
  };
}

async function discover(issuer: string, client: string): Promise<oidc.Configuration> {
  const server = new URL(issuer);
  const isLocal = server.protocol === 'http:' && LOOPBACK.test(server.hostname);
  try {
    return await oidc.discovery(server, client, undefined, oidc.None(), {
      ...(isLocal ? { execute: [oidc.allowInsecureRequests] } : {}),
    });
  } catch (cause) {
    throw new Fault('unreachable', `${issuer} does not tell how to sign in there: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** What an issuer answers, as faults. */
async function refusing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const code = cause instanceof oidc.ResponseBodyError ? cause.error : '';
    if (code === 'access_denied')
      throw new Fault('forbidden', 'The sign-in was refused in the browser.', { cause });
    if (code === 'invalid_grant') throw new Fault('forbidden', ENDED, { cause });
    if (code === 'expired_token')
      throw new Fault('unreachable', 'Nobody confirmed the code in time. Run it again.', { cause });
    throw new Fault('unreachable', `The issuer did not sign you in: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof oidc.ResponseBodyError) return printable(cause.error_description ?? cause.error);
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return printable(inner instanceof Error ? inner.message : String(inner));
}

/** What somebody else wrote must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?').slice(0, 500);
}
