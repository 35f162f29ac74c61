/**
 * The API's client, for the console and the command line: paths, parameters, bodies and answers are checked by the compiler against `paths.ts`. It runs in
 * browsers and in Node, and keeps nothing.
 */
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './paths.ts';

export type ApiClient = Client<paths>;
export type Schemas = components['schemas'];

export interface ClientOptions {
  /** Where the API answers, without a path; `''` is where the page came from. */
  readonly url: string;
  /** Asked before each request: a key or an access token, sent as `Authorization: Bearer`. */
  readonly credential?: () => string | undefined;
  /** Instead of the platform's. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export function openClient({ url, credential, fetch }: ClientOptions): ApiClient {
  const client = createClient<paths>({ baseUrl: url, ...(fetch && { fetch }) });
  client.use({
    onRequest({ request }) {
      const bearer = credential?.();
      if (bearer !== undefined) request.headers.set('authorization', `Bearer ${bearer}`);
      return request;
    },
  });
  return client;
}
