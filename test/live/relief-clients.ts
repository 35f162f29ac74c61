/** Clients of a relieved API server: one that reads, one that watches, one that keeps a copy as controllers do. */
import { get as httpGet, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { KubeClient } from '../../edge-agent/kube/client.ts';
import { ADMIN, impersonating } from './relief-stand.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Ask {
  readonly path: string;
  readonly accept?: string;
  readonly user?: string;
}

const Metadata = z.looseObject({
  name: z.string().default(''),
  namespace: z.string().optional(),
  resourceVersion: z.string().default(''),
  annotations: z.record(z.string(), z.string()).optional(),
});
export const Listed = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.looseObject({ metadata: Metadata })).nullable(),
});
const Line = z.looseObject({
  type: z.string(),
  object: z.looseObject({ metadata: Metadata.optional(), code: z.number().optional() }),
});

export interface SeenEvent {
  readonly type: string;
  readonly key: string;
  readonly version: number;
  readonly object: unknown;
}

export async function askDirectly(client: KubeClient, { path, accept, user }: Ask): Promise<Answer> {
  const answer = await client.stream({
    method: 'GET',
    path,
    headers: { accept: accept ?? 'application/json', ...impersonating(user ?? ADMIN) },
  });
  return { status: answer.statusCode ?? 0, body: parsed(await textOf(answer)) };
}

export async function askRelieved(url: string, ask: Ask): Promise<Answer> {
  const answer = await openRelieved(url, ask);
  return { status: answer.statusCode ?? 0, body: parsed(await textOf(answer)) };
}

export function openRelieved(url: string, { path, accept, user }: Ask): Promise<IncomingMessage> {
  const headers = { accept: accept ?? 'application/json', 'x-user': user ?? ADMIN };
  return new Promise((resolve, reject) => {
    httpGet(`${url}${path}`, { headers }, resolve).on('error', reject);
  });
}

/** Events until the stream ends, or `enough` says so. */
export async function eventsOf(
  answer: IncomingMessage,
  enough: (events: readonly SeenEvent[]) => boolean = () => false,
): Promise<SeenEvent[]> {
  const events: SeenEvent[] = [];
  const lines = createInterface({ input: answer });
  // A stream that is destroyed has no end of its own.
  answer.once('close', () => lines.close());
  try {
    for await (const line of lines) {
      if (line === '') continue;
      const { type, object } = Line.parse(JSON.parse(line));
      const { metadata } = object;
      events.push({
        type,
        key: `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`,
        version: Number(metadata?.resourceVersion || object.code || 0),
        object,
      });
      if (enough(events)) break;
    }
  } catch {
    // A stream that breaks off ends; what came counts.
  }
  answer.destroy();
  return events;
}

/** Keeps a copy by list and watch, as controllers do, and notes whatever must not happen. */
export class Copier {
  readonly url: string;
  readonly path: string;
  readonly objects = new Map<string, number>();
  readonly faults: string[] = [];
  relists = 0;
  #version = '';
  #isStopped = false;
  #open: IncomingMessage | undefined;

  constructor(url: string, path: string) {
    this.url = url;
    this.path = path;
  }

  stop(): void {
    this.#isStopped = true;
    this.#open?.destroy();
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (this.#version === '') await this.#list();
        if (this.#version !== '') await this.#watch();
      } catch {
        await pause(50);
      }
    }
  }

  async #list(): Promise<void> {
    const { status, body } = await askRelieved(this.url, { path: `${this.path}?resourceVersion=0` });
    if (status !== 200) return void (await pause(50));
    const { items, metadata } = Listed.parse(body);
    this.relists++;
    this.objects.clear();
    for (const item of items ?? [])
      this.objects.set(
        `${item.metadata.namespace ?? ''}/${item.metadata.name}`,
        Number(item.metadata.resourceVersion),
      );
    this.#version = metadata.resourceVersion;
  }

  async #watch(): Promise<void> {
    this.#open = await openRelieved(this.url, {
      path: `${this.path}?watch=true&allowWatchBookmarks=true&resourceVersion=${this.#version}`,
    });
    if (this.#open.statusCode !== 200) {
      this.#open.destroy();
      return void (await pause(50));
    }
    await eventsOf(this.#open, (events) => this.#take(events[events.length - 1]));
  }

  /** True: the watch is over. */
  #take(event: SeenEvent | undefined): boolean {
    if (event === undefined) return false;
    const { type, key, version } = event;
    if (type === 'ERROR') {
      if (version !== 410) this.faults.push(`an error ${version}`);
      this.#version = '';
      return true;
    }
    if (version <= Number(this.#version) && type !== 'BOOKMARK')
      this.faults.push(`${type} ${key} at ${version} after ${this.#version}`);
    this.#version = String(Math.max(version, Number(this.#version)));
    const known = this.objects.has(key);
    if (type === 'ADDED' && known) this.faults.push(`${key} added twice at ${version}`);
    if ((type === 'MODIFIED' || type === 'DELETED') && !known)
      this.faults.push(`${type} ${key} at ${version} was never added`);
    if (type === 'DELETED') this.objects.delete(key);
    else if (type !== 'BOOKMARK') this.objects.set(key, version);
    return false;
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
