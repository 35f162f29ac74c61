/** Reads the small tar archives that `archive.ts` writes, and no others: plain files, byte for byte as they are written there. Values in, values out. */
import { type ArchiveFile, archiveOf } from './archive.ts';

const BLOCK = 512;
const FILES_MAX = 1_000;

/** Undefined for whatever is not such an archive: links, devices, directories, owners, paths that lead up, a byte too many. */
export function readArchive(bytes: Buffer): readonly ArchiveFile[] | undefined {
  const files: ArchiveFile[] = [];
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const file = readFile(bytes, at);
    if (file === undefined || files.length === FILES_MAX) return undefined;
    files.push(file);
    at += BLOCK * (1 + Math.ceil(Buffer.byteLength(file.content) / BLOCK));
  }
  // What another reader would understand otherwise is in none of the bytes then.
  return files.length > 0 && writes(files)?.equals(bytes) === true ? files : undefined;
}

function readFile(bytes: Buffer, at: number): ArchiveFile | undefined {
  const text = (from: number, length: number) => textOf(bytes.subarray(at + from, at + from + length));
  const size = Number.parseInt(text(124, 12), 8);
  const mode = Number.parseInt(text(100, 8), 8);
  const prefix = text(345, 155);
  const path = `/${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`;
  const begin = at + BLOCK;
  if (!(size >= 0) || begin + size > bytes.length || !(mode >= 0 && mode <= 0o777)) return undefined;
  if (
    path
      .split('/')
      .slice(1)
      .some((part) => part === '' || part === '.' || part === '..')
  )
    return undefined;
  return { path, content: bytes.subarray(begin, begin + size).toString('utf8'), mode };
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8');
}

function writes(files: readonly ArchiveFile[]): Buffer | undefined {
  try {
    return archiveOf(files);
  } catch {
    return undefined;
  }
}
