/** The control plane's settings: sources, their order, and what is refused. */
import { describe, expect, test } from 'vitest';
import { readSettings } from '../../local/settings.ts';

interface Given {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly file?: string;
}

function read(given: Given) {
  return readSettings({
    args: given.args ?? [],
    environment: given.environment ?? {},
    readFile: (path) => {
      if (given.file === undefined) throw new Error(`no file ${path}`);
      return given.file;
    },
    defaultState: '/var/lib/somewhere',
  });
}

const DEFAULTS = {
  state: '/var/lib/somewhere',
  listen: [{ host: '127.0.0.1', port: 8443 }],
  name: [],
  pool: ['100.64.0.0/10'],
};

describe('what is read', () => {
  test('nothing given: the defaults', () => {
    expect(read({})).toEqual({ kind: 'settings', settings: DEFAULTS, newAdminKey: false });
  });

  test('flags win over variables, and those over the file', () => {
    const result = read({
      args: ['--state', '/flag', '--config', 'settings.json'],
      environment: { ISTHMUS_STATE: '/variable', ISTHMUS_NAME: 'a.example, b.example', PATH: '/bin' },
      file: '{"state":"/file","name":["c.example"],"pool":["10.64.0.0/12"]}',
    });
    expect(result).toEqual({
      kind: 'settings',
      settings: { ...DEFAULTS, state: '/flag', name: ['a.example', 'b.example'], pool: ['10.64.0.0/12'] },
      newAdminKey: false,
    });
  });

  test('a repeatable flag may be given twice, with a space or an equals sign, and in IPv6', () => {
    const result = read({ args: ['--listen', '0.0.0.0:443', '--listen=[::1]:8443', '--new-admin-key'] });
    expect(result).toEqual({
      kind: 'settings',
      settings: {
        ...DEFAULTS,
        listen: [
          { host: '0.0.0.0', port: 443 },
          { host: '::1', port: 8443 },
        ],
      },
      newAdminKey: true,
    });
  });

  test('variables of the shell that was told to export the key, of the agent and of set-up are not ours to judge', () => {
    expect(
      read({ environment: { ISTHMUS_KEY: 'isk_x', ISTHMUS_CACHE: '/cache', ISTHMUS_WIREGUARD_GO: '/wg' } })
        .kind,
    ).toBe('settings');
  });
});

const REFUSED: readonly (readonly [string, Given, string])[] = [
  ['an unknown flag', { args: ['--port', '1'] }, 'There is no flag --port. There are: --state, --listen,'],
  ['a stray word', { args: ['now'] }, 'There is no flag now.'],
  ['a flag without its value', { args: ['--state'] }, 'The flag --state needs a value.'],
  ['a flag twice', { args: ['--state', 'a', '--state', 'b'] }, 'The flag --state is given twice.'],
  [
    'an unknown variable',
    { environment: { ISTHMUS_PORT: '1' } },
    'There is no variable ISTHMUS_PORT. There are: ISTHMUS_STATE,',
  ],
  [
    'an unknown setting in the file',
    { args: ['--config', 'f'], file: '{"port":1}' },
    'there is no setting port (there are: state,',
  ],
  ['a file that is no JSON', { args: ['--config', 'f'], file: '{' }, "The settings file f can't be read:"],
  ['a file that is missing', { args: ['--config', 'f'] }, "The settings file f can't be read:"],
  ['an address without a port', { args: ['--listen', 'localhost'] }, 'write HOST:PORT'],
  ['a port that is none', { args: ['--listen', 'localhost:70000'] }, 'write HOST:PORT'],
  ['a pool with host bits', { args: ['--pool', '10.0.0.1/8'] }, 'Host bits must be zero'],
  ['a URL without TLS', { args: ['--url', 'http://x'] }, 'write an https:// URL'],
  ['a certificate without its key', { args: ['--tls-cert', 'f'] }, 'give tls-cert and tls-key together'],
];

describe('what is refused, with what would be right', () => {
  test.each(REFUSED)('%s', (_, given, sentence) => {
    const result = read(given);
    expect(result.kind === 'refused' ? result.message : result.kind).toContain(sentence);
  });
});
