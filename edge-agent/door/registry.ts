/**
 * The nodes of a cluster that joined by themselves, a file each, and the tokens by which others may. On the edge, for root alone. A node is known by its key; a token
 * is kept as its digest, ends, and is gone with its first use.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { writeDurably } from '../link/durable.ts';
import { NodeName } from './token.ts';

export const NODES_MAX = 64;
const TOKENS_MAX = 256;
const SECRET_BYTES = 32;
const KEYS_MAX = 2;

export const JoinedNode = z.strictObject({
  name: NodeName,
  /** Digests of its public key; two while it changes to a new one, the newer last. */
  keys: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .min(1)
    .max(KEYS_MAX),
  /** Milliseconds since 1970. */
  joinedMs: z.number(),
});
export type JoinedNode = z.infer<typeof JoinedNode>;

const KeptToken = z.strictObject({ endsMs: z.number(), name: NodeName.optional() });

export type Claim = { readonly kind: 'claimed' } | { readonly kind: 'refused'; readonly why: string };

export interface ClaimRequest {
  readonly secret: string;
  readonly name: string;
  readonly nowMs: number;
}

export class NodeRegistry {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** In order of their names. */
  nodes(): readonly JoinedNode[] {
    return filesIn(this.#directory).flatMap((file) => {
      const node = readAs(JoinedNode, join(this.#directory, file));
      return node === undefined ? [] : [node];
    });
  }

  withKey(key: string): JoinedNode | undefined {
    return this.nodes().find(({ keys }) => keys.includes(key));
  }

  keep(node: JoinedNode): void {
    writeDurably(join(this.#directory, `${node.name}.json`), `${JSON.stringify(node)}\n`);
  }

  /** False if there was none. */
  remove(name: string): boolean {
    if (!this.nodes().some((node) => node.name === name)) return false;
    rmSync(join(this.#directory, `${name}.json`));
    return true;
  }

  /** The secret of a new token; with a name it is for that node alone. Tokens that ended are swept. */
  makeToken({ endsMs, nowMs, name }: { endsMs: number; nowMs: number; name?: string | undefined }): string {
    for (const file of filesIn(this.#tokens)) {
      const kept = readAs(KeptToken, join(this.#tokens, file));
      if (kept === undefined || kept.endsMs <= nowMs) rmSync(join(this.#tokens, file), { force: true });
    }
    if (filesIn(this.#tokens).length >= TOKENS_MAX)
      throw new Error(`There are ${TOKENS_MAX} tokens that nobody used: wait until some have ended.`);
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const kept = { endsMs, ...(name === undefined ? {} : { name }) };
    writeDurably(this.#pathOf(secret), `${JSON.stringify(kept)}\n`);
    return secret;
  }

  /** Of two that come at once, one has it: whoever takes the file away. */
  claim({ secret, name, nowMs }: ClaimRequest): Claim {
    const path = this.#pathOf(secret);
    const kept = readAs(KeptToken, path);
    if (kept === undefined) return { kind: 'refused', why: 'the token is not known, or was used' };
    if (kept.name !== undefined && kept.name !== name)
      return { kind: 'refused', why: `the token is for the node ${kept.name}` };
    try {
      rmSync(path);
    } catch {
      return { kind: 'refused', why: 'the token is not known, or was used' };
    }
    return kept.endsMs > nowMs ? { kind: 'claimed' } : { kind: 'refused', why: 'the token has ended' };
  }

  get #tokens(): string {
    return join(this.#directory, 'tokens');
  }

  #pathOf(secret: string): string {
    return join(this.#tokens, `${createHash('sha256').update(secret).digest('hex')}.json`);
  }
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch {
    return [];
  }
}

function readAs<Schema extends z.ZodType>(schema: Schema, path: string): z.infer<Schema> | undefined {
  try {
    return schema.safeParse(parseJson(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
