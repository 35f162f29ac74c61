/**
 * Messages of a session with a container, as Kubernetes' subprotocol `v5.channel.k8s.io` has them: the first byte is the channel, the rest is its. Values in,
 * values out.
 */
import { z } from 'zod';

/** `kubernetes/apimachinery/pkg/util/remotecommand`. */
export const CHANNEL_PROTOCOL = 'v5.channel.k8s.io';
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ENDED = 3;
const RESIZE = 4;

export type Message =
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  /** `code` of the command; absent if it was never begun, and `detail` says why. */
  | { readonly kind: 'ended'; readonly code?: number; readonly detail: string }
  | { readonly kind: 'other' };

export function inputMessage(text: string): Uint8Array<ArrayBuffer> {
  return message(STDIN, text);
}

export function resizeMessage({ cols, rows }: { readonly cols: number; readonly rows: number }) {
  return message(RESIZE, JSON.stringify({ Width: cols, Height: rows }));
}

function message(channel: number, text: string): Uint8Array<ArrayBuffer> {
  const payload = new TextEncoder().encode(text);
  const bytes = new Uint8Array(payload.length + 1);
  bytes[0] = channel;
  bytes.set(payload, 1);
  return bytes;
}

export function readMessage(bytes: Uint8Array): Message {
  const [channel] = bytes;
  const rest = bytes.subarray(1);
  if (channel === STDOUT || channel === STDERR) return { kind: 'output', bytes: rest };
  return channel === ENDED ? endOf(new TextDecoder().decode(rest)) : { kind: 'other' };
}

const Status = z.object({
  status: z.string(),
  message: z.string().default(''),
  reason: z.string().optional(),
  details: z
    .object({ causes: z.array(z.object({ reason: z.string(), message: z.string() })).default([]) })
    .optional(),
});

function endOf(text: string): Message {
  const parsed = Status.safeParse(jsonOf(text));
  if (!parsed.success) return { kind: 'ended', detail: text };
  const { status, message: detail, details } = parsed.data;
  if (status === 'Success') return { kind: 'ended', code: 0, detail: '' };
  const code = Number(details?.causes.find(({ reason }) => reason === 'ExitCode')?.message ?? Number.NaN);
  return Number.isInteger(code) ? { kind: 'ended', code, detail } : { kind: 'ended', detail };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
