/** Reads the engine's log stream: frames of eight bytes of head (stream, three zeros, length) and text. Of a container with a terminal it is plain text. Values in, values out. */

const HEAD_BYTES = 8;

/** The lines, of both outputs, in order. A frame that is cut off counts as far as it goes. */
export function logLines(bytes: Buffer): string[] {
  return textOf(bytes)
    .split(/\r?\n/)
    .filter((line) => line !== '');
}

function textOf(bytes: Buffer): string {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    if (!isHead(bytes, at)) return bytes.toString('utf8');
    const begin = at + HEAD_BYTES;
    at = begin + bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(begin, at));
  }
  return Buffer.concat(parts).toString('utf8');
}

function isHead(bytes: Buffer, at: number): boolean {
  return (bytes[at] ?? 9) <= 2 && bytes[at + 1] === 0 && bytes[at + 2] === 0 && bytes[at + 3] === 0;
}
