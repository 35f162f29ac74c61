/** RecordIO, as Mesos streams its events: the length of a record in decimal digits, a line feed, the record. Pure; a record may come in any number of pieces. */

const RECORD_BYTES_MAX = 64 * 1024 * 1024;
const LINE_FEED = 10;
const LENGTH_DIGITS_MAX = 10;

export interface RecordReader {
  /** Records that are whole with this piece. Throws on what is no RecordIO. */
  push(piece: Buffer): readonly Buffer[];
}

export function recordReader(): RecordReader {
  const kept: { bytes: Buffer } = { bytes: Buffer.alloc(0) };
  return {
    push: (piece) => {
      kept.bytes = kept.bytes.length === 0 ? piece : Buffer.concat([kept.bytes, piece]);
      const records: Buffer[] = [];
      for (;;) {
        const next = firstRecord(kept.bytes);
        if (next === undefined) return records;
        records.push(next.record);
        kept.bytes = next.rest;
      }
    },
  };
}

function firstRecord(bytes: Buffer): { record: Buffer; rest: Buffer } | undefined {
  const end = bytes.indexOf(LINE_FEED);
  if (end === -1) {
    if (bytes.length > LENGTH_DIGITS_MAX)
      throw new Error('This is no RecordIO: the length of a record is missing.');
    return undefined;
  }
  const word = bytes.toString('latin1', 0, end);
  const length = Number(word);
  if (!/^\d{1,10}$/.test(word) || length > RECORD_BYTES_MAX)
    throw new Error(`This is no RecordIO that we take: a length of ${word.slice(0, 20)}.`);
  const start = end + 1;
  if (bytes.length < start + length) return undefined;
  return { record: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}
