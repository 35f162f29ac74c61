/**
 * The control plane's settings: from flags, the environment and a file, in this order. One table says what there
 * is; all else is refused with the list of what would be right. It reads nothing itself: callers hand it values.
 */
import { z } from 'zod';
import { Cidr } from '../protocol/address.ts';
import { ClusterDomain } from '../protocol/cluster.ts';

interface Setting {
  readonly name: string;
  readonly value: string;
  readonly repeatable: boolean;
  readonly help: string;
}

const SETTINGS: readonly Setting[] = [
  { name: 'state', value: 'DIR', repeatable: false, help: 'where everything is kept' },
  {
    name: 'listen',
    value: 'HOST:PORT',
    repeatable: true,
    help: 'address to listen on (default 127.0.0.1:8443)',
  },
  {
    name: 'name',
    value: 'NAME',
    repeatable: true,
    help: 'another name or address of this control plane, for its certificate',
  },
  {
    name: 'url',
    value: 'URL',
    repeatable: false,
    help: 'how agents reach it (default: by the first name or address)',
  },
  {
    name: 'pool',
    value: 'CIDR',
    repeatable: true,
    help: 'range for virtual prefixes (default 100.64.0.0/10)',
  },
  {
    name: 'tls-cert',
    value: 'FILE',
    repeatable: false,
    help: 'certificate chain (PEM) instead of one of our own',
  },
  {
    name: 'issuers',
    value: 'FILE',
    repeatable: false,
    help: 'JSON list of issuers whose access tokens are taken (docs/access.md)',
  },
  {
    name: 'cluster-domain',
    value: 'NAME',
    repeatable: false,
    help: 'public domain of clusters, for terminals in the console (docs/console.md)',
  },
  { name: 'tls-key', value: 'FILE', repeatable: false, help: 'its private key (PEM)' },
];

/** Of the person's shell, of the agent, of set-up and of the tests: not ours, and not unknown either. */
const FOREIGN_VARIABLES = ['ISTHMUS_KEY', 'ISTHMUS_CACHE', 'ISTHMUS_ROOT', 'ISTHMUS_WIREGUARD_GO'];

const Listen = z.string().transform((text, context) => {
  const [, host, port] = /^(?:\[([0-9a-fA-F:]+)\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (port === undefined || number > 65_535) {
    context.addIssue({ code: 'custom', message: 'write HOST:PORT, for example 127.0.0.1:8443' });
    return z.NEVER;
  }
  return { host: host ?? text.slice(0, text.lastIndexOf(':')), port: number };
});

const ServerName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/, {
  message: 'write a host name or an address',
});

const Settings = z
  .strictObject({
    state: z.string().min(1),
    listen: z
      .array(Listen)
      .min(1)
      .default([{ host: '127.0.0.1', port: 8443 }]),
    name: z.array(ServerName).max(32).default([]),
    url: z.url({ protocol: /^https$/, error: 'write an https:// URL' }).optional(),
    pool: z.array(Cidr).min(1).max(16).default(['100.64.0.0/10']),
    issuers: z.string().optional(),
    'cluster-domain': ClusterDomain.optional(),
    'tls-cert': z.string().optional(),
    'tls-key': z.string().optional(),
  })
  .refine((all) => (all['tls-cert'] === undefined) === (all['tls-key'] === undefined), {
    path: ['tls-cert'],
    message: 'give tls-cert and tls-key together',
  });
export type Settings = z.infer<typeof Settings>;

export type ReadSettings =
  | { readonly kind: 'settings'; readonly settings: Settings; readonly newAdminKey: boolean }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'refused'; readonly message: string };

export interface SettingsSources {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  readonly defaultState: string;
}

type Values = Record<string, string | string[]>;

class Refused extends Error {}

export function readSettings(sources: SettingsSources): ReadSettings {
  try {
    const flags = readFlags(sources.args);
    if (flags.help) return { kind: 'help', text: helpText(sources.defaultState) };
    const environment = readEnvironment(sources.environment);
    const file = flags.config ?? sources.environment['ISTHMUS_CONFIG'];
    const fromFile = file === undefined ? {} : readSettingsFile(file, sources.readFile);
    const parsed = Settings.safeParse({
      state: sources.defaultState,
      ...fromFile,
      ...environment,
      ...flags.values,
    });
    if (!parsed.success) return { kind: 'refused', message: faultText(parsed.error) };
    return { kind: 'settings', settings: parsed.data, newAdminKey: flags.newAdminKey };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', message: error.message };
    throw error;
  }
}

