/** Reads the operations out of an OpenAPI document, for tests that go through all of them. */
import { z } from 'zod';

const Operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  requestBody: z.unknown().optional(),
  responses: z.record(z.string(), z.unknown()),
});
const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

export interface Described {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly hasBody: boolean;
  readonly statuses: readonly string[];
}

export function operationsOf(document: unknown): Described[] {
  return Object.entries(Document.parse(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      method,
      path,
      summary: operation.summary,
      tags: operation.tags,
      security: operation.security,
      hasBody: operation.requestBody !== undefined,
      statuses: Object.keys(operation.responses),
    })),
  );
}
