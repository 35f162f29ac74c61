/**
 * Says whose role signed an instance's proof: the signed GetCallerIdentity request is sent to STS, which alone can
 * check the signature. Nothing of the request but known headers is sent on, and only to STS of the named region.
 */

import type { InstanceProof } from '../../protocol/enrolment.ts';
import {
  IDENTITY_AUDIENCE_HEADER,
  IDENTITY_BODY,
  IDENTITY_STATEMENT_HEADER,
} from '../../protocol/enrolment.ts';
import type { InstanceIdentity } from '../api/dependencies.ts';

const ANSWER_MS = 5_000;
const ANSWER_BYTES_MAX = 16_384;

/** `host` and `content-length` follow from the request itself. */
const FORWARDED: readonly string[] = [
  'authorization',
  'content-type',
  'x-amz-date',
  'x-amz-security-token',
  IDENTITY_STATEMENT_HEADER,
  IDENTITY_AUDIENCE_HEADER,
];

const ARN =
  /<Arn>arn:aws(?:-[a-z]+)*:sts::(\d{12}):assumed-role\/([A-Za-z0-9+=,.@_-]{1,64})\/([A-Za-z0-9+=,.@_-]{2,64})<\/Arn>/g;

export interface IdentifySettings {
  /** In place of STS, for tests: `fetch` does not read AWS_ENDPOINT_URL_STS by itself. Empty: STS. */
  readonly endpoint: string;
}

/** Undefined: whoever signed, it is no session of a role that STS vouches for. Throws if STS can't be asked. */
export function createIdentify({ endpoint }: IdentifySettings) {
  return async (proof: InstanceProof): Promise<InstanceIdentity | undefined> => {
    const response = await fetch(endpoint || `https://sts.${proof.region}.amazonaws.com/`, {
      method: 'POST',
      headers: forwarded(proof.headers),
      body: IDENTITY_BODY,
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch(unlessNowhere);
    if (response === undefined) return undefined;
    const text = await readAtMost(response, ANSWER_BYTES_MAX);
    if (response.status >= 500) throw new Error(`STS can't be asked: status ${response.status}.`);
    return response.status === 200 && text !== undefined ? identityIn(text) : undefined;
  };
}

/** A region that is not there is the caller's fault: nobody could be asked, and no failure of ours is told. */
function unlessNowhere(fault: unknown): undefined {
  const cause = fault instanceof Error ? fault.cause : undefined;
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOTFOUND') return undefined;
  throw fault;
}

/** The identity in STS's answer; undefined if it names none, or more than one. */
export function identityIn(xml: string): InstanceIdentity | undefined {
  const [match, ...more] = [...xml.matchAll(ARN)];
  const [, account, role, session] = match ?? [];
  if (more.length > 0 || xml.split('<Arn>').length !== 2) return undefined;
  return account && role && session ? { account, role, session } : undefined;
}

function forwarded(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => FORWARDED.includes(name)));
}

/** The text, or undefined beyond the limit. */
async function readAtMost(response: Response, bytesMax: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
