/**
 * One watch as Kubernetes speaks it: a line of JSON an event. It ends when the server ends it; who wants more begins again from the
 * last resource version, and lists anew on `kube.gone`.
 */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { KubeClient, KubeRequest } from './client.ts';
import { faultOf, KubeError } from './errors.ts';
import { KubeObject, StatusObject } from './objects.ts';

const WATCH_SECONDS = 300;

const WatchLine = z.looseObject({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

export interface WatchRequest {
  readonly path: string;
  readonly resourceVersion: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly seconds?: number;
  readonly signal: AbortSignal;
}

/** Events until the server ends the watch, or the signal does. Throws KubeError, `kube.gone` among them. */
export async function* watchEvents(client: KubeClient, watch: WatchRequest): AsyncGenerator<WatchEvent> {
  const call: KubeRequest = {
    method: 'GET',
    path: watch.path,
    signal: watch.signal,
    query: {
      ...watch.query,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: watch.resourceVersion,
      timeoutSeconds: String(watch.seconds ?? WATCH_SECONDS),
    },
  };
  const answer = await client.stream(call);
  if (answer.statusCode !== 200) {
    answer.resume();
    const status = answer.statusCode ?? 0;
    throw new KubeError(
      faultOf(status, answer.headers['retry-after'] !== undefined),
      `watching ${watch.path} answered ${status}`,
      { status },
    );
  }
  try {
    for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line !== '') yield eventOf(line, watch.path);
    }
  } catch (cause) {
    if (cause instanceof KubeError || watch.signal.aborted) throw cause;
    throw new KubeError('kube.unreachable', `The watch of ${watch.path} broke off.`, { cause });
  } finally {
    answer.destroy();
  }
}

function eventOf(line: string, path: string): WatchEvent {
  const { type, object } = WatchLine.parse(JSON.parse(line));
  if (type !== 'ERROR') return { type, object: KubeObject.parse(object) };
  const status = StatusObject.safeParse(object).data;
  const code = status?.code ?? 500;
  throw new KubeError(faultOf(code, false), status?.message ?? `the watch of ${path} failed`, {
    status: code,
    reason: status?.reason,
  });
}
