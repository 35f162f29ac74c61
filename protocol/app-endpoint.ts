/** Where an app is reached: its ready containers, at addresses that other sites can reach too. */
import { z } from 'zod';
import { Address } from './address.ts';
import { Name } from './metadata.ts';
import { Port } from './service.ts';

/** Of one app in all clusters together; more are not named. */
export const APP_ENDPOINTS_MAX = 512;

/** `address` is real, inside an exposed prefix of the cluster's site; `ports` by the names that the app's manifest gives them. */
export const AppEndpoint = z
  .strictObject({
    cluster: Name,
    address: Address,
    ports: z.array(z.strictObject({ name: Name, port: Port })).max(64),
  })
  .meta({ id: 'AppEndpoint' });
export type AppEndpoint = z.infer<typeof AppEndpoint>;
