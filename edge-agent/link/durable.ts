/**
 * Files that survive a power cut: written beside, flushed, renamed. A reader sees the old text or the new one,
 * never a part. It must not know what is in them.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

/** Replaces `path` by `text` in one step; the directory is made if it is missing. */
export function writeDurably(path: string, text: string): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', PRIVATE_FILE);
  try {
    writeAll(file, Buffer.from(text, 'utf8'));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  flushDirectory(directory);
}

function writeAll(file: number, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}

/** The rename itself lies in the directory. */
export function flushDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
