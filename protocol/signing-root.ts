/** The public half of a key that signs documents, or tokens for clusters. */
import { z } from 'zod';

/** `id`: SHA-256 of the SPKI, first 16 hex digits. */
export const SigningRoot = z
  .strictObject({ id: z.string(), publicKey: z.string().meta({ description: 'SPKI, DER in base64' }) })
  .meta({ id: 'SigningRoot' });
export type SigningRoot = z.infer<typeof SigningRoot>;
