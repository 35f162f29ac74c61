/**
 * An API server with one type of object, as far as a cache reads it: versions that grow, a history, watches with a window, lists, metadata in
 * protobuf, reviews of access. It holds its whole past, so that any answer can be held against the truth of its version.
 */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import type { Reader } from '../../edge-agent/cache/reader.ts';
import type { KubeRequest } from '../../edge-agent/kube/client.ts';
import { faultOf, KubeError } from '../../edge-agent/kube/errors.ts';

export interface PastEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly key: string;
  readonly version: number;
  readonly padding: string;
}

interface OpenWatch {
  readonly answer: IncomingMessage;
  /** Events up to this one are sent. */
  sent: number;
}

const PREFIX = '"kind":"ConfigMap","apiVersion":"v1",';

export class KubeServer {
  readonly past: PastEvent[] = [];
  readonly reader: Reader;
  version = 100;
  /** Version of the last whole list that was asked for. */
  listedAt = 0;
  /** Data of objects that are written from now on. */
  padding = '';
  /** How long a read takes. */
  readMs = 1;
  isAway = false;
  isLagging = false;
  /** Whether this user may read. */
  mayRead: (user: string) => boolean = () => true;
  readonly asked = { lists: 0, proofs: 0, watches: 0, reviews: 0 };
  #windowStart = 100;
  readonly #watches = new Set<OpenWatch>();

  constructor() {
    this.reader = {
      text: async (call) => this.#text(call),
      stream: async (call) => {
        if (call.query?.['watch'] !== 'true') await pause(this.readMs);
        return this.#stream(call);
      },
      json: async <Schema extends z.ZodType>(schema: Schema, call: KubeRequest) =>
        schema.parse(this.#review(call)),
    };
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** Creates, changes or deletes; nothing if there is nothing to delete. */
  write(key: string, isGone: boolean): void {
    const isThere = this.stateAt(this.version).has(key);
    if (isGone && !isThere) return;
    this.version++;
    const type = isGone ? 'DELETED' : isThere ? 'MODIFIED' : 'ADDED';
    this.past.push({ type, key, version: this.version, padding: this.padding });
    this.#send();
  }

  /** Another type changes: the version grows, and watches of this one hear nothing. */
  writeElsewhere(): void {
    this.version++;
  }

  /** Versions by key. */
  stateAt(version: number): Map<string, number> {
    const state = new Map<string, number>();
    for (const event of this.past) {
      if (event.version > version) break;
      if (event.type === 'DELETED') state.delete(event.key);
      else state.set(event.key, event.version);
    }
    return state;
  }

  /** What is sent later than it happened is sent now. */
  catchUp(): void {
    this.isLagging = false;
    this.#send();
  }

  disconnect(): void {
    for (const { answer } of this.#watches) answer.destroy();
    this.#watches.clear();
  }

  /** As a restart does: watches can't begin before now. */
  forget(): void {
    this.#windowStart = this.version;
    this.disconnect();
  }

  #send(): void {
    if (this.isLagging) return;
    for (const watch of this.#watches) {
      for (const event of this.past.slice(watch.sent))
        watch.answer.push(`{"type":"${event.type}","object":{${PREFIX}${bareText(event).slice(1)}}\n`);
      watch.sent = this.past.length;
    }
  }

  #text({ query = {} }: KubeRequest): string {
    this.#refuseIfAway();
    this.asked.lists++;
    const state = [...this.stateAt(this.version)].sort(([one], [other]) => (one < other ? -1 : 1));
    if (query['limit'] !== '1') this.listedAt = this.version;
    const some = query['limit'] === '1' ? state.slice(0, 1) : state;
    const items = some.map(([key, version]) => bareText({ key, version, padding: this.#paddingOf(version) }));
    return `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"${this.version}"},"items":[${items.join(',')}]}`;
  }

  #stream({ query = {} }: KubeRequest): IncomingMessage {
    this.#refuseIfAway();
    const answer = new IncomingMessage(new Socket());
    answer.statusCode = 200;
    if (query['watch'] !== 'true') {
      this.asked.proofs++;
      answer.push(protobufList(this.version, this.stateAt(this.version)));
      answer.push(null);
      return answer;
    }
    this.asked.watches++;
    const from = Number(query['resourceVersion']);
    if (from < this.#windowStart) {
      answer.push('{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}\n');
      answer.push(null);
      return answer;
    }
    const watch = { answer, sent: this.past.filter(({ version }) => version <= from).length };
    this.#watches.add(watch);
    this.#send();
    return answer;
  }

  #review({ body = '' }: KubeRequest): unknown {
    this.#refuseIfAway();
    this.asked.reviews++;
    const { spec }: { spec: { user: string } } = JSON.parse(body);
    return { status: { allowed: this.mayRead(spec.user) } };
  }

  #paddingOf(wanted: number): string {
    return this.past.find(({ version }) => version === wanted)?.padding ?? '';
  }

  #refuseIfAway(): void {
    if (this.isAway) throw new KubeError(faultOf(503, true), 'away');
  }
}

function bareText({ key, version, padding }: Omit<PastEvent, 'type'>): string {
  const [namespace = '', name = ''] = key.split('/');
  return JSON.stringify({
    metadata: { name, namespace, resourceVersion: String(version), labels: { odd: String(version % 2) } },
    data: { padding },
  });
}

/** A list of metadata in the wire format. */
export function protobufList(version: number, state: ReadonlyMap<string, number>): Buffer {
  const items = [...state].map(([key, at]) => {
    const [namespace = '', name = ''] = key.split('/');
    const metadata = [field(1, name), field(3, namespace), Buffer.from([0x38, 0x96, 0x01])];
    return field(2, field(1, Buffer.concat([...metadata, field(6, String(at)), field(17, 'x'.repeat(300))])));
  });
  const list = Buffer.concat([field(1, field(2, String(version))), ...items]);
  return Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, 'meta.k8s.io/v1')), field(2, list)]);
}

function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
