/**
 * The two files about a slot: what the deployment gives an instance (`/etc/isthmus/slot.json`), and what the instance
 * remembers of the slot that it took, so that it boots with the account's API away. They hold no secret.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Address, Cidr } from '../protocol/address.ts';
import { Name } from '../protocol/metadata.ts';
import { InterfaceId } from '../protocol/slot.ts';

const SLOT_BYTES_MAX = 10_000;

export const SlotFile = z.strictObject({
  /** Name of the hub. */
  hub: Name,
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/),
  interface: InterfaceId,
  /** Id of the secret that keeps the WireGuard key. */
  secret: z.string().min(1).max(300),
  controlPlane: z.url({ protocol: /^https$/ }),
});
export type SlotFile = z.infer<typeof SlotFile>;

export const TakenSlot = z.strictObject({
  interface: InterfaceId,
  device: z.string().min(1).max(15),
  mac: z.string(),
  address: Address,
  subnet: Cidr,
});
export type TakenSlot = z.infer<typeof TakenSlot>;

/** Throws a sentence for a person. */
export function readSlotFile(path: string): SlotFile {
  const parsed = SlotFile.safeParse(readJson(path));
  if (parsed.success) return parsed.data;
  throw new Error(`${path} does not describe a slot: ${z.prettifyError(parsed.error)}`);
}

/** Undefined if no slot was taken, or if the file is damaged: then it is taken anew. */
export function readTakenSlot(path: string): TakenSlot | undefined {
  try {
    return TakenSlot.safeParse(readJson(path)).data;
  } catch {
    return undefined;
  }
}

function readJson(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  if (text.length > SLOT_BYTES_MAX) throw new Error(`${path} is too large`);
  return JSON.parse(text);
}
