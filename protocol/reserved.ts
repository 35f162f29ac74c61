/** What no site may expose, whoever asks: the control plane refuses it, and an agent does not apply it. */
import { parsePrefix } from './address.ts';

/** Nothing wider than a /16 is exposed whole: a ledger item keeps one /16, so that it can decide alone. */
export const EXPOSED_LENGTH_MIN = 16;

/** Ranges that mean something on every host. */
export const RESERVED = [
  { prefix: parsePrefix('0.0.0.0/8'), why: 'this network' },
  { prefix: parsePrefix('127.0.0.0/8'), why: 'loopback' },
  { prefix: parsePrefix('169.254.0.0/16'), why: 'link-local, where clouds serve metadata' },
  { prefix: parsePrefix('224.0.0.0/3'), why: 'multicast and reserved' },
] as const;

/**
 * Ranges that lead nowhere on the internet (RFC 1918; of documentation, RFC 5737). Native routes are for these alone: a hub that led
 * a public range into a tunnel would cut itself off from whoever has it, its own account's API among them.
 */
export const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
].map(parsePrefix);
