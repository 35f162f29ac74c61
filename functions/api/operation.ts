/**
 * An operation is a value: what OpenAPI says of it, who may call it, and what it does. A handler can only be written
 * together with its guard, and receives the principal that the guard admitted: nothing runs unguarded.
 */
import { z } from 'zod';
import type { ProblemCode, Refusal } from '../../protocol/problem.ts';
import { readBody, readJson } from './body.ts';
import { parse } from './faults.ts';
import { Rejection } from './problems.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** A request before anything of it is believed, except that its path matched. */
export interface Arrival {
  readonly request: Request;
  readonly requestId: string;
  /** ISO 8601, UTC. */
  readonly now: string;
  readonly params: Readonly<Record<string, string>>;
  /** Address of the caller, as the platform saw it; never of a header. */
  readonly source: string | undefined;
  /** The whole body, read once, at most 1 MiB. */
  readonly body: () => Promise<Uint8Array>;
}

/** Decides who may call; answers with the principal or throws a rejection. */
export interface Guard<Principal> {
  readonly who: 'anyone' | 'user' | 'agent' | 'hub';
  readonly problems: readonly ProblemCode[];
  admit(arrival: Arrival): Promise<Principal>;
  /** Told of whoever was admitted and then forbidden what he asked for. */
  refused?(arrival: Arrival, principal: Principal, refusal: Refusal): Promise<void>;
}

/** A request after its guard and its schemas. */
export interface Call<Principal, Body, Query> {
  readonly principal: Principal;
  readonly body: Body;
  readonly query: Query;
  readonly requestId: string;
  readonly now: string;
  /** Address of the caller, as the platform saw it. */
  readonly source: string | undefined;
  readonly method: string;
  /** `https://HOST[:PORT]`, by which the caller reached the API. */
  readonly origin: string;
  readonly path: string;
  /** A parameter of the path; throws if the path has none of this name. */
  readonly param: (name: string) => string;
  readonly header: (name: string) => string | undefined;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, with the type `application/json` unless `headers` say another. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AnswerDocs {
  readonly status: number;
  readonly description: string;
  readonly schema?: z.ZodType;
  /** `application/json` unless given. */
  readonly mediaType?: string;
  readonly headers?: readonly string[];
}

export interface OperationDocs {
  readonly id: string;
  readonly method: Method;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly headers?: Readonly<Record<string, { required: boolean; description: string }>>;
  readonly answers: readonly AnswerDocs[];
  readonly problems: readonly ProblemCode[];
}

export interface Declaration<Principal, Body, Query> extends OperationDocs {
  readonly guard: Guard<Principal>;
  readonly body: z.ZodType<Body>;
  readonly query: z.ZodObject & z.ZodType<Query>;
  handle(call: Call<Principal, Body, Query>): Promise<Answer>;
}

/** An operation whose types are closed over: what is registered. */
export interface Operation {
  readonly docs: OperationDocs;
  readonly who: Guard<unknown>['who'];
  readonly body: z.ZodType | undefined;
  readonly query: z.ZodObject;
  run(arrival: Arrival): Promise<Answer>;
}

/** For operations that take no body; one that is sent anyway is not looked at. */
export const NO_BODY = z.undefined();
export const NO_QUERY = z.strictObject({});

const BODY_PROBLEMS = ['malformed', 'too_large', 'unsupported_media_type'] as const;

export function operation<Principal, Body, Query>(
  declaration: Declaration<Principal, Body, Query>,
): Operation {
  const { guard, body, query } = declaration;
  const takesBody = !(body instanceof z.ZodUndefined);
  const problems: ProblemCode[] = [
    ...guard.problems,
    'invalid',
    ...(takesBody ? BODY_PROBLEMS : []),
    // What can't be a name names nothing.
    ...(declaration.path.includes('{') ? (['not_found'] as const) : []),
    ...declaration.problems,
    'internal',
  ];
  return {
    docs: { ...declaration, problems: [...new Set(problems)] },
    who: guard.who,
    body: takesBody ? body : undefined,
    query,
    async run(arrival) {
      const principal = await guard.admit(arrival);
      try {
        return await declaration.handle(await callOf(declaration, arrival, principal));
      } catch (error) {
        if (error instanceof Rejection && error.refusal.code === 'forbidden')
          await guard.refused?.(arrival, principal, error.refusal);
        throw error;
      }
    },
  };
}

async function callOf<Principal, Body, Query>(
  { body, query }: Pick<Declaration<Principal, Body, Query>, 'body' | 'query'>,
  arrival: Arrival,
  principal: Principal,
): Promise<Call<Principal, Body, Query>> {
  const url = new URL(arrival.request.url);
  return {
    principal,
    query: parse(query, Object.fromEntries(url.searchParams), 'query'),
    body: parse(body, await bodyValue(arrival, body), 'body'),
    requestId: arrival.requestId,
    now: arrival.now,
    source: arrival.source,
    method: arrival.request.method,
    origin: url.origin,
    path: url.pathname,
    param: (name) => paramOf(arrival, name),
    header: (name) => arrival.request.headers.get(name) ?? undefined,
  };
}

async function bodyValue(arrival: Arrival, schema: z.ZodType): Promise<unknown> {
  if (schema instanceof z.ZodUndefined) return undefined;
  return readJson(await arrival.body(), arrival.request.headers.get('content-type') ?? undefined);
}

function paramOf(arrival: Arrival, name: string): string {
  const value = arrival.params[name];
  if (value === undefined) throw new Error(`the path has no parameter ${name}`);
  return value;
}

/** Reads the body of a request once, however many ask. */
export function bodyOf(request: Request): () => Promise<Uint8Array> {
  let reading: Promise<Uint8Array> | undefined;
  return () => {
    reading ??= readBody(request);
    return reading;
  };
}
