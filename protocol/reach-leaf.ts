/** Leaves of a document that say how services and apps are reached: by name, and through the hubs' gateway. */
import { z } from 'zod';
import { Address } from './address.ts';
import { NamedPort } from './app-endpoint.ts';
import { Name } from './metadata.ts';
import { Port, Protocol } from './service.ts';

const NamedService = z.strictObject({
  name: Name,
  real: Address,
  virtual: Address,
  port: Port,
  protocol: Protocol,
});

/** `names`, of an edge: the services of its own site. Those of other sites are asked of the hubs. */
export const NamesLeaf = z.strictObject({
  kind: z.literal('names'),
  tenant: Name,
  site: Name,
  services: z.array(NamedService),
});
export type NamesLeaf = z.infer<typeof NamesLeaf>;

/**
 * `apps/TENANT/SITE`, of the site's edges and of hubs: ready containers of apps at the site that others can reach. It changes with every container, so it
 * is apart from the names of services.
 */
export const AppsLeaf = z.strictObject({
  kind: z.literal('apps'),
  tenant: Name,
  site: Name,
  apps: z.array(
    z.strictObject({
      name: Name,
      endpoints: z.array(
        z.strictObject({
          real: Address,
          virtual: Address,
          ports: z.array(NamedPort),
        }),
      ),
    }),
  ),
});
export type AppsLeaf = z.infer<typeof AppsLeaf>;

/** `routes/TENANT`, of a hub: what its HTTPS gateway serves. A route leads to a virtual address, or to a port of an app by name, wherever it runs. */
export const RoutesLeaf = z.strictObject({
  kind: z.literal('routes'),
  tenant: Name,
  routes: z.array(
    z.strictObject({ name: Name, host: z.string(), path: z.string(), address: Address, port: Port }),
  ),
  apps: z
    .array(
      z.strictObject({
        name: Name,
        host: z.string(),
        path: z.string(),
        app: Name,
        port: Name,
        /** The app scales by its requests: the hub counts them. */
        isCounted: z.literal(true).optional(),
      }),
    )
    .optional(),
});
export type RoutesLeaf = z.infer<typeof RoutesLeaf>;
