/** The API behind an HTTP API of API Gateway (payload version 2): from its events to requests, and back. It knows no route. */
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { z } from 'zod';

/** As API Gateway saw the caller. A header that says so would be the caller's own word. */
const Bindings = z.object({
  event: z.object({ requestContext: z.object({ http: z.object({ sourceIp: z.string() }) }) }),
});

function sourceOf(bindings: unknown): string | undefined {
  return Bindings.safeParse(bindings).data?.event.requestContext.http.sourceIp;
}

/** What answers a request; the first one that has its path. */
export interface Routes {
  readonly installer: Hono;
  readonly api: {
    fetch(request: Request, bindings: { source?: string | undefined }): Response | Promise<Response>;
  };
}

/** Every answer is text, the installer's script too. */
export function createHttpHandler({ installer, api }: Routes) {
  const app = new Hono()
    .route('/', installer)
    .all('*', ({ req, env }) => api.fetch(req.raw, { source: sourceOf(env) }));
  return handle(app, { isContentTypeBinary: () => false });
}
