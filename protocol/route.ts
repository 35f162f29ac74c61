/** A route: a public HTTPS host and path at the hubs' gateway that leads to a service at a site, or to an app wherever it runs. */
import { z } from 'zod';
import { Condition, creation, listOf, Name, replacement, resource } from './metadata.ts';
import { FoundIn } from './service.ts';

/** A public host name: at least two DNS labels, in lower case, 253 characters at most. */
export const Hostname = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    message: 'Write a host name in lower case with at least two labels, for example shop.example.com.',
  })
  .meta({ id: 'Hostname', examples: ['shop.example.com'] });

export const RouteSpec = z
  .strictObject({
    host: Hostname,
    path: z
      .string()
      .max(200)
      .regex(/^\/([A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*\/?)?$/, {
        message: 'Write a path prefix such as / or /shop: unreserved characters, no empty segments.',
      })
      .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), {
        message: 'A path must not have the segments . or ..',
      })
      .default('/')
      .meta({ description: 'Prefix by whole segments; the longest prefix wins' }),
    service: z
      .strictObject({ site: Name, name: Name })
      .optional()
      .meta({ description: 'One address at one site' }),
    app: z
      .strictObject({
        name: Name,
        port: Name.meta({ description: "The name that the app's manifest gives it" }),
      })
      .optional()
      .meta({ description: 'Ready containers of the app, in whatever clusters they run' }),
  })
  .refine(({ service, app }) => (service === undefined) !== (app === undefined), {
    error: 'Give exactly one of service and app.',
  })
  .meta({ id: 'RouteSpec' });
export type RouteSpec = z.infer<typeof RouteSpec>;

export const RouteStatus = z
  .strictObject({ cluster: FoundIn, conditions: z.array(Condition) })
  .meta({ id: 'RouteStatus' });
export const Route = resource('Route', RouteSpec, RouteStatus);
export type Route = z.infer<typeof Route>;
export const RouteList = listOf('RouteList', Route);
export const RouteCreation = creation('RouteCreation', RouteSpec);
export const RouteReplacement = replacement('RouteReplacement', RouteSpec);
