/**
 * Which control plane, and who we are there: a file for people, variables for scripts. The file is for its owner alone, because the key is in it.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Fault } from './fault.ts';

export const Profile = z.strictObject({
  url: z.url({ protocol: /^https$/ }),
  /** Absent where a person signed in instead (`session.ts`). */
  key: z.string().min(1).optional(),
  /** PEM of the authority of the control plane's certificate, if it is not a public one. */
  ca: z.string().optional(),
  tenant: z.string().optional(),
});
export type Profile = z.infer<typeof Profile>;

/** Of this program, as the composition root hands it out. */
export interface Settings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

export function profilePath({ environment, home }: Settings): string {
  return join(environment['XDG_CONFIG_HOME'] || join(home, '.config'), 'isthmus', 'profile.json');
}

/** Variables win over the file; without either it says what to do. */
export function readProfile(settings: Settings): Profile {
  const { environment } = settings;
  const kept = keptProfile(profilePath(settings));
  const caFile = environment['ISTHMUS_CA'];
  const merged = {
    ...kept,
    ...given('url', environment['ISTHMUS_URL']),
    ...given('key', environment['ISTHMUS_KEY']),
    ...given('tenant', environment['ISTHMUS_TENANT']),
    ...given('ca', caFile === undefined ? undefined : readFile(caFile)),
  };
  const parsed = Profile.safeParse(merged);
  if (parsed.success) return parsed.data;
  throw new Fault(
    'usage',
    'There is no profile. Run: isthmus login --url https://HOST [--key-file FILE] [--ca FILE] [--tenant NAME], or set ISTHMUS_URL and ISTHMUS_KEY.',
  );
}

export interface Login {
  readonly url: string;
  /** Absent if a person signs in instead. */
  readonly keyFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly tenant?: string | undefined;
}

/** What `login` is to keep, if it can be what it is said to be. */
export function newProfile({ url, keyFile, caFile, tenant }: Login): Profile {
  const key = keyFile === undefined ? undefined : keyIn(keyFile);
  const ca = caFile === undefined ? undefined : readFile(caFile);
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new Fault('usage', `${caFile} holds no certificate: --ca wants PEM.`);
  const wanted = {
    url: url.replace(/\/+$/, ''),
    ...{ ...given('key', key), ...given('ca', ca), ...given('tenant', tenant) },
  };
  const parsed = Profile.safeParse(wanted);
  if (parsed.success) return parsed.data;
  throw new Fault('usage', `${url} is no address of a control plane: say https://HOST[:PORT].`);
}

function keyIn(file: string): string {
  const key = readFile(file).trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new Fault('usage', `${file} holds no API key: it is one word, and stands alone in its file.`);
}

/** The control plane of the last login, to log in there again; undefined if there was none. */
export function lastProfile(settings: Settings): Profile | undefined {
  return Profile.safeParse(keptProfile(profilePath(settings))).data;
}

export function writeProfile(settings: Settings, profile: Profile): string {
  const path = profilePath(settings);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify(profile, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
  return path;
}

export function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Fault(
      'usage',
      `${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

/** For its owner alone; what is there already is left as it is. */
export function writeNewFile(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new Fault(
      'usage',
      `${path} can't be made: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

/** Not more than what the schema of the whole then looks at. */
function keptProfile(path: string): object {
  try {
    return z.looseObject({}).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}

function given(name: keyof Profile, value: string | undefined): object {
  return value === undefined || value === '' ? {} : { [name]: value };
}
