/** A WireGuard public key. Private halves are never in anything that crosses the API. */
import { z } from 'zod';

/** 32 bytes in base64. */
export const WireguardKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, {
    message: 'Write a WireGuard public key: 32 bytes in base64.',
  })
  .meta({ id: 'WireguardKey' });
