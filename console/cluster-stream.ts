/**
 * What the page asks of a cluster itself, by its public name: sessions and logs. A token is asked for when one begins, held in memory for as long as that takes,
 * and sent to that cluster alone.
 */
import type { ApiClient } from '../client/client.ts';
import { dataOf } from './answer.ts';
import { CHANNEL_PROTOCOL } from './channel.ts';

/** The one container of a pod that runs an app. */
const CONTAINER = 'app';
const BEARER = 'base64url.bearer.authorization.k8s.io.';

export interface PodAt {
  readonly tenant: string;
  readonly cluster: string;
  /** Public name of the cluster. */
  readonly host: string;
  readonly namespace: string;
  readonly pod: string;
}

export async function tokenFor(
  api: ApiClient,
  { tenant, cluster }: Pick<PodAt, 'tenant' | 'cluster'>,
): Promise<string> {
  const path = { tenant, cluster };
  const asked = api.POST('/v1/tenants/{tenant}/clusters/{cluster}/credentials', { params: { path } });
  return (await dataOf(asked)).token;
}

/** A session with a terminal. The socket has binary messages of `channel.ts`. */
export function openSession(pod: PodAt, token: string, command: readonly string[]): WebSocket {
  const query = new URLSearchParams({ container: CONTAINER, stdin: 'true', stdout: 'true', tty: 'true' });
  for (const word of command) query.append('command', word);
  const socket = new WebSocket(`wss://${pod.host}${pathOf(pod)}/exec?${encoded(query)}`, [
    `${BEARER}${base64urlOf(token)}`,
    CHANNEL_PROTOCOL,
  ]);
  socket.binaryType = 'arraybuffer';
  return socket;
}

export interface LogWanted {
  /** Lines of the past. */
  readonly tail: number;
  readonly token: string;
  readonly signal: AbortSignal;
  readonly onText: (text: string) => void;
}

/** Follows a log until the container ends or the signal says so; rejects with what the cluster says. */
export async function followLog(pod: PodAt, { tail, token, signal, onText }: LogWanted): Promise<void> {
  const query = new URLSearchParams({ container: CONTAINER, follow: 'true', tailLines: String(tail) });
  const where = `https://${pod.host}${pathOf(pod)}/log?${encoded(query)}`;
  const answer = await fetch(where, { ...askedWith(token), signal });
  if (!answer.ok || answer.body === null) throw new Error(await messageOf(answer));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onText(value);
  }
}

function askedWith(token: string): RequestInit {
  return {
    headers: { authorization: `Bearer ${token}` },
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  };
}

function pathOf({ namespace, pod }: PodAt): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
}

/** A space as `%20`: a plus sign is one to the edge. */
function encoded(query: URLSearchParams): string {
  return query.toString().replaceAll('+', '%20');
}

/** Tokens are ASCII. */
function base64urlOf(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Of the Status object that clusters and their proxies answer with. */
async function messageOf(answer: Response): Promise<string> {
  const text = await answer.text();
  const said = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return said === undefined ? `${answer.status} ${answer.statusText}` : said.replaceAll('\\"', '"');
}

/** Why a session did not begin, of which a browser tells nothing: by asking for something whose answer it tells. */
export async function whyNot(
  pod: PodAt,
  token: string,
): Promise<{ readonly detail: string; readonly isUnreached: boolean }> {
  const query = new URLSearchParams({ container: CONTAINER, tailLines: '1' });
  try {
    const answer = await fetch(`https://${pod.host}${pathOf(pod)}/log?${query}`, askedWith(token));
    return { detail: answer.ok ? '' : await messageOf(answer), isUnreached: answer.ok };
  } catch {
    return { detail: pod.host, isUnreached: true };
  }
}
