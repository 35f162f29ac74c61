/**
 * The installer on a make-believe host: its directories lie in a scratch one, and the programs that would touch the
 * host are recorders. Scenario 28: a cut installer does nothing, an altered download is refused.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installLine, renderInstaller } from '../../local/installer.ts';

const TEMPLATE = readFileSync(new URL('../../local/install.sh', import.meta.url), 'utf8');
const SETTINGS = {
  url: 'https://198.51.100.1:8443',
  authority: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  roots: [{ id: 'r1', publicKey: 'Um9vdEtleQ==' }],
  version: '1.2.3',
};
const CUT_MS_MAX = 110_000;

/** Stands for a downloaded Node: records how it is called, and enrols by writing the configuration. */
const NODE = `#!/bin/sh
echo "node $*" >> "$RECORD"
case $* in *" enrol "*) mkdir -p "$HOST/etc/isthmus" && echo '{}' > "$HOST/etc/isthmus/agent.json" ;; esac
`;
const FILES: Readonly<Record<string, Buffer>> = {
  'agent.mjs': Buffer.from('the agent'),
  'node-linux-x64.gz': gzipSync(NODE),
  'wireguard-go-linux-x64': Buffer.from('the tunnel'),
};
const ARTIFACTS = Object.entries(FILES).map(([name, bytes]) => ({
  name,
  path: name,
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
}));

/** Programs of the host that only record. `curl` gives out the files of `served`. */
const STUBS: Readonly<Record<string, string>> = {
  id: 'echo 0',
  uname: 'case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac',
  ip: 'exit 1',
  sysctl: 'echo 0',
  nft: ':',
  wg: ':',
  conntrack: ':',
  curl: 'while [ $# -gt 0 ]; do case $1 in -o) out=$2; shift ;; https:*) url=$1 ;; esac; shift; done; cp "$HOST/served/${url##*/}" "$out"',
};

const scratch = { host: '', stubs: '', record: '' };

beforeEach(() => {
  scratch.host = mkdtempSync(join(tmpdir(), 'isthmus-installer-'));
  scratch.stubs = join(scratch.host, 'stubs');
  scratch.record = join(scratch.host, 'record');
  mkdirSync(scratch.stubs);
  mkdirSync(join(scratch.host, 'served'));
  for (const [name, body] of Object.entries(STUBS)) stub(name, body);
  for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(scratch.host, 'served', name), bytes);
  writeFileSync(join(scratch.host, 'token'), 'ist_demo_t1_0');
});

afterEach(() => rmSync(scratch.host, { recursive: true }));

function stub(name: string, body: string): void {
  const path = join(scratch.stubs, name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> "$RECORD"\n${body}\n`);
  chmodSync(path, 0o755);
}

/** The served text, with the host's directories moved into the scratch one. */
function installer(): string {
  const text = renderInstaller(TEMPLATE, SETTINGS, ARTIFACTS);
  return text.replaceAll(/^(\w+)=(\/(?:opt|etc|var|run|usr)\/)/gm, `$1=${scratch.host}$2`);
}

function run(text: string, args: readonly string[], path = `${scratch.stubs}:/usr/bin:/bin`) {
  const result = spawnSync('/bin/sh', ['-s', '--', ...args], {
    input: text,
    encoding: 'utf8',
    env: { PATH: path, HOST: scratch.host, RECORD: scratch.record, HOME: scratch.host },
  });
  return { code: result.status, said: result.stdout + result.stderr };
}

function recorded(): string[] {
  return existsSync(scratch.record) ? readFileSync(scratch.record, 'utf8').trimEnd().split('\n') : [];
}

const ARGUMENTS = () => ['--token-file', join(scratch.host, 'token'), '--no-start'];

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

  test.each(Object.keys(FILES))(
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
