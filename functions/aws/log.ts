/** One line of JSON a failure, on the error output, where CloudWatch takes it from. It never has a secret: errors have none. */

export function logFailure(failure: {
  readonly what?: string;
  readonly requestId?: string;
  readonly error: unknown;
}): void {
  const { error, ...context } = failure;
  const told =
    error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
  console.error(JSON.stringify({ level: 'error', ...context, ...told }));
}
