/** One request to the control plane without a credential, to see the way there: name, answer, certificate, clock. It judges nothing. */
import { lookup } from 'node:dns/promises';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Reach } from './diagnosis/here.ts';
import type { Profile } from './profile.ts';
import { silenceOf } from './silence.ts';

const TIMEOUT_MS = 10_000;
/** Anybody may read it. */
const PATH = '/v1/sign-in';
/** The header is cut to the second. */
const DATE_HALF_MS = 500;

export async function reachOf({ url, ca }: Pick<Profile, 'url' | 'ca'>): Promise<Reach> {
  const host = new URL(url).hostname.replaceAll(/[[\]]/g, '');
  const { addresses, nameFault } = await addressesOf(host);
  if (nameFault !== undefined) return { url, addresses, nameFault };
  const startMs = Date.now();
  return new Promise((resolve) => {
    const asking = request(
      new URL(PATH, url),
      { signal: AbortSignal.timeout(TIMEOUT_MS), agent: false, ...(ca === undefined ? {} : { ca }) },
      (answer) => {
        const tookMs = Date.now() - startMs;
        const dateMs = Date.parse(answer.headers.date ?? '');
        const { socket } = answer;
        const ends =
          socket instanceof TLSSocket ? Date.parse(socket.getPeerCertificate().valid_to) : Number.NaN;
        answer.destroy();
        resolve({
          ...{ url, addresses, tookMs },
          ...(Number.isNaN(ends) ? {} : { certificateSeconds: (ends - startMs) / 1_000 }),
          ...(Number.isNaN(dateMs)
            ? {}
            : { clockOffsetSeconds: (dateMs + DATE_HALF_MS - startMs - tookMs / 2) / 1_000 }),
        });
      },
    );
    asking.on('error', (cause) => resolve({ url, addresses, fault: silenceOf({ url, ca }, cause) }));
    asking.end();
  });
}

async function addressesOf(host: string): Promise<{ addresses: string[]; nameFault?: string }> {
  if (isIP(host) !== 0) return { addresses: [host] };
  try {
    const found = await lookup(host, { all: true });
    return { addresses: found.map(({ address }) => address) };
  } catch (cause) {
    return { addresses: [], nameFault: cause instanceof Error ? cause.message : String(cause) };
  }
}
