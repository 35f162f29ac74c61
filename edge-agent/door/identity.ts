/** What a node keeps of its edge, in one file for root alone: where it is, whom to trust, its own key and certificate, and what of the host the edge may use. */
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { writeDurably } from '../link/durable.ts';
import { NodeName } from './token.ts';

const Pem = z.string().min(1).max(20_000);

export const NodeIdentity = z.strictObject({
  name: NodeName,
  cluster: z.string(),
  host: z.string(),
  port: z.int(),
  authority: Pem,
  certificate: Pem,
  key: Pem,
  /** Path of the engine's socket. */
  socket: z.string().startsWith('/'),
  lanParents: z.array(z.string().min(1).max(15)).max(16),
  volumeDrivers: z.array(z.string().min(1).max(253)).max(16),
});
export type NodeIdentity = z.infer<typeof NodeIdentity>;

/** Undefined if this host has not joined. Throws if the file can't be used. */
export function readNodeIdentity(path: string): NodeIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const parsed = NodeIdentity.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(`${path} can't be used: ${z.prettifyError(parsed.error)}. Join again.`);
}

export function writeNodeIdentity(path: string, identity: NodeIdentity): void {
  writeDurably(path, `${JSON.stringify(identity)}\n`);
}

export function forgetNodeIdentity(path: string): void {
  rmSync(path, { force: true });
}
