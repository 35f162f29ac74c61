/** Whose role signed: only STS's own words count, and only known headers reach it. A server on the loopback address is STS here. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createIdentify, identityIn } from '../../../functions/aws/identify.ts';
import { IDENTITY_BODY } from '../../../protocol/enrolment.ts';

const ARN = 'arn:aws:sts::123456789012:assumed-role/isthmus-hub-a/i-0123456789abcdef0';
const IDENTITY = { account: '123456789012', role: 'isthmus-hub-a', session: 'i-0123456789abcdef0' };
const answerWith = (arn: string) =>
  `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>AROA:i-0</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`;

let close = () => {};
afterEach(() => {
  close();
  vi.unstubAllGlobals();
});

async function startSts(status: number, text: string, headers: Record<string, string> = {}) {
  const seen: { headers: IncomingHttpHeaders; body: string; method: string | undefined }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      seen.push({ headers: request.headers, body, method: request.method });
      response.writeHead(status, headers).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => server.close();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { seen, identify: createIdentify({ endpoint: `http://127.0.0.1:${address.port}/` }) };
}

const proofOf = (headers: Record<string, string> = {}) => ({ region: 'eu-central-1', headers });

describe('an identity', () => {
  test('is the account, the role and the session of the ARN', () => {
    expect(identityIn(answerWith(ARN))).toEqual(IDENTITY);
    expect(identityIn(answerWith(ARN.replace('arn:aws:', 'arn:aws-us-gov:')))).toEqual(IDENTITY);
  });

  test.each([
    'arn:aws:iam::123456789012:user/alice',
    'arn:aws:sts::123456789012:federated-user/alice',
    'arn:aws:sts::123:assumed-role/isthmus-hub-a/i-0',
    'arn:aws:sts::123456789012:assumed-role/path/isthmus-hub-a/i-0',
    `${ARN} `,
    `x${ARN}`,
    '',
  ])('is none for %j', (arn) => {
    expect(identityIn(answerWith(arn))).toBeUndefined();
  });

  test('is none where two are named', () => {
    expect(identityIn(answerWith(ARN) + answerWith(ARN))).toBeUndefined();
    expect(identityIn(`${answerWith(ARN)}<Arn>x</Arn>`)).toBeUndefined();
  });
});

describe('the question', () => {
  test('is GetCallerIdentity, with known headers of the proof and no other', async () => {
    const { identify, seen } = await startSts(200, answerWith(ARN));
    const known = {
      authorization: 'AWS4-HMAC-SHA256 Credential=x',
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'x-amz-date': '20260101T000000Z',
      'x-amz-security-token': 'token',
      'x-isthmus-statement': 'abc',
      'x-isthmus-audience': 'https://api.example',
    };
    const strange = { cookie: 'a=b', 'x-forwarded-for': '192.0.2.1', 'accept-encoding': 'none' };
    expect(await identify(proofOf({ ...known, ...strange }))).toEqual(IDENTITY);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', body: IDENTITY_BODY, headers: known });
    expect(seen[0]?.headers).not.toHaveProperty('cookie');
    expect(seen[0]?.headers).not.toHaveProperty('x-forwarded-for');
  });

  test('that STS refuses has no identity', async () => {
    const { identify } = await startSts(403, answerWith(ARN));
    expect(await identify(proofOf())).toBeUndefined();
  });

  test('follows nobody elsewhere', async () => {
    const { identify, seen } = await startSts(302, '', { location: '/elsewhere' });
    await expect(identify(proofOf())).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });

  test('takes no endless answer', async () => {
    const { identify } = await startSts(200, answerWith(ARN) + ' '.repeat(100_000));
    expect(await identify(proofOf())).toBeUndefined();
  });

  test('of a region that is not there has no identity, and is no failure of ours', async () => {
    const nowhere = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    const away = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      throw new TypeError('fetch failed', { cause: asked.length === 1 ? nowhere : away });
    });
    const identify = createIdentify({ endpoint: '' });
    expect(await identify({ region: 'xx-nowhere-9', headers: {} })).toBeUndefined();
    expect(asked).toEqual(['https://sts.xx-nowhere-9.amazonaws.com/']);
    await expect(identify(proofOf())).rejects.toThrow('fetch failed');
  });

  test('that STS can not answer is a failure, not a refusal', async () => {
    const { identify } = await startSts(503, '');
    await expect(identify(proofOf())).rejects.toThrow('503');
  });
});
