/**
 * A recording of one exec or attach session, as asciicast 2 (https://docs.asciinema.org/manual/asciicast/v2/): one file, one line an event. What
 * can't be recorded is ended: a session that should be seen is never unseen.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { FrameReader } from '../kube/frames.ts';

const BYTES_MAX = 64 * 1024 * 1024;
const SUBPROTOCOLS = ['v4.channel.k8s.io', 'v5.channel.k8s.io'];

/** First byte of a message, by which Kubernetes tells streams apart. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, resize: 4 } as const;
const Size = z.object({ Width: z.int().min(0).max(65_535), Height: z.int().min(0).max(65_535) });

export interface RecordingFacts {
  readonly user: string;
  readonly path: string;
  readonly query: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
}

export interface RecordingOptions {
  readonly directory: string;
  /** File name without its end. */
  readonly name: string;
  readonly facts: RecordingFacts;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly onEnded: (ended: RecordingEnded) => void;
}

export interface RecordingEnded {
  readonly file: string;
  readonly bytes: number;
  /** Of the whole file, in lower-case hex. */
  readonly sha256: string;
  /** Why the session was ended by us, if it was. */
  readonly failure?: string | undefined;
}

export class Recording {
  readonly #options: RecordingOptions;
  readonly #file: string;
  readonly #descriptor: number;
  readonly #hash = createHash('sha256');
  readonly #client = new FrameReader((message) => this.#clientMessage(message));
  readonly #server = new FrameReader((message) => this.#serverMessage(message));
  /** A character may be split between two messages of a stream. */
  readonly #texts = {
    stdin: new StringDecoder('utf8'),
    stdout: new StringDecoder('utf8'),
    stderr: new StringDecoder('utf8'),
  };
  readonly #startedMs: number;
  #bytes = 0;
  #failure: string | undefined;
  #onFailed: () => void = () => undefined;
  #isOver = false;

  /** Throws if the file can't be made: then there must be no session. */
  constructor(options: RecordingOptions) {
    const { directory, name, facts } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#options = options;
    this.#file = join(directory, `${name}.cast`);
    this.#descriptor = openSync(this.#file, 'wx', 0o600);
    this.#startedMs = options.now();
    const { user, path, query, startedAtMs } = facts;
    const command = new URLSearchParams(query).getAll('command').join(' ');
    this.#line({
      version: 2,
      width: 80,
      height: 24,
      timestamp: Math.floor(startedAtMs / 1_000),
      command,
      title: `${user} ${path}`,
    });
  }

  /** The cluster has agreed. A session in a language that we can't read ends here. */
  begin({ subprotocol, onFailed }: { readonly subprotocol: string; readonly onFailed: () => void }): void {
    this.#onFailed = onFailed;
    if (!SUBPROTOCOLS.includes(subprotocol))
      this.#fail(`The protocol ${subprotocol || 'without a name'} can't be recorded.`);
  }

  fromClient(chunk: Buffer): void {
    this.#guarded(() => this.#client.push(chunk));
  }

  fromServer(chunk: Buffer): void {
    this.#guarded(() => this.#server.push(chunk));
  }

  /** Closes the file and tells of it; may be called again. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#guarded(() => {
      this.#event('i', this.#texts.stdin.end());
      this.#event('o', this.#texts.stdout.end() + this.#texts.stderr.end());
    });
    this.#guarded(() => fsyncSync(this.#descriptor));
    closeSync(this.#descriptor);
    const ended = { file: this.#file, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
    this.#options.onEnded({ ...ended, failure: this.#failure });
  }

  #clientMessage(message: Buffer): void {
    if (message[0] === CHANNEL.stdin) this.#event('i', this.#texts.stdin.write(message.subarray(1)));
    if (message[0] !== CHANNEL.resize) return;
    const size = Size.safeParse(parseJson(message.subarray(1).toString('utf8'))).data;
    if (size !== undefined) this.#event('r', `${size.Width}x${size.Height}`);
  }

  #serverMessage(message: Buffer): void {
    const text = message.subarray(1);
    if (message[0] === CHANNEL.stdout) this.#event('o', this.#texts.stdout.write(text));
    if (message[0] === CHANNEL.stderr) this.#event('o', this.#texts.stderr.write(text));
  }

  #event(code: 'i' | 'o' | 'r', text: string): void {
    if (text !== '') this.#line([Math.round(this.#options.now() - this.#startedMs) / 1_000, code, text]);
  }

  #line(value: unknown): void {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    if (this.#bytes + bytes.length > BYTES_MAX)
      throw new RangeError(`the recording is larger than ${BYTES_MAX} bytes`);
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  #guarded(step: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      step();
    } catch (cause) {
      this.#fail(cause instanceof Error ? cause.message : String(cause));
    }
  }

  #fail(reason: string): void {
    this.#failure = reason;
    this.#onFailed();
  }
}