interface Flags {
  readonly values: Values;
  readonly config: string | undefined;
  readonly newAdminKey: boolean;
  readonly help: boolean;
}

function readFlags(args: readonly string[]): Flags {
  const values: Values = {};
  const found: { config?: string; newAdminKey?: true; help?: true } = {};
  const rest = [...args];
  while (rest.length > 0) {
    const [flag, inline] = splitFlag(rest.shift() ?? '');
    if (flag === '--help' || flag === '-h') found.help = true;
    else if (flag === '--new-admin-key') found.newAdminKey = true;
    else {
      const value = inline ?? rest.shift();
      const setting = settingOf(flag.startsWith('--') ? flag.slice(2) : '');
      if (flag !== '--config' && setting === undefined) throw new Refused(unknownText(`flag ${flag}`, '--'));
      if (value === undefined || value === '') throw new Refused(`The flag ${flag} needs a value.`);
      if (setting === undefined) found.config = value;
      else add(values, setting, value);
    }
  }
  return {
    values,
    config: found.config,
    newAdminKey: found.newAdminKey === true,
    help: found.help === true,
  };
}

function splitFlag(text: string): [string, string | undefined] {
  const at = text.startsWith('--') ? text.indexOf('=') : -1;
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function settingOf(name: string): Setting | undefined {
  return SETTINGS.find((setting) => setting.name === name);
}

function add(values: Values, setting: Setting, value: string): void {
  const before = values[setting.name];
  if (setting.repeatable) values[setting.name] = [...(Array.isArray(before) ? before : []), value];
  else if (before === undefined) values[setting.name] = value;
  else throw new Refused(`The flag --${setting.name} is given twice.`);
}

function variableOf(setting: Setting): string {
  return `ISTHMUS_${setting.name.toUpperCase().replaceAll('-', '_')}`;
}

function readEnvironment(environment: SettingsSources['environment']): Values {
  const values: Values = {};
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('ISTHMUS_') || FOREIGN_VARIABLES.includes(variable)) continue;
    if (variable === 'ISTHMUS_CONFIG' || text === undefined || text === '') continue;
    const setting = SETTINGS.find((candidate) => variableOf(candidate) === variable);
    if (setting === undefined) throw new Refused(unknownText(`variable ${variable}`, 'ISTHMUS_'));
    values[setting.name] = setting.repeatable ? text.split(',').map((part) => part.trim()) : text;
  }
  return values;
}

function readSettingsFile(path: string, readFile: SettingsSources['readFile']): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFile(path)));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? 'it is not a JSON object' : String(cause);
    throw new Refused(`The settings file ${path} can't be read: ${reason}`);
  }
}

function unknownText(what: string, prefix: '--' | 'ISTHMUS_'): string {
  const names = SETTINGS.map((setting) => (prefix === '--' ? `--${setting.name}` : variableOf(setting)));
  const all =
    prefix === '--' ? [...names, '--config', '--new-admin-key', '--help'] : [...names, 'ISTHMUS_CONFIG'];
  return `There is no ${what}. There are: ${all.join(', ')}.`;
}

function faultText(error: z.ZodError): string {
  const faults = error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `there is no setting ${issue.keys.join(', ')} (there are: ${SETTINGS.map(({ name }) => name).join(', ')})`
      : `${issue.path.join('.')}: ${issue.message}`,
  );
  return `Wrong settings: ${faults.join('; ')}.`;
}

function helpText(defaultState: string): string {
  const lines = SETTINGS.map((setting) => {
    const flag = `--${setting.name} ${setting.value}`.padEnd(20);
    const more = setting.repeatable ? '; may be given several times' : '';
    return `  ${flag} ${setting.help}${setting.name === 'state' ? ` (default ${defaultState})` : more}`;
  });
  return [
    'Usage: npm start -- [FLAG]...     (or node local/start.ts [FLAG]...)',
    '',
    ...lines,
    `  ${'--config FILE'.padEnd(20)} JSON with these settings, by name`,
    `  ${'--new-admin-key'.padEnd(20)} make a new admin key, print it, and end`,
    '',
    'Each can be given as a variable too (ISTHMUS_STATE, ISTHMUS_LISTEN with commas, ...). Flags win over variables, and those over the file.',
  ].join('\n');
}
