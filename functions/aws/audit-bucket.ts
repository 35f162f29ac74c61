/** The bucket that the audit log is copied to. What is there is never overwritten. */
import { statusOf } from '../../vpc/ec2-errors.ts';
import { LIMITS } from './limits.ts';
import { once } from './once.ts';

const PRECONDITION_FAILED = 412;

export function openAuditBucket(bucket: string): (name: string, text: string) => Promise<void> {
  const service = once(async () => {
    const { S3Client, PutObjectCommand } = await import('@aws-sdk/client-s3');
    return { client: new S3Client(LIMITS), PutObjectCommand };
  });
  return async (name, text) => {
    const { client, PutObjectCommand } = await service();
    const object = {
      Bucket: bucket,
      Key: name,
      Body: text,
      ContentType: 'application/json',
      IfNoneMatch: '*',
    };
    try {
      await client.send(new PutObjectCommand(object));
    } catch (fault) {
      // Two at once (409) are for a retry: whoever is first may fail yet.
      if (statusOf(fault) !== PRECONDITION_FAILED) throw fault;
    }
  };
}
