/**
 * Leaves by hash in a bucket. A leaf is written once and never again; S3 checks what it receives against the hash that
 * names it, and what is read is checked here. Nothing is deleted.
 */
import { createHash } from 'node:crypto';
import { statusOf } from '../../vpc/ec2-errors.ts';
import type { Blobs } from '../reconcile/ports.ts';
import { LIMITS } from './limits.ts';
import { once } from './once.ts';

const HASH = /^[0-9a-f]{64}$/;
const PRECONDITION_FAILED = 412;
/** Somebody else is writing the same leaf at this moment. */
const CONFLICT = 409;

export function createBlobs(bucket: string): Blobs {
  const service = once(async () => {
    const s3 = await import('@aws-sdk/client-s3');
    return { client: new s3.S3Client(LIMITS), ...s3 };
  });
  return {
    async put(hash, text) {
      if (hashOf(text) !== hash) throw new RangeError(`A leaf is not what its hash says: ${hash}`);
      const { client, PutObjectCommand } = await service();
      const object = {
        Bucket: bucket,
        Key: hash,
        Body: text,
        ContentType: 'application/json',
        ChecksumSHA256: Buffer.from(hash, 'hex').toString('base64'),
      };
      try {
        await client.send(new PutObjectCommand({ ...object, IfNoneMatch: '*' }));
      } catch (fault) {
        // Whoever is writing it may fail yet; the same content once more is harmless.
        if (statusOf(fault) === CONFLICT) await client.send(new PutObjectCommand(object));
        else if (statusOf(fault) !== PRECONDITION_FAILED) throw fault;
      }
    },
    async get(hash) {
      if (!HASH.test(hash)) return undefined;
      const { client, GetObjectCommand, NoSuchKey } = await service();
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: hash }));
        const text = await Body?.transformToString();
        return text !== undefined && hashOf(text) === hash ? text : undefined;
      } catch (fault) {
        if (fault instanceof NoSuchKey) return undefined;
        throw fault;
      }
    },
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
