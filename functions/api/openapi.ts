/**
 * What OpenAPI 3.1 says of the operations, from the same schemas that validate. Nothing that runs at a start may import
 * this file: it is loaded for the one request that asks for the document.
 */
import { OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import { z } from 'zod';
import { PROBLEMS, Problem, type ProblemCode } from '../../protocol/problem.ts';
import type { AnswerDocs, Operation, OperationDocs } from './operation.ts';
import { parametersOf, schemaOfParameter } from './parameters.ts';

type Documented = Pick<OpenAPIHono, 'openAPIRegistry' | 'getOpenAPI31Document'>;

const TEXT = { schema: { type: 'string' as const } };

const SECURITY: Readonly<Record<Operation['who'], Record<string, string[]>[]>> = {
  anyone: [],
  user: [{ apiKey: [] }],
  agent: [{ agentSignature: [] }],
  hub: [{ agentSignature: [] }],
};

/** Writes the operation into the app's registry. */
function describe(app: Documented, operation: Operation): void {
  const { docs } = operation;
  app.openAPIRegistry.registerPath({
    method: docs.method,
    path: docs.path,
    operationId: docs.id,
    summary: docs.summary,
    tags: [docs.tag],
    security: SECURITY[operation.who],
    request: requestOf(operation),
    responses: { ...answersOf(docs), ...problemsOf(docs.problems) },
  });
}

/** The document, with the two ways to be somebody. */
export function documentOf(operations: readonly Operation[], version: string): object {
  // It only writes: requests are answered elsewhere.
  const app: Documented = new OpenAPIHono();
  for (const operation of operations) describe(app, operation);
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, `isk_TENANT_NAME_SECRET`, or an access token of an issuer that `GET /v1/sign-in` names.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'agentSignature', {
    type: 'apiKey',
    in: 'header',
    name: 'Signature',
    description:
      'RFC 9421 with ed25519 over "@method" "@path" "@query" "content-digest", label `isthmus`, keyid the agent id, created at most 60 s off; with Signature-Input and Content-Digest.',
  });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Isthmus',
      version,
      description:
        'Private data centers and a public cloud, run as one. Problems are RFC 9457 with a stable `code`.',
      license: { name: 'Apache-2.0' },
    },
  });
}

function requestOf({ docs, body, query }: Operation): NonNullable<RouteConfig['request']> {
  const parameters = parametersOf(docs.path).map((name) => [name, schemaOfParameter(name)] as const);
  const headers = Object.entries(docs.headers ?? {}).map(
    ([name, { required, description }]) =>
      [
        name,
        required ? z.string().meta({ description }) : z.string().optional().meta({ description }),
      ] as const,
  );
  return {
    params: z.object(Object.fromEntries(parameters)),
    query,
    headers: z.object(Object.fromEntries(headers)),
    ...(body === undefined
      ? {}
      : { body: { required: true, content: { 'application/json': { schema: body } } } }),
  };
}

function answersOf(docs: OperationDocs): RouteConfig['responses'] {
  return Object.fromEntries(docs.answers.map((answer) => [answer.status, answerOf(answer)]));
}

function answerOf({ description, schema, mediaType = 'application/json', headers = [] }: AnswerDocs) {
  return {
    description,
    headers: Object.fromEntries(['Isthmus-Request-Id', ...headers].map((name) => [name, TEXT])),
    ...(schema === undefined ? {} : { content: { [mediaType]: { schema } } }),
  };
}

/** One answer a status; its description lists the codes. */
function problemsOf(codes: readonly ProblemCode[]): RouteConfig['responses'] {
  const statuses = new Set(codes.map((code) => PROBLEMS[code].status));
  return Object.fromEntries(
    [...statuses].map((status) => [
      status,
      {
        description: codes
          .filter((code) => PROBLEMS[code].status === status)
          .map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`)
          .join(' '),
        content: { 'application/problem+json': { schema: Problem } },
      },
    ]),
  );
}
