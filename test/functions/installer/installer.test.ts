/** The installer on a make-believe host. Scenario 28: a cut installer does nothing, an altered download is refused. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installLine, renderInstaller } from '../../../functions/installer/installer.ts';
import {
  ARGUMENTS,
  eachOnItsOwnHost,
  FILES,
  installer,
  recorded,
  run,
  SETTINGS,
  scratch,
  stub,
  TEMPLATE,
} from './scratch-host.ts';

const CUT_MS_MAX = 110_000;

eachOnItsOwnHost();

describe('scenario 28: a cut installer', () => {
  /** Every program that it names by a word is a recorder, and nothing else can be found. */
  function recordersOnly(): string {
    for (const word of new Set(installer().match(/\b[a-z][a-z0-9-]+\b/g))) stub(word, ':');
    return scratch.stubs;
  }

  test(
    'runs nothing, wherever it is cut',
    () => {
      const path = recordersOnly();
      writeFileSync(join(scratch.host, 'text'), installer());
      const driver = `
      text=$(/bin/cat "$HOST/text"; echo x); text=\${text%?}; text=\${text%?}
      [ "\${#text}" -gt 1000 ] || exit 9
      while [ -n "$text" ]; do text=\${text%?}; (eval "$text") >/dev/null 2>&1 </dev/null; done; exit 0`;
      expect(run(driver, [], path).code).toBe(0);
      expect(recorded()).toEqual([]);
    },
    CUT_MS_MAX,
  );

  test(
    'runs nothing when it comes by a pipe and the line breaks',
    () => {
      const path = recordersOnly();
      const text = installer();
      const cuts = Array.from({ length: text.length }, (_, at) => at).filter(
        (at) => at % 97 === 0 || at > text.length - 40,
      );
      for (const at of cuts) run(text.slice(0, at), ARGUMENTS(), path);
      expect(recorded()).toEqual([]);
    },
    CUT_MS_MAX,
  );

  test('runs when it is whole: the proof above could fail', () => {
    const path = recordersOnly();
    run(installer(), ARGUMENTS(), path);
    expect(recorded()[0]).toBe('id -u');
  });
});

describe('an installation', () => {
  test('checks each download, installs it and enrols with the roots of the text', () => {
    const { code, said } = run(installer(), [
      ...ARGUMENTS(),
      '--lan-device',
      'eth0',
      '--advertise',
      '10.0.0.0/24',
    ]);
    expect(said).toContain('installs version 1.2.3');
    expect(code).toBe(0);
    expect(readdirSync(join(scratch.host, 'opt/isthmus')).sort()).toEqual([
      'agent.mjs',
      'clusters.mjs',
      'node',
      'node.sha256',
      'wireguard-go',
    ]);
    const enrol = recorded()
      .find((line) => line.includes(' enrol '))
      ?.replaceAll(/\/tmp\/\S+/g, 'FILE');
    expect(enrol).toBe(
      'node --max-semi-space-size=1 FILE enrol --control-plane https://198.51.100.1:8443 --ca FILE ' +
        '--root-key Um9vdEtleQ== --token-file FILE --lan-device eth0 --advertise 10.0.0.0/24',
    );
  });

  test('run again, keeps the identity and downloads nothing', () => {
    run(installer(), ARGUMENTS());
    rmSync(scratch.record);
    expect(run(installer(), ['--no-start']).code).toBe(0);
    expect(recorded().filter((line) => /enrol|curl/.test(line))).toEqual([]);
  });

  test.each(Object.keys(FILES).filter((name) => name !== 'cloud.mjs'))(
    'scenario 28: an altered %s is refused before anything is installed',
    (name) => {
      writeFileSync(join(scratch.host, 'served', name), 'something else');
      const { code, said } = run(installer(), ARGUMENTS());
      expect([code, said]).toEqual([1, expect.stringContaining(`${name} was refused: its SHA-256`)]);
      expect(readdirSync(join(scratch.host, 'opt/isthmus')).filter((file) => file !== 'node.sha256')).toEqual(
        [],
      );
      expect(recorded().filter((line) => line.includes('agent.mjs enrol'))).toEqual([]);
    },
  );
});

const REFUSED: readonly (readonly [string, readonly string[], string])[] = [
  ['no token', ['--no-start'], 'give --token-file FILE'],
  ['a slot file that is missing', ['--slot', '/nonexistent'], "can't be read"],
  ['a token and a slot', ['--slot', '/dev/null', '--token-file', '/dev/null'], 'one of them'],
  ['a token file that is missing', ['--token-file', '/nonexistent'], "can't be read"],
  ['an unknown flag', ['--force'], 'there is no flag --force'],
  ['a flag without its value', ['--role'], 'the flag --role needs a value'],
  ['a role that is none', ['--role', 'both'], 'the role is edge or hub'],
  ['a value that the shell would read', ['--advertise', '10.0.0.0/24;reboot'], 'is not valid'],
];

describe('refusals change nothing', () => {
  test.each(REFUSED)('%s', (_, args, sentence) => {
    const { code, said } = run(installer(), args);
    expect([code, said]).toEqual([1, expect.stringContaining(sentence)]);
    expect(existsSync(join(scratch.host, 'opt'))).toBe(false);
  });

  test('without root', () => {
    stub('id', 'echo 1000');
    expect(run(installer(), ARGUMENTS()).said).toContain('this needs root');
  });

  test('a value with a quote never gets into the text', () => {
    expect(() => renderInstaller(TEMPLATE, { ...SETTINGS, url: "https://x'; reboot; '" }, [])).toThrow(
      'has a quote',
    );
  });
});

test('with a public certificate the line pins nothing', () => {
  const line = installLine(
    { url: 'https://control.example', certificate: '', own: false },
    { secretFile: 'token', role: 'edge' },
  );
  expect(line).toBe('curl -fsSL https://control.example/install.sh | sh -s -- --token-file token');
});
