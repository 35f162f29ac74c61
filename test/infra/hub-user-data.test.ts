/** What a hub does at its first boot: run as it is, with programs that write down how they were called. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SlotFile } from '../../edge-agent/slot-file.ts';
import { ATTEMPTS_MAX, hubUserData } from '../../infra/hub-user-data.ts';

const SLOT = {
  hub: 'hub-a',
  region: 'eu-central-1',
  interface: 'eni-0123456789abcdef0',
  secret: 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:hub-a-AbCdEf',
  controlPlane: 'https://api.example.com',
};
const INSTALLER = `--role hub --slot`;

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

interface Booted {
  readonly code: number | null;
  /** Programs with their arguments, in order. */
  readonly calls: readonly string[];
  readonly slotFile: { readonly text: string; readonly mode: number };
}

/** Below a directory of its own. `failures`: so many times the installer ends with an error; `broken`: programs that always do. */
function boot(failures = 0, broken: readonly string[] = []): Booted {
  const root = mkdtempSync(join(tmpdir(), 'isthmus-boot-'));
  roots.push(root);
  const log = join(root, 'calls');
  const program = (name: string, body = '') => {
    const file = join(root, 'bin', name);
    const end = broken.includes(name) ? 'exit 1' : '';
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >>${log}\n${end}\n${body}\n`);
    chmodSync(file, 0o755);
  };
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'etc/apt/apt.conf.d'), { recursive: true });
  const installer = `echo "installer $*" >>${log}; [ $(grep -c ^installer ${log}) -gt ${failures} ]`;
  program('curl', `for last; do :; done\nwhile [ "$1" != -o ]; do shift; done\necho '${installer}' >"$2"`);
  for (const name of ['systemctl', 'dpkg', 'apt-get', 'sleep', 'shutdown']) program(name);
  const script = join(root, 'user-data');
  writeFileSync(script, hubUserData(SLOT).replaceAll('/etc/', `${root}/etc/`));
  const { status } = spawnSync('sh', [script], {
    env: { PATH: `${join(root, 'bin')}:/usr/bin:/bin`, TMPDIR: root },
  });
  const slotFile = join(root, 'etc/isthmus/slot.json');
  return {
    code: status,
    calls: readFileSync(log, 'utf8').replaceAll(root, '').trim().split('\n'),
    slotFile: { text: readFileSync(slotFile, 'utf8'), mode: statSync(slotFile).mode & 0o777 },
  };
}

const called = ({ calls }: Booted, name: string) => calls.filter((call) => call.startsWith(`${name} `));

describe("a hub's first boot", () => {
  test('leaves the file about the slot for root alone, as the agent reads it', () => {
    const { slotFile, code } = boot();
    expect(code).toBe(0);
    expect(slotFile.mode).toBe(0o600);
    expect(SlotFile.parse(JSON.parse(slotFile.text))).toEqual(SLOT);
  });

  test('runs the installer of the control plane with the role and the slot', () => {
    const booted = boot();
    expect(called(booted, 'installer')).toEqual([`installer ${INSTALLER} /etc/isthmus/slot.json`]);
    const [, install] = called(booted, 'curl');
    expect(install).toContain('--proto =https');
    expect(install).toMatch(/ https:\/\/api\.example\.com\/install\.sh$/);
  });

  test('shuts the door of SSH before anything is fetched, and opens the one of SSM', () => {
    const { calls } = boot();
    const at = (text: string) => calls.findIndex((call) => call.includes(text));
    expect(calls).toContain('systemctl disable --now ssh.socket ssh.service');
    expect(at('systemctl mask ssh.socket ssh.service')).toBeLessThan(at('curl'));
    expect(calls[at('curl')]).toMatch(
      / https:\/\/s3\.eu-central-1\.amazonaws\.com\/amazon-ssm-eu-central-1\/latest\/debian_arm64\/amazon-ssm-agent\.deb$/,
    );
    expect(calls).toContain('systemctl enable --now amazon-ssm-agent');
  });

  test('goes on without SSM where its package does not install', () => {
    const booted = boot(0, ['dpkg']);
    expect(booted.code).toBe(0);
    expect(called(booted, 'installer')).toHaveLength(1);
  });

  test('tries again while the control plane is not there yet', () => {
    const booted = boot(3);
    expect(booted.code).toBe(0);
    expect(called(booted, 'installer')).toHaveLength(4);
    expect(called(booted, 'sleep')).toHaveLength(3);
    expect(called(booted, 'shutdown')).toEqual([]);
  });

  test('ends the instance when it never comes, so that another one is started', () => {
    const booted = boot(0, ['curl']);
    expect(booted.code).toBe(1);
    expect(called(booted, 'installer')).toEqual([]);
    expect(called(booted, 'shutdown')).toEqual(['shutdown -h now']);
    expect(called(booted, 'sleep')).toHaveLength(ATTEMPTS_MAX - 1);
  });

  test('fits into what EC2 takes, and says of the secret only where it is', () => {
    const text = hubUserData(SLOT);
    expect(text.length).toBeLessThan(16_384);
    expect(text.split(SLOT.secret)).toHaveLength(2);
    expect(text).not.toMatch(/token|password|privateKey|AKIA/i);
  });
});
