/** One short executor a step kind. None of them decides anything: what they do is in the step. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROBE_PORT } from '../../protocol/document.ts';
import { FIREWALL_FILE, firewallRecord, TRANSLATION_FILE } from '../plan/runtime.ts';
import { ROUTE_PROTOCOL, UNREACHABLE_METRIC } from '../plan/state.ts';
import type { Step, StepKind, StepOf } from '../plan/steps.ts';
import type { RunOptions } from './command.ts';
import type { Hands } from './hands.ts';

type Executor<Kind extends StepKind> = (step: StepOf<Kind>, hands: Hands) => Promise<void>;

/** Loading a table of thousands of elements is slower than other commands. */
const NFT_TIMEOUT_MS = 60_000;
const CONNTRACK_TIMEOUT_MS = 60_000;

/** A connection through a tunnel began at one of these prefixes, or was meant for one. */
const CONNTRACK_SIDES = ['--orig-src', '--orig-dst'];

/** A program said no, or could not be run. */
export class StepError extends Error {
  readonly code = 'apply.command';
  readonly program: string;
  constructor(program: string, message: string) {
    super(`${program}: ${message}`);
    this.program = program;
  }
}

export const EXECUTORS: { readonly [Kind in StepKind]: Executor<Kind> } = {
  loadFirewall: async ({ firewall }, hands) => {
    await perform(hands, ['nft', '-f', '-'], { stdin: firewall.text, timeoutMs: NFT_TIMEOUT_MS });
    const listing = await perform(hands, ['nft', '-s', 'list', 'table', 'ip', 'isthmus']);
    await note(hands, FIREWALL_FILE, firewallRecord(firewall.hash, listing));
  },
  flushConntrack: async ({ prefixes, translation }, hands) => {
    for (const prefix of prefixes) for (const side of CONNTRACK_SIDES) await flush(hands, side, prefix);
    await note(hands, TRANSLATION_FILE, `${translation}\n`);
  },
  setSysctl: async ({ key, value }, hands) => {
    await perform(hands, ['sysctl', '-qw', `${key}=${value}`]);
  },
  createInterface: ({ name }, hands) => hands.wireguard.create(name),
  configureInterface: ({ name, publicKey, listenPort }, { wireguard, privateKeyFile }) =>
    wireguard.configure(name, {
      privateKeyFile: privateKeyFile(publicKey),
      ...(listenPort === undefined ? {} : { listenPort }),
    }),
  configurePeers: ({ name, peers }, hands) => hands.wireguard.setPeers(name, peers),
  removePeers: ({ name, publicKeys }, hands) => hands.wireguard.removePeers(name, publicKeys),
  setMtu: ({ name, mtu }, hands) => ip(hands, ['link', 'set', 'dev', name, 'mtu', String(mtu)]),
  addAddress: ({ name, address }, hands) => ip(hands, ['addr', 'replace', address, 'dev', name]),
  removeAddress: ({ name, address }, hands) => ip(hands, ['addr', 'del', address, 'dev', name]),
  raise: ({ name }, hands) => ip(hands, ['link', 'set', 'dev', name, 'up']),
  blockPrefix: ({ prefix }, hands) => ip(hands, ['route', 'replace', ...unreachableWords(prefix)]),
  unblockPrefix: ({ prefix }, hands) => ip(hands, ['route', 'del', ...unreachableWords(prefix)]),
  replaceRoute: ({ route }, hands) =>
    ip(hands, ['route', 'replace', ...routeWords(route), ...(route.mtu ? ['mtu', String(route.mtu)] : [])]),
  removeRoute: ({ route }, hands) => ip(hands, ['route', 'del', ...routeWords(route)]),
  primeTunnel: ({ address }, hands) => hands.sendDatagram(address, PROBE_PORT),
  removeInterface: ({ name }, hands) => hands.wireguard.remove(name),
  removeFirewall: async (_step, hands) => {
    await perform(hands, ['nft', '-f', '-'], { stdin: 'add table ip isthmus\ndelete table ip isthmus\n' });
  },
};

/** Looks the executor up by kind. */
export async function execute<Kind extends StepKind>(step: StepOf<Kind> & Step, hands: Hands): Promise<void> {
  // The table is indexed by the very kind that the step has; TypeScript cannot follow that through a union.
  const executor = EXECUTORS[step.kind] as Executor<StepKind>;
  await executor(step, hands);
}

function routeWords(route: { readonly prefix: string; readonly device: string }): string[] {
  return [route.prefix, 'dev', route.device, 'proto', String(ROUTE_PROTOCOL)];
}

function unreachableWords(prefix: string): string[] {
  const [metric, protocol] = [String(UNREACHABLE_METRIC), String(ROUTE_PROTOCOL)];
  return ['unreachable', prefix, 'metric', metric, 'proto', protocol];
}

async function ip(hands: Hands, args: readonly string[]): Promise<void> {
  await perform(hands, ['ip', ...args]);
}

/** Exit code 1 means that nothing matched, which is as good. */
async function flush(hands: Hands, side: string, prefix: string): Promise<void> {
  const options = { timeoutMs: CONNTRACK_TIMEOUT_MS };
  const result = await hands.run('conntrack', ['-D', side, prefix], options);
  if (result.kind === 'not_run') throw new StepError('conntrack', result.message);
  if (result.code !== 0 && !/ 0 flow entries/.test(result.stderr))
    throw new StepError('conntrack', result.stderr.trim());
}

async function perform(hands: Hands, command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program = '', ...args] = command;
  const result = await hands.run(program, args, options);
  if (result.kind === 'not_run') throw new StepError(program, result.message);
  if (result.code !== 0) throw new StepError(program, result.stderr.trim() || `exit code ${result.code}`);
  return result.stdout;
}

async function note(hands: Hands, file: string, text: string): Promise<void> {
  await writeFile(join(hands.runtimeDirectory, file), text, { mode: 0o600 });
}
