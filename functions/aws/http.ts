/** The API behind an HTTP API of API Gateway (payload version 2): from its events to requests, and back. It knows no route. */
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';

/** What answers a request; the first one that has its path. */
export interface Routes {
  readonly installer: Hono;
  readonly api: { fetch(request: Request): Response | Promise<Response> };
}

/** Every answer is text, the installer's script too. */
export function createHttpHandler({ installer, api }: Routes) {
  const app = new Hono().route('/', installer).all('*', (context) => api.fetch(context.req.raw));
  return handle(app, { isContentTypeBinary: () => false });
}
