/**
 * The versions of all objects from a list in protobuf that holds their metadata alone. The server makes it for a small part of what a list
 * costs, so that "nothing changed since" is proved cheaply. Reads of the wire format only what it needs.
 * Source: apimachinery's generated.proto of meta/v1 (`PartialObjectMetadataList`, `ObjectMeta`) and of runtime (`Unknown`).
 */
import { versionOf } from './kept.ts';

export interface Versions {
  readonly version: number;
  /** By `NAMESPACE/NAME` or `NAME`. */
  readonly objects: ReadonlyMap<string, number>;
}

export const PROOF_ACCEPT =
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

const MAGIC = [0x6b, 0x38, 0x73, 0x00];

interface Field {
  readonly number: number;
  /** Of what is delimited by a length; empty for numbers. */
  readonly begin: number;
  readonly end: number;
}

/** Undefined: not such a list. */
export function readVersions(bytes: Uint8Array): Versions | undefined {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return undefined;
  try {
    const raw = fieldsIn(bytes, MAGIC.length, bytes.length).find(({ number }) => number === 2);
    if (raw === undefined) return undefined;
    const fields = fieldsIn(bytes, raw.begin, raw.end);
    const metadata = fields.find(({ number }) => number === 1);
    const objects = new Map<string, number>();
    for (const item of fields.filter(({ number }) => number === 2)) {
      const meta = fieldsIn(bytes, item.begin, item.end).find(({ number }) => number === 1);
      if (meta === undefined) return undefined;
      const found = strings(bytes, meta, [1, 3, 6]);
      const [name = '', namespace = '', version = ''] = found;
      objects.set(namespace === '' ? name : `${namespace}/${name}`, versionOf(version));
    }
    const [version = '', token = ''] = metadata === undefined ? [] : strings(bytes, metadata, [2, 3]);
    return token === '' ? { version: versionOf(version), objects } : undefined;
  } catch {
    return undefined;
  }
}

function fieldsIn(bytes: Uint8Array, begin: number, end: number): Field[] {
  const fields: Field[] = [];
  let at = begin;
  while (at < end) {
    const [tag, afterTag] = varint(bytes, at);
    const wire = tag & 7;
    if (wire === 2) {
      const [length, from] = varint(bytes, afterTag);
      at = from + length;
      if (at > end) throw new RangeError('a field ends beyond its message');
      fields.push({ number: tag >> 3, begin: from, end: at });
    } else at = skipNumber(bytes, afterTag, wire);
  }
  return fields;
}

function skipNumber(bytes: Uint8Array, at: number, wire: number): number {
  if (wire === 0) return varint(bytes, at)[1];
  if (wire === 1) return at + 8;
  if (wire === 5) return at + 4;
  throw new RangeError(`wire type ${wire}`);
}

function varint(bytes: Uint8Array, at: number): readonly [number, number] {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new RangeError('a number does not end');
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return [value, at + index + 1];
  }
  throw new RangeError('a number is too long');
}

/** Names and versions are ASCII. */
function strings(bytes: Uint8Array, message: Field, numbers: readonly number[]): string[] {
  const fields = fieldsIn(bytes, message.begin, message.end);
  return numbers.map((number) => {
    const field = fields.find((candidate) => candidate.number === number);
    return field === undefined ? '' : String.fromCharCode(...bytes.subarray(field.begin, field.end));
  });
}

/** True: these are the versions of exactly these objects. */
export function proves(
  { objects }: Versions,
  kept: Iterable<{ readonly key: string; readonly version: number }>,
): boolean {
  let count = 0;
  for (const { key, version } of kept) {
    if (objects.get(key) !== version) return false;
    count++;
  }
  return count === objects.size;
}
