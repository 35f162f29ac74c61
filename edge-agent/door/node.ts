/**
 * The agent in the role `node` beside a plain engine: keeps a connection to its edge, over which the guard answers. Containers need neither: what runs, runs on, and the
 * engine brings it back after a reboot. Everything that this must know afterwards is in its identity.
 */
import { X509Certificate } from 'node:crypto';
import type { ServerHttp2Session } from 'node:http2';
import { EngineClient } from '../engine/client.ts';
import { Poll } from '../poll.ts';
import type { HostRules } from './bodies.ts';
import { dialEdge, renewIdentity } from './dial.ts';
import { type NodeIdentity, readNodeIdentity, writeNodeIdentity } from './identity.ts';
import { keepPulse } from './pulse.ts';
import { serveEngine } from './serve.ts';
import type { NodeStatus } from './status.ts';

const LOOK_MS = 2_000;
const WAIT_MS_MAX = 30_000;
const RENEW_MS = 30 * 86_400_000;
const RENEW_AGAIN_MS = 3_600_000;

export interface EngineNodeOptions {
  /** Of the identity. */
  readonly path: string;
  readonly hostPrefixes: () => readonly string[];
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly log: (line: string) => void;
  readonly onStatus: (status: NodeStatus) => void;
}

export class EngineNode {
  readonly #options: EngineNodeOptions;
  readonly #looks = new Poll(() => this.#look());
  #open: { readonly text: string; readonly client: EngineClient; session?: ServerHttp2Session } | undefined;
  #connectedMs: number | undefined;
  #waitMs = LOOK_MS;
  #nextMs = Number.NEGATIVE_INFINITY;
  #renewMs = Number.NEGATIVE_INFINITY;
  #refusals = 0;
  #lastRefusal: string | undefined;
  #fault: string | undefined;

  constructor(options: EngineNodeOptions) {
    this.#options = options;
  }

  start(): void {
    this.#looks.wake();
  }

  stop(): void {
    this.#looks.stop();
    this.#close();
  }

  /** Never rejects. */
  async #look(): Promise<number> {
    try {
      await this.#match();
    } catch (cause) {
      this.#fail(cause instanceof Error ? cause.message : String(cause));
    }
    this.#options.onStatus(this.#status());
    return LOOK_MS;
  }

  /** Another identity than before is another connection: it was renewed, or joined elsewhere. */
  async #match(): Promise<void> {
    const identity = readNodeIdentity(this.#options.path);
    const text = JSON.stringify(identity);
    if (this.#open !== undefined && this.#open.text !== text) {
      this.#close();
      this.#nextMs = Number.NEGATIVE_INFINITY;
    }
    if (identity === undefined) throw new Error('This host has not joined an edge: edge-agent node join.');
    if (this.#open?.session?.destroyed === false) return this.#renew(identity);
    const { now } = this.#options;
    if (now() < this.#nextMs) return;
    this.#nextMs = now() + this.#waitMs;
    this.#waitMs = Math.min(WAIT_MS_MAX, this.#waitMs * 2);
    await this.#connect(identity, text);
  }

  async #connect(identity: NodeIdentity, text: string): Promise<void> {
    const { hostPrefixes, now, wallNow, log } = this.#options;
    this.#close();
    const client = new EngineClient({ kind: 'socket', path: identity.socket });
    this.#open = { text, client };
    const { lanParents, volumeDrivers } = identity;
    const rules = (): HostRules => ({ lanParents, volumeDrivers, hostPrefixes: hostPrefixes() });
    const socket = await dialEdge(identity);
    // Told to end meanwhile.
    if (this.#open?.client !== client) return void socket.destroy();
    const session = serveEngine(socket, { client, rules, onRefused: (why) => this.#noteRefusal(why) });
    this.#open.session = session;
    // TLS lets a client be glad before the other end has looked at its certificate.
    session.once('remoteSettings', () => {
      this.#connectedMs = wallNow();
      this.#waitMs = LOOK_MS;
      this.#fault = undefined;
      log(`connected to the edge at ${identity.host}:${identity.port} as ${identity.name}`);
    });
    session.once('close', () => {
      const isRefused = this.#connectedMs === undefined;
      this.#connectedMs = undefined;
      this.#fail(
        isRefused
          ? 'The edge let us go at once: this node was removed there, or its certificate has ended.'
          : 'The edge is gone.',
      );
    });
    keepPulse(session, now);
  }

  /** A month before its end; tried again every hour. */
  async #renew(identity: NodeIdentity): Promise<void> {
    const { path, now, wallNow, log } = this.#options;
    const endsMs = Date.parse(new X509Certificate(identity.certificate).validTo);
    if (endsMs - RENEW_MS > wallNow() || now() < this.#renewMs) return;
    this.#renewMs = now() + RENEW_AGAIN_MS;
    writeNodeIdentity(path, await renewIdentity(identity));
    log('has a new key and certificate');
  }

  #noteRefusal(why: string): void {
    this.#refusals += 1;
    if (why !== this.#lastRefusal) this.#options.log(`refused: ${why}`);
    this.#lastRefusal = why;
  }

  #fail(why: string): void {
    if (why !== this.#fault) this.#options.log(why);
    this.#fault = why;
  }

  #close(): void {
    this.#open?.session?.destroy();
    this.#open?.client.close();
    this.#open = undefined;
  }

  #status(): NodeStatus {
    return {
      atMs: this.#options.wallNow(),
      refusals: this.#refusals,
      ...(this.#connectedMs === undefined ? {} : { connectedMs: this.#connectedMs }),
      ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    };
  }
}
