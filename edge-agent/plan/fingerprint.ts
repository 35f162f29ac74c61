/**
 * Short fingerprints of text, for names and for telling two texts apart. Not for secrets and not against an adversary:
 * a pure room has no SHA-256, and what is compared here was signed before.
 */
import { DEVICE_PREFIX } from './state.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 code units, 32 bits, from a starting value. */
function fnv(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  return hash >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** 16 hex digits. */
export function fingerprint(text: string): string {
  const first = fnv(text, FNV_OFFSET);
  return hex(first) + hex(fnv(text, first ^ text.length));
}

/**
 * Name of the device towards a hub. A hub has one device for all its peers, and passes its own name.
 * Unique on a machine with many agents, because sockets of WireGuard are shared between network namespaces.
 */
export function interfaceName(agent: string, hub: string): string {
  return `${DEVICE_PREFIX}${hex(fnv(`${agent}/${hub}`, FNV_OFFSET))}`;
}
