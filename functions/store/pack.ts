/**
 * Values as they go into an item. Large ones (a hub's document or liveness names thousands of peers, a ledger thousands
 * of addresses) are packed, because an item ends at 400 kB and is paid for by the kilobyte.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { StoreError } from './port.ts';

/** What the largest packed value may hold once it is unpacked. */
const UNPACKED_BYTES_MAX = 32 * 1024 * 1024;

/** The value as JSON would carry it: members that are undefined are left out. */
export function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

export function pack(value: object): Uint8Array {
  return gzipSync(JSON.stringify(value));
}

/** The value that `pack` was given; its shape is that of whoever packed it, under the same key. */
export function unpack(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX }).toString('utf8'));
  } catch (cause) {
    throw new StoreError('store.damaged', 'A packed value in the table is damaged', { cause });
  }
}
