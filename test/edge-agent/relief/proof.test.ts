/** The proof that what is kept is what the server has: the versions of all objects, from the smallest answer that names them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keep } from '../../../edge-agent/relief/kept.ts';
import { proves, readVersions } from '../../../edge-agent/relief/proof.ts';
import { protobufList } from '../../fakes/kube-server.ts';

function object(namespace: string, name: string, version: number) {
  return keep(
    JSON.stringify({
      metadata: { name, namespace, resourceVersion: String(version), labels: { odd: String(version % 2) } },
    }),
    'configmaps',
  );
}

describe('a proof', () => {
  const bytes = protobufList(
    99,
    new Map([
      ['n/a', 5],
      ['n/b', 7],
    ]),
  );
  const versions = readVersions(bytes);

  test('reads versions of objects, and skips all else', () => {
    expect(versions).toEqual({
      version: 99,
      objects: new Map([
        ['n/a', 5],
        ['n/b', 7],
      ]),
    });
  });

  test('holds for exactly these objects', () => {
    const [a, b, b2, c] = [
      object('n', 'a', 5),
      object('n', 'b', 7),
      object('n', 'b', 8),
      object('n', 'c', 1),
    ];
    const held = [[a, b], [b, a], [a], [a, b2], [a, b, c], [a, c]].map((kept) =>
      versions === undefined ? undefined : proves(versions, kept),
    );
    expect(held).toEqual([true, true, false, false, false, false]);
  });

  test('is none if any byte is missing', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(readVersions(bytes.subarray(0, length))).toBeUndefined();
      }),
    );
    expect(readVersions(Buffer.from('{"kind":"PartialObjectMetadataList"}'))).toBeUndefined();
  });
});
