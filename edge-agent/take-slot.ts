/**
 * Takes the slot for this instance at each boot. Looks, decides by `plan/slot.ts`, does, and looks
 * again until nothing is left; then fetches the slot's WireGuard key. Idempotent, and it may be killed anywhere.
 */
import { z } from 'zod';
import type { Run } from './apply/command.ts';
import { keepKey, readPrivateKey } from './apply/keys.ts';
import type { Slots } from './cloud/cloud.ts';
import type { Metadata } from './cloud/metadata.ts';
import { applyHostStep, observeSlotHost } from './cloud/slot-host.ts';
import { writeDurably } from './link/durable.ts';
import {
  describeSlotStep,
  type SlotFacts,
  type SlotInterface,
  type SlotStep,
  slotDevice,
  slotSteps,
} from './plan/slot.ts';
import type { Paths } from './settings.ts';
import { readTakenSlot, type SlotFile, type TakenSlot } from './slot-file.ts';

/** An interface that is taken by force is free within a minute or two. */
const TAKE_MS_MAX = 240_000;
const FAILING_MS_MAX = 60_000;
const LOOK_MS = 1_000;

const Key = z.object({ privateKey: z.string(), publicKey: z.string() });

export interface SlotPorts {
  readonly slots: Slots;
  readonly metadata: Metadata;
  readonly run: Run;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** Rejects with a sentence for a person. */
export async function takeSlot(file: SlotFile, paths: Paths, ports: SlotPorts): Promise<TakenSlot> {
  const taken = await settle(file, paths, ports);
  writeDurably(paths.slot, `${JSON.stringify(taken)}\n`);
  await keepSlotKey(file, paths, ports);
  return taken;
}

/** Failures are tried again for a while: at a first boot, roles and interfaces take their time to be known. */
async function settle(file: SlotFile, paths: Paths, ports: SlotPorts): Promise<TakenSlot> {
  const { now, pause } = ports;
  const startedMs = now();
  const tell = onceInARow(ports.log);
  let workedMs = startedMs;
  while (now() - startedMs < TAKE_MS_MAX) {
    try {
      const facts = await observe(file, paths, { ports, waitedMs: now() - startedMs });
      const steps = slotSteps(facts);
      if (steps.length === 0) return takenOf(facts);
      for (const step of steps) {
        tell(describeSlotStep(step));
        await perform(step, ports);
      }
      workedMs = now();
      if (steps.every(({ kind }) => kind !== 'wait' && kind !== 'attach' && kind !== 'detach')) continue;
    } catch (cause) {
      if (now() - workedMs >= FAILING_MS_MAX) throw cause;
      tell(`Failed, and is tried again: ${messageOf(cause)}`);
    }
    await pause(LOOK_MS);
  }
  throw new Error(`The slot ${file.interface} could not be taken within ${TAKE_MS_MAX / 1_000} s.`);
}

function onceInARow(log: (line: string) => void): (line: string) => void {
  let last = '';
  return (line) => {
    if (line !== last) log(line);
    last = line;
  };
}

async function observe(
  file: SlotFile,
  paths: Paths,
  { ports, waitedMs }: { readonly ports: SlotPorts; readonly waitedMs: number },
): Promise<SlotFacts> {
  const { metadata, run } = ports;
  const host = await observeSlotHost(run);
  const instance = await metadata.instance();
  const last = readTakenSlot(paths.slot);
  const isHere = last?.interface === file.interface && host.devices.some(({ mac }) => mac === last.mac);
  const remembered = isHere ? last : undefined;
  const found = await findSlot(file, ports, remembered && { instance, ...remembered });
  const isDevice = host.devices.some(({ mac }) => mac === found.mac);
  const subnet = isDevice ? ((await metadata.subnet(found.mac)) ?? remembered?.subnet) : undefined;
  return { instance, interface: found, waitedMs, subnet, ...host };
}

/** With the account's API away, an interface that is here was attached before. */
async function findSlot(
  file: SlotFile,
  { slots, log }: SlotPorts,
  remembered: (TakenSlot & { readonly instance: string }) | undefined,
): Promise<SlotInterface> {
  try {
    return await slots.find(file.interface);
  } catch (cause) {
    if (remembered === undefined) throw cause;
    log(`The account does not answer (${messageOf(cause)}); the interface is here, as it was.`);
    const { mac, address, instance } = remembered;
    const attachment = { id: 'remembered', instance, state: 'attached' as const };
    return { id: file.interface, mac, address, attachment };
  }
}

async function perform(step: SlotStep, { slots, run }: SlotPorts): Promise<void> {
  if (step.kind === 'wait') return;
  if (step.kind === 'attach') await slots.attach(step.interface, step.instance);
  else if (step.kind === 'detach') await slots.detach(step.attachment, step.force);
  else await applyHostStep(run, step);
}

function takenOf(facts: SlotFacts): TakenSlot {
  const device = slotDevice(facts);
  if (device === undefined || facts.subnet === undefined) throw new Error('A slot without a device');
  const { id, mac, address } = facts.interface;
  return { interface: id, device: device.name, mac, address, subnet: facts.subnet };
}

/** A host that has a key goes on with it while secrets cannot be read: the slot's key is for life. */
async function keepSlotKey(
  file: SlotFile,
  { wireguardKey }: Paths,
  { slots, log }: SlotPorts,
): Promise<void> {
  let text: string;
  try {
    text = await slots.secret(file.secret);
  } catch (cause) {
    if ((await readPrivateKey(wireguardKey)) === undefined) throw cause;
    log(`The slot's secret cannot be read (${messageOf(cause)}); the key that is here stays.`);
    return;
  }
  const { privateKey, publicKey } = parseKey(text, file.secret);
  if ((await keepKey(wireguardKey, privateKey)) !== publicKey)
    throw new Error(`The two halves of the key in the secret ${file.secret} do not belong together.`);
}

/** What a secret holds is never in an error. */
function parseKey(text: string, secret: string): z.infer<typeof Key> {
  try {
    return Key.parse(JSON.parse(text));
  } catch {
    throw new Error(`The secret ${secret} does not hold a key: {"privateKey", "publicKey"}.`);
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
