/** The text by which a host joins: where its edge is, whom to trust there, and a secret that is good once. And the lines of a joining. Values in, values out. */
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { Name } from '../../protocol/metadata.ts';

const PREFIX = 'isn_';
const TOKEN_CHARACTERS_MAX = 1_000;
const PEM_CHARACTERS_MAX = 20_000;

/** Spoken by TLS' own negotiation, so that one port does. */
export const PROTOCOLS = {
  join: 'isthmus-join/1',
  renew: 'isthmus-renew/1',
  node: 'isthmus-node/1',
} as const;
/** Of the door, in its certificate; no other certificate of the site's authority has it. */
export const DOOR_NAME = 'nodes.edge.isthmus.internal';
export const LINE_BYTES_MAX = 32_768;

export const NodeName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/);
const Digest = z.string().regex(/^[0-9a-f]{64}$/);
const PublicKey = z.string().max(1_000).startsWith('-----BEGIN PUBLIC KEY-----');

export const JoinToken = z.strictObject({
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535),
  cluster: Name,
  /** SHA-256 of the certificate of the site's authority. */
  authority: Digest,
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type JoinToken = z.infer<typeof JoinToken>;

export function tokenText(token: JoinToken): string {
  return `${PREFIX}${Buffer.from(JSON.stringify(token)).toString('base64url')}`;
}

/** Undefined if it is no token. */
export function readToken(text: string): JoinToken | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX) || trimmed.length > TOKEN_CHARACTERS_MAX) return undefined;
  const json = Buffer.from(trimmed.slice(PREFIX.length), 'base64url').toString('utf8');
  return JoinToken.safeParse(parseJson(json)).data;
}

/** A renewal has no secret: the certificate that it comes with says who asks. */
export const JoinRequest = z.strictObject({
  name: NodeName,
  secret: z.string().max(100),
  publicKey: PublicKey,
});
export const RenewRequest = z.strictObject({ publicKey: PublicKey });
export const DoorAnswer = z.union([
  z.strictObject({ certificate: z.string().min(1).max(PEM_CHARACTERS_MAX) }),
  z.strictObject({ refused: z.string().max(500) }),
]);
export type DoorAnswer = z.infer<typeof DoorAnswer>;
