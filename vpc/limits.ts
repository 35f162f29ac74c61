/** How long a client of AWS waits, in the shape that all of them take. What a client may wait is its owner's to say. */

/** `connectMs`: for a connection; `requestMs`: for the whole answer, after which the call fails. */
export function limited({
  connectMs,
  requestMs,
}: {
  readonly connectMs: number;
  readonly requestMs: number;
}) {
  const requestHandler = {
    connectionTimeout: connectMs,
    requestTimeout: requestMs,
    throwOnRequestTimeout: true,
  };
  return { requestHandler };
}
