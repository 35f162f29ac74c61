/**
 * The API as one app: every operation registered with its guard, one funnel for problems, headers on every answer.
 * It composes and holds no rule; the roots hand it what differs between AWS and one machine.
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { ApiDependencies } from './dependencies.ts';
import { type Answer, bodyOf, type Operation } from './operation.ts';
import { createOperations } from './operations.ts';
import { parametersOf, schemaOfParameter } from './parameters.ts';
import { answerFailure, Rejection, refuse } from './problems.ts';

export const REQUEST_ID_HEADER = 'Isthmus-Request-Id';
const REQUEST_ID_BYTES = 16;

/** `source`: the caller's address, from whoever holds the connection. */
type Environment = { Variables: { requestId: string }; Bindings: { source?: string | undefined } };

const Source = z.object({ source: z.string().min(1).max(45) });

export function createApi(dependencies: ApiDependencies): Hono<Environment> {
  const app = new Hono<Environment>();
  const operations = createOperations(dependencies);
  app.use(async (context, next) => {
    context.set('requestId', dependencies.clock.randomHex(REQUEST_ID_BYTES));
    await next();
    dress(context);
  });
  app.onError((error, context) => {
    const requestId = context.get('requestId');
    if (!(error instanceof Rejection)) dependencies.onFailure({ requestId, error });
    return answerFailure(error, requestId);
  });
  for (const operation of operations) register(app, operation, dependencies);
  const document = onDemand(() => writeDocument(operations, dependencies.version));
  app.get('/openapi.json', async (context) => context.json(await document()));
  app.notFound((context) => answerFailure(strayOf(context, operations), context.get('requestId')));
  return app;
}

/** What makes the document is large, and of no use to any other request: it is loaded when it is asked for. */
async function writeDocument(operations: readonly Operation[], version: string): Promise<object> {
  const { documentOf } = await import('./openapi.ts');
  return documentOf(operations, version);
}

/** The document is asked for seldom, and takes long to make. */
function onDemand<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function register(app: Hono<Environment>, operation: Operation, { clock }: ApiDependencies): void {
  const { method, path } = operation.docs;
  app.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), async (context) =>
    respond(
      await operation.run({
        request: context.req.raw,
        requestId: context.get('requestId'),
        now: clock.now(),
        source: sourceOf(context.env),
        params: readParams(context, path),
        body: bodyOf(context.req.raw),
      }),
    ),
  );
}

/** An IPv4 address that came over a socket of IPv6 is shown as what it is. */
function sourceOf(environment: unknown): string | undefined {
  return Source.safeParse(environment).data?.source.replace(/^::ffff:(?=\d+\.)/, '');
}

/** A name that cannot be one names nothing; in particular, nobody reaches the deployment's own items as tenant `*`. */
function readParams(context: Context<Environment>, path: string): Record<string, string> {
  const params = parametersOf(path).map((name) => [name, context.req.param(name) ?? ''] as const);
  const wrong = params.find(([name, value]) => !schemaOfParameter(name).safeParse(value).success);
  if (wrong !== undefined)
    refuse('not_found', `There is no ${wrong[0]} of this name: it is not a valid one.`);
  return Object.fromEntries(params);
}

function respond({ status, json, text, headers }: Answer): Response {
  const body = text ?? (json === undefined ? null : JSON.stringify(json));
  const type: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' };
  return new Response(body, { status, headers: { ...type, ...headers } });
}

function dress(context: Context<Environment>): void {
  context.header(REQUEST_ID_HEADER, context.get('requestId'));
  context.header('x-content-type-options', 'nosniff');
  if (context.req.path.startsWith('/v1/')) context.header('cache-control', 'no-store');
}

/** What to say where no operation is: that the method is wrong, or the path. */
function strayOf(context: Context, operations: readonly Operation[]): Rejection {
  const methods = operations
    .filter(({ docs }) => new RegExp(`^${docs.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(context.req.path))
    .map(({ docs }) => docs.method.toUpperCase());
  if (methods.length === 0)
    return new Rejection({
      code: 'not_found',
      detail: 'There is nothing at this path; /openapi.json lists what there is.',
    });
  const allow = methods.join(', ');
  const detail = `${context.req.path} takes ${allow}, not ${context.req.method}.`;
  return new Rejection({ code: 'method_not_allowed', detail }, { allow });
}
