/**
 * The hands of the gateway: one executor a step kind, in order, up to the first that fails. It decides nothing; every
 * step can be done twice. What it reports as done was done.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { GatewayStep } from '../plan/gateway.ts';
import {
  type GatewayPaths,
  renderCertificates,
  renderClusters,
  renderRoutes,
  renderSlots,
} from '../plan/gateway-files.ts';
import {
  addCommands,
  loadCommands,
  PAYLOAD_BYTES_MAX,
  type RuntimeCommand,
  removeCommands,
  runtimeCommands,
} from '../plan/gateway-runtime.ts';
import type { Run } from './command.ts';
import { makeCertificate } from './gateway-certificate.ts';
import { GatewayFault } from './gateway-fault.ts';
import { checkConfiguration, reloadProcess, startProcess } from './gateway-process.ts';

export interface GatewayHands {
  readonly run: Run;
  /** Says one line to the runtime API and resolves to the answer. */
  readonly talk: (line: string) => Promise<string>;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly paths: GatewayPaths;
}

export interface GatewayApplied {
  readonly done: readonly GatewayStep[];
  readonly failed?: { readonly step: GatewayStep; readonly error: Error };
}

export async function applyGatewaySteps(
  steps: readonly GatewayStep[],
  hands: GatewayHands,
): Promise<GatewayApplied> {
  const done: GatewayStep[] = [];
  for (const step of steps) {
    const error = await execute(step, hands).catch(asError);
    if (error instanceof Error) return { done, failed: { step, error } };
    done.push(step);
  }
  return { done };
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error('a step failed', { cause });
}

function execute(step: GatewayStep, hands: GatewayHands): Promise<void> {
  const { paths } = hands;
  switch (step.kind) {
    case 'gateway.make-certificate':
      return makeCertificate(step, hands);
    case 'gateway.add-certificate':
      return readPem(step.file).then((pem) => command(hands, addCommands(paths, step.file, pem)));
    case 'gateway.load-certificate':
      return readPem(step.file).then((pem) => command(hands, loadCommands(step.file, pem)));
    case 'gateway.remove-certificate':
      return command(hands, removeCommands(paths, step.file));
    case 'gateway.write-certificates':
      return writeWhole(paths.certificates, renderCertificates(step.files));
    case 'gateway.write-base':
      return writeBase(step.text, hands);
    case 'gateway.write-slots':
      return writeWhole(paths.slots, renderSlots(step.slots));
    case 'gateway.write-routes':
      return writeWhole(paths.routes, renderRoutes(step.routes));
    case 'gateway.write-clusters':
      return writeWhole(paths.clusters, renderClusters(step.clusters));
    case 'gateway.start':
      return startProcess(hands);
    case 'gateway.reload':
      return reloadProcess(hands);
    case 'gateway.set-slot':
    case 'gateway.drain-slot':
    case 'gateway.release-slot':
    case 'gateway.open-server':
    case 'gateway.close-server':
    case 'gateway.add-route':
    case 'gateway.move-route':
    case 'gateway.remove-route':
    case 'gateway.add-cluster':
    case 'gateway.move-cluster':
    case 'gateway.remove-cluster':
      return command(hands, runtimeCommands(step, paths));
  }
}

/** Says the lines one after the other; an answer other than the expected one is a refusal. */
async function command({ talk }: GatewayHands, commands: readonly RuntimeCommand[]): Promise<void> {
  for (const { line, expect } of commands) {
    const answer = await talk(line);
    // The first line only: what follows may be a key.
    if (!expect.test(answer))
      throw new GatewayFault('gateway.refused', `${line.split('\n')[0]}: ${answer.trim()}`);
  }
}

async function readPem(file: string): Promise<string> {
  const pem = await readFile(file, 'utf8');
  if (pem.length > PAYLOAD_BYTES_MAX)
    throw new GatewayFault('gateway.certificate', `${file} is larger than ${PAYLOAD_BYTES_MAX} bytes`);
  return pem;
}

/** A text that HAProxy does not accept never takes the place of one that it did. */
async function writeBase(text: string, hands: GatewayHands): Promise<void> {
  const { base } = hands.paths;
  const candidate = `${base}.candidate`;
  await mkdir(hands.paths.jail, { recursive: true, mode: 0o755 });
  await writeWhole(candidate, text);
  await checkConfiguration(hands, candidate);
  await rename(candidate, base);
}

/** The old text or the new one, never a part; on disk when it resolves. For root alone. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
