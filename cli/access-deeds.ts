/** What `login` and `logout` do: a key is tried before it is kept, and so is what a sign-in gave. */
import { Principal } from '../protocol/key.ts';
import { SignIn } from '../protocol/sign-in.ts';
import type { LoginOptions } from './access-commands.ts';
import { at } from './address.ts';
import { type Api, confirmTenant, openApi } from './api.ts';
import { forgetCredentials } from './credential.ts';
import { Fault } from './fault.ts';
import { lastProfile, newProfile, type Profile, type Settings, writeProfile } from './profile.ts';
import { readSession, removeSession, type Session, writeSession } from './session.ts';
import { chooseIssuer, revokeSession, signIn } from './sign-in.ts';
import type { World } from './world.ts';

interface Place {
  readonly world: World;
  readonly settings: Settings;
}

interface Login extends LoginOptions {
  readonly tenant?: string | undefined;
}

export async function login({ world, settings }: Place, options: Login): Promise<void> {
  const profile = wantedProfile(settings, options);
  if (profile.key !== undefined) {
    if (options.issuer !== undefined) throw new Fault('usage', 'Say --key-file or --issuer, and not both.');
    await confirmTenant(openApi(profile));
    keep(settings, profile, undefined);
    return world.print(`kept in ${writeProfile(settings, profile)}`);
  }
  const told = await openApi(profile, async () => undefined).get(at('/v1/sign-in', {}), SignIn);
  const issuer = chooseIssuer(told, options.issuer);
  const session = await signIn({ url: profile.url, issuer, say: world.say, nowMs: world.nowMs });
  const api = openApi(profile, async () => session.accessToken);
  const me = await api.get(at('/v1/whoami', {}), Principal);
  keep(settings, profile, session);
  world.print(`signed in as ${me.name}; kept in ${writeProfile(settings, profile)}`);
  await adviseTenant(world, api);
}

/** The sign-in itself was good: what is missing for the next command is told, and is no failure. */
async function adviseTenant(world: World, api: Api): Promise<void> {
  try {
    await confirmTenant(api);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    world.say(cause.message);
  }
}

/** At the control plane of the last login, if no other is said. */
function wantedProfile(settings: Settings, { url, keyFile, ca, tenant }: Login): Profile {
  const last = lastProfile(settings);
  const where = url ?? last?.url;
  if (where === undefined) throw new Fault('usage', 'Say which control plane: --url https://HOST[:PORT]');
  const wanted = newProfile({ url: where, keyFile, caFile: ca, tenant });
  if (last === undefined || last.url !== wanted.url) return wanted;
  const { key: _, ...rest } = last;
  return { ...rest, ...wanted };
}

/** Who logs in anew is nobody else any more. */
function keep(settings: Settings, profile: Profile, session: Session | undefined): void {
  forgetCredentials(settings);
  if (session === undefined) removeSession(settings);
  else writeSession(settings, session);
  writeProfile(settings, profile);
}

export async function logout({ world, settings }: Place): Promise<void> {
  const session = readSession(settings);
  const last = lastProfile(settings);
  removeSession(settings);
  forgetCredentials(settings);
  if (last !== undefined) {
    const { key: _, ...rest } = last;
    writeProfile(settings, rest);
  }
  if (session !== undefined && !(await revokeSession(session)))
    world.say(`${session.issuer} could not be told. What it gave is deleted here, and ends there by itself.`);
  world.print(session === undefined && last?.key === undefined ? 'nobody was logged in' : 'logged out');
}
