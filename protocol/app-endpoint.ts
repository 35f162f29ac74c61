/** Where an app is reached, and where it speaks from: its containers, at addresses that other sites can reach too. */
import { z } from 'zod';
import { Address } from './address.ts';
import { Name } from './metadata.ts';
import { Port } from './service.ts';

/** Of one app in all clusters together; more are not named. */
export const APP_ENDPOINTS_MAX = 512;

/** A port by the name that the app's manifest gives it. */
export const NamedPort = z.strictObject({ name: Name, port: Port }).meta({ id: 'NamedPort' });

/** `address` is real, inside an exposed prefix of the cluster's site. */
export const AppEndpoint = z
  .strictObject({
    cluster: Name,
    address: Address,
    ports: z.array(NamedPort).max(64),
    track: z.literal('next').optional().meta({ description: 'It is of the release that comes by stages' }),
  })
  .meta({ id: 'AppEndpoint' });
export type AppEndpoint = z.infer<typeof AppEndpoint>;

/** A container's own address, real, inside an exposed prefix of its cluster's site: what it begins comes from there. */
export const AppOrigin = z.strictObject({ cluster: Name, address: Address }).meta({ id: 'AppOrigin' });
export type AppOrigin = z.infer<typeof AppOrigin>;
