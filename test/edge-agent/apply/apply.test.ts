/** Executors: what each step runs on the host; and what is reported when one fails. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applySteps } from '../../../edge-agent/apply/apply.ts';
import type { CommandResult } from '../../../edge-agent/apply/command.ts';
import type { Hands } from '../../../edge-agent/apply/hands.ts';
import { closedFirewall } from '../../../edge-agent/plan/firewall.ts';
import { FIREWALL_FILE, firewallRecord, TRANSLATION_FILE } from '../../../edge-agent/plan/runtime.ts';
import type { Step } from '../../../edge-agent/plan/steps.ts';

let runtimeDirectory: string;

beforeEach(async () => {
  runtimeDirectory = await mkdtemp(join(tmpdir(), 'apply-'));
});

afterEach(async () => {
  await rm(runtimeDirectory, { recursive: true });
});

const name = 'ist00000001';
const route = { prefix: '100.64.0.0/10', device: name };
const peer = { publicKey: 'key', allowedIps: ['100.64.0.2/32'] };
const firewall = closedFirewall();

/** Hands that write down what they are asked to do; `answer` says how a program ends. */
function recordingHands(
  answer: (line: string) => Partial<{ code: number; stdout: string; stderr: string }> = () => ({}),
) {
  const lines: string[] = [];
  const note = (...words: readonly unknown[]) =>
    void lines.push(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '));
  const hands: Hands = {
    run: async (program, args, options): Promise<CommandResult> => {
      const line = [program, ...args].join(' ');
      note(line, ...(options?.stdin === undefined ? [] : [`< ${options.stdin.length}`]));
      return { kind: 'exited', code: 0, stdout: '', stderr: '', ...answer(line) };
    },
    wireguard: {
      implementation: 'userspace',
      show: async () => undefined,
      configure: async (device, configuration) => note('configure', device, configuration),
      setPeers: async (device, peers) => note('setPeers', device, peers),
      removePeers: async (device, keys) => note('removePeers', device, keys),
      create: async (device) => note('create', device),
      remove: async (device) => note('remove', device),
    },
    privateKeyFile: () => '/key',
    runtimeDirectory,
    sendDatagram: async (address, port) => note('send', address, port),
  };
  return { hands, lines };
}

const EXECUTED: readonly [Step, string[]][] = [
  [
    { kind: 'loadFirewall', firewall },
    [`nft -f - < ${firewall.text.length}`, 'nft -s list table ip isthmus'],
  ],
  [
    { kind: 'flushConntrack', prefixes: ['100.64.0.0/10'], translation: 't' },
    ['conntrack -D --orig-src 100.64.0.0/10', 'conntrack -D --orig-dst 100.64.0.0/10'],
  ],
  [{ kind: 'setSysctl', key: 'net.ipv4.ip_forward', value: '1' }, ['sysctl -qw net.ipv4.ip_forward=1']],
  [{ kind: 'createInterface', name }, [`create ${name}`]],
  [
    { kind: 'configureInterface', name, publicKey: 'own', listenPort: 51820 },
    [`configure ${name} {"privateKeyFile":"/key","listenPort":51820}`],
  ],
  [
    { kind: 'configurePeers', name, peers: [peer], reason: 'set' },
    [`setPeers ${name} ${JSON.stringify([peer])}`],
  ],
  [{ kind: 'removePeers', name, publicKeys: ['key'] }, [`removePeers ${name} ["key"]`]],
  [{ kind: 'setMtu', name, mtu: 1280 }, [`ip link set dev ${name} mtu 1280`]],
  [{ kind: 'addAddress', name, address: '100.64.0.2/32' }, [`ip addr replace 100.64.0.2/32 dev ${name}`]],
  [{ kind: 'removeAddress', name, address: '100.64.0.2/32' }, [`ip addr del 100.64.0.2/32 dev ${name}`]],
  [{ kind: 'raise', name }, [`ip link set dev ${name} up`]],
  [
    { kind: 'replaceRoute', route: { ...route, mtu: 1280 } },
    [`ip route replace 100.64.0.0/10 dev ${name} proto 73 mtu 1280`],
  ],
  [{ kind: 'removeRoute', route }, [`ip route del 100.64.0.0/10 dev ${name} proto 73`]],
  [{ kind: 'primeTunnel', name, address: '100.64.0.1' }, ['send 100.64.0.1 7861']],
  [{ kind: 'removeInterface', name }, [`remove ${name}`]],
  [{ kind: 'removeFirewall' }, ['nft -f - < 45']],
];

test.each(EXECUTED)('the host is asked to do just what a step says: %j', async (step, lines) => {
  const recording = recordingHands();
  expect(await applySteps([step], recording.hands)).toEqual({ done: [step] });
  expect(recording.lines).toEqual(lines);
});

test('a loaded firewall is remembered by what nft then lists', async () => {
  const { hands } = recordingHands((line) =>
    line.includes('list') ? { stdout: 'table ip isthmus {}' } : {},
  );
  await applySteps([{ kind: 'loadFirewall', firewall }], hands);
  expect(await readFile(join(runtimeDirectory, FIREWALL_FILE), 'utf8')).toBe(
    firewallRecord(firewall.hash, 'table ip isthmus {}'),
  );
});

test('clearing tracked connections is remembered, also if there was none', async () => {
  const none = { code: 1, stderr: 'conntrack v1.4.7 (conntrack-tools): 0 flow entries have been deleted.' };
  const { hands } = recordingHands(() => none);
  const step: Step = { kind: 'flushConntrack', prefixes: ['100.64.0.0/10'], translation: 'fedcba9876543210' };
  expect(await applySteps([step], hands)).toEqual({ done: [step] });
  expect(await readFile(join(runtimeDirectory, TRANSLATION_FILE), 'utf8')).toBe('fedcba9876543210\n');
});

test('the first step that fails ends the round; what was done before is reported as done', async () => {
  const raise: Step = { kind: 'raise', name };
  const steps: Step[] = [{ kind: 'setMtu', name, mtu: 1280 }, raise, { kind: 'replaceRoute', route }];
  const { hands, lines } = recordingHands((line) =>
    line.endsWith('up') ? { code: 2, stderr: 'Operation not permitted\n' } : {},
  );
  const { done, failed } = await applySteps(steps, hands);
  expect(done).toEqual(steps.slice(0, 1));
  expect(failed).toMatchObject({
    step: raise,
    error: { code: 'apply.command', message: 'ip: Operation not permitted' },
  });
  expect(lines).toHaveLength(2);
});
