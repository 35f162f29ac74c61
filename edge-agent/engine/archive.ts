/** Writes the small tar archives (POSIX ustar) by which files come into a container. Values in, values out. */

const BLOCK = 512;
const NAME_MAX = 100;
const PREFIX_MAX = 155;

export interface ArchiveFile {
  /** Absolute path in the container. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** An archive to be unpacked at `/`. Times are zero, so that the same files are the same bytes. Throws a RangeError if a path has no place in the format. */
export function archiveOf(files: readonly ArchiveFile[]): Buffer {
  const parts = files.flatMap(({ path, content, mode }) => {
    const bytes = Buffer.from(content, 'utf8');
    const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
    return [headOf(path.replace(/^\/+/, ''), bytes.length, mode), bytes, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function headOf(path: string, size: number, mode: number): Buffer {
  const head = Buffer.alloc(BLOCK);
  const { name, prefix } = split(path);
  head.write(name, 0);
  head.write(octal(mode, 7), 100);
  head.write(octal(0, 7), 108);
  head.write(octal(0, 7), 116);
  head.write(octal(size, 11), 124);
  head.write(octal(0, 11), 136);
  head.write('0', 156);
  head.write('ustar\0', 257);
  head.write('00', 263);
  head.write(prefix, 345);
  // The sum is taken with spaces in its own place.
  head.write(' '.repeat(8), 148);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${octal(sum, 6)}\0 `, 148);
  return head;
}

function split(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= NAME_MAX) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= NAME_MAX && Buffer.byteLength(prefix) <= PREFIX_MAX)
      return { name, prefix };
  }
  throw new RangeError(`The path ${path} is too long for an archive.`);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
