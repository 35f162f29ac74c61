/**
 * Proves the instance's role to the control plane: a GetCallerIdentity request, signed (SigV4) but not sent. What is
 * proved, and to whom, stands in two signed headers, so that the signature is good for nothing else.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import {
  IDENTITY_AUDIENCE_HEADER,
  IDENTITY_BODY,
  IDENTITY_STATEMENT_HEADER,
  type InstanceProof,
} from '../../protocol/enrolment.ts';
import type { ProofOrder } from './cloud.ts';

export async function proveRole({ region, statementHash, audience }: ProofOrder): Promise<InstanceProof> {
  const { credentials } = new STSClient({ region }).config;
  const signer = new SignatureV4({
    credentials,
    region,
    service: 'sts',
    sha256: Sha256,
    // The control plane sends on what it knows, and the hash of the body is in the signature anyway.
    applyChecksum: false,
  });
  const hostname = `sts.${region}.amazonaws.com`;
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'https:',
    hostname,
    path: '/',
    body: IDENTITY_BODY,
    headers: {
      host: hostname,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      [IDENTITY_STATEMENT_HEADER]: statementHash,
      [IDENTITY_AUDIENCE_HEADER]: audience,
    },
  });
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { region, headers: Object.fromEntries(named) };
}

/** What the signer asks of a hash, by Node's own: with a secret it is an HMAC. */
class Sha256 {
  readonly #secret: string | Uint8Array | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined || typeof secret === 'string' ? secret : bytesOf(secret);
    this.#hash = this.#begin();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#begin();
  }

  #begin(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
