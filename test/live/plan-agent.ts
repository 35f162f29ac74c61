/**
 * An agent's hands and eyes without its loop, for tests in namespaces: one round of observe, plan and apply for a
 * document that lies in a file. Runs inside a test host: `node plan-agent.ts VERB WORD`.
 */

import { mkdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { cacheDirectory } from '../../build/cache.ts';
import { applySteps } from '../../edge-agent/apply/apply.ts';
import { run } from '../../edge-agent/apply/command.ts';
import { sendDatagram } from '../../edge-agent/apply/datagram.ts';
import { ensureKey } from '../../edge-agent/apply/keys.ts';
import type { Wireguard } from '../../edge-agent/apply/wireguard.ts';
import { userspaceWireguard } from '../../edge-agent/apply/wireguard-go.ts';
import { observeCounters } from '../../edge-agent/observe/counters.ts';
import { observeHost } from '../../edge-agent/observe/host.ts';
import { observePeers } from '../../edge-agent/observe/peers.ts';
import { describeStep } from '../../edge-agent/plan/describe.ts';
import { desired } from '../../edge-agent/plan/desired.ts';
import { planSteps } from '../../edge-agent/plan/plan.ts';
import { findWireguard } from '../../local/artifacts.ts';
import { Document } from '../../protocol/document.ts';

const runtimeDirectory = '/run/isthmus';
const privateKeyFile = '/var/lib/isthmus/wireguard.key';

const Case = z.object({
  agent: z.string(),
  role: z.enum(['edge', 'hub']),
  document: Document,
  activeHub: z.string().optional(),
  mtuByHub: z.record(z.string(), z.int()).default({}),
});

async function round(file: string, wireguard: Wireguard) {
  const { agent, role, document, activeHub, mtuByHub } = Case.parse(JSON.parse(await readFile(file, 'utf8')));
  const publicKey = await ensureKey(privateKeyFile);
  const self = { agent, role, publicKey, controlPlaneAddresses: [] };
  const begun = performance.now();
  const { state, facts } = await observeHost({ run, wireguard, runtimeDirectory, self });
  const observed = performance.now();
  const choice = { mtuByHub, ...(activeHub === undefined ? {} : { activeHub }) };
  const want = desired({ document, facts, choice });
  if (want.kind === 'refused') return { refused: want.findings };
  const steps = planSteps(want.state, state);
  const planned = performance.now();
  const hands = { run, wireguard, privateKeyFile: () => privateKeyFile, runtimeDirectory, sendDatagram };
  const { done, failed } = await applySteps(steps, hands);
  return {
    steps: steps.map(describeStep),
    done: done.length,
    failed: failed?.error.message,
    ms: { observe: observed - begun, plan: planned - observed, apply: performance.now() - planned },
  };
}

async function answer(verb: string | undefined, word: string, wireguard: Wireguard): Promise<unknown> {
  if (verb === 'key') return ensureKey(privateKeyFile);
  if (verb === 'apply') return round(word, wireguard);
  if (verb === 'create') return (await wireguard.create(word), word);
  if (verb === 'remove') return (await wireguard.remove(word), word);
  if (verb === 'peers') return observePeers({ device: word, runtimeDirectory, wireguard });
  return observeCounters(run);
}

await mkdir(runtimeDirectory, { recursive: true, mode: 0o700 });
await mkdir('/var/lib/isthmus', { recursive: true, mode: 0o700 });
const wireguardGo = findWireguard({ cache: cacheDirectory(process.env), environment: process.env });
if (wireguardGo === undefined) throw new Error('There is no wireguard-go: run sh local/setup.sh test.');
// These tests are about the userspace one, also where the kernel has its own.
const wireguard = userspaceWireguard({ run, runtimeDirectory, binary: wireguardGo });
console.log(JSON.stringify(await answer(process.argv[2], process.argv[3] ?? '', wireguard)));
