/** What the errors of EC2, and of the other services that hubs ask, mean to us. Their codes are the names of the exceptions. */
import { VpcError, type VpcFault } from './port.ts';

const FAULTS: Readonly<Record<string, VpcFault>> = {
  RequestLimitExceeded: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  TooManyRequestsException: 'throttled',
  EC2ThrottledException: 'throttled',
  RequestThrottled: 'throttled',
  ProvisionedThroughputExceededException: 'throttled',
  RouteAlreadyExists: 'exists',
  IncorrectState: 'stale',
  PrefixListVersionMismatch: 'stale',
  UnauthorizedOperation: 'denied',
  AuthFailure: 'denied',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  Blocked: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  InvalidClientTokenId: 'denied',
  OptInRequired: 'denied',
  RequestExpired: 'denied',
};

/** EC2 says this with the code InvalidParameterValue when there is no route to replace. */
const NO_ROUTE = /no route defined/i;
const SERVER_FAULT = 500;

export function asVpcError(cause: unknown): VpcError {
  if (cause instanceof VpcError) return cause;
  if (!(cause instanceof Error)) return new VpcError('unreachable', String(cause));
  const message = `${cause.name}: ${cause.message}`;
  return new VpcError(faultOf(cause), message, { cause });
}

function faultOf(cause: Error): VpcFault {
  const known = Object.hasOwn(FAULTS, cause.name) ? FAULTS[cause.name] : undefined;
  if (known !== undefined) return known;
  if (cause.name.endsWith('.NotFound') || NO_ROUTE.test(cause.message)) return 'missing';
  const status = statusOf(cause);
  return status === undefined || status >= SERVER_FAULT ? 'unreachable' : 'refused';
}

/** HTTP status of the answer; undefined if there was none: no connection, no credentials, too late. */
export function statusOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('$metadata' in cause)) return undefined;
  const metadata = cause.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
