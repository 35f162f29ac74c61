/**
 * A sign-in that is kept between commands: tokens in a file for their owner alone, bound to the control plane that they were made for, and made anew before they end.
 * How they are made anew is not known here.
 */
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../protocol/json.ts';
import { Timestamp } from '../protocol/metadata.ts';
import { Fault } from './fault.ts';
import { type Profile, profilePath, type Settings } from './profile.ts';

/** A token with less time than this left is not sent any more. */
const SPARE_MS = 30_000;
/** A command that was killed while it renewed leaves its lock behind. */
const LOCK_MS_MAX = 60_000;
const LOCK_POLL_MS = 100;
const NOBODY = 'Nobody is signed in. Run: isthmus login, or set ISTHMUS_KEY';

export const Session = z.strictObject({
  /** Of this sign-in; names what is kept under it. */
  id: z.string().min(1),
  /** The only control plane that the tokens are sent to. */
  url: z.string(),
  issuer: z.string(),
  client: z.string(),
  resource: z.string().optional(),
  accessToken: z.string().regex(/^[!-~]+$/),
  refreshToken: z.string().optional(),
  expiresAt: Timestamp,
});
export type Session = z.infer<typeof Session>;

export interface Keep {
  readonly settings: Settings;
  nowMs(): number;
  wait(ms: number): Promise<void>;
}

export function sessionPath(settings: Settings): string {
  return join(dirname(profilePath(settings)), 'sign-in.json');
}

export function readSession(settings: Settings): Session | undefined {
  try {
    return Session.safeParse(parseJson(readFileSync(sessionPath(settings), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

export function writeSession(settings: Settings, session: Session): void {
  const path = sessionPath(settings);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify(session, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
}

export function removeSession(settings: Settings): void {
  rmSync(sessionPath(settings), { force: true });
}

/** What to send: the key of the profile, or the access token of the sign-in, made anew if it is about to end. */
export async function bearerOf(
  keep: Keep,
  { url, key }: Profile,
  renew: (session: Session) => Promise<Session>,
): Promise<string> {
  if (key !== undefined) return key.trim();
  const fresh = () => {
    const session = sessionFor(keep.settings, url);
    return Date.parse(session.expiresAt) - SPARE_MS > keep.nowMs() ? session.accessToken : undefined;
  };
  return fresh() ?? (await locked(keep, fresh, renew));
}

function sessionFor(settings: Settings, url: string): Session {
  const session = readSession(settings);
  if (session === undefined) throw new Fault('usage', NOBODY);
  if (session.url === url) return session;
  throw new Fault(
    'usage',
    `You signed in at ${session.url}, and this is ${url}. Run: isthmus login --url ${url}`,
  );
}

/** One command at a time: many issuers take a refresh token once, and end the sign-in if it comes twice. */
async function locked(
  keep: Keep,
  fresh: () => string | undefined,
  renew: (session: Session) => Promise<Session>,
): Promise<string> {
  const lock = `${sessionPath(keep.settings)}.lock`;
  const deadline = keep.nowMs() + LOCK_MS_MAX;
  while (!take(lock, keep.nowMs())) {
    if (keep.nowMs() > deadline) throw new Fault('unreachable', `Another command holds ${lock}.`);
    await keep.wait(LOCK_POLL_MS);
  }
  try {
    const renewed = fresh();
    if (renewed !== undefined) return renewed;
    const before = readSession(keep.settings);
    if (before === undefined) throw new Fault('usage', NOBODY);
    const session = await renew(before);
    // Who signed out, or in as somebody else, meanwhile, is not to find the old one again.
    if (readSession(keep.settings)?.id !== before.id) {
      const other = fresh();
      if (other === undefined) throw new Fault('usage', NOBODY);
      return other;
    }
    writeSession(keep.settings, session);
    return session.accessToken;
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string, nowMs: number): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && nowMs - since > LOCK_MS_MAX) rmSync(lock, { force: true });
    return false;
  }
}
