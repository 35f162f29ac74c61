/**
 * How the WireGuard key of an edge is replaced: a wanted number in its spec, what its document says of it, and what it tells. Keys are public halves; the
 * private ones never leave the host (`docs/decisions/0026`).
 */
import { z } from 'zod';
import { Timestamp } from './metadata.ts';
import { WireguardKey } from './wireguard-key.ts';

/** What an agent says of itself if it can have two keys (an edge), or take two keys of an edge (a hub). Others would refuse documents that tell of a next key. */
export const TWO_KEYS = 'two_keys';

/** The key that an edge has until somebody asks for another one. */
export const FIRST_KEY_NUMBER = 1;

/** The number of an edge's key, from 1. */
export const KeyNumber = z.int().min(1).max(1_000_000_000);

/** What an agent understands beyond what every agent does. */
export const Features = z.array(z.string().max(32)).max(16);

/** In the leaf `self`: the key that the control plane has of the edge, and the next one once it was told and taken. */
export const KeyOrder = z
  .strictObject({
    present: WireguardKey,
    next: WireguardKey.optional(),
    rotate: z.boolean(),
  })
  .meta({ id: 'KeyOrder' });
export type KeyOrder = z.infer<typeof KeyOrder>;

/** Told by an edge whose document asks for a new key. */
export const RotationReport = z
  .strictObject({
    nextKey: WireguardKey,
    waitsFor: z.string().max(300).optional().meta({ description: 'What keeps it from the next step' }),
  })
  .meta({ id: 'RotationReport' });
export type RotationReport = z.infer<typeof RotationReport>;

/** In the status of an edge. */
export const EdgeKey = z
  .strictObject({ number: KeyNumber, since: Timestamp })
  .meta({ id: 'EdgeKey', description: 'The number of the key that the edge has, and since when it has it' });
export const NextKey = z
  .strictObject({ publicKey: WireguardKey, number: KeyNumber, since: Timestamp })
  .meta({ id: 'NextKey', description: 'Made by the edge, and not in use on all legs yet' });
