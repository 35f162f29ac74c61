/** What EC2's errors mean, by the exceptions as the client makes them. */
import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { asVpcError } from '../../vpc/ec2-errors.ts';

function answer(name: string, status: number, message = 'said EC2') {
  const $fault = status >= 500 ? 'server' : 'client';
  return new EC2ServiceException({ name, message, $fault, $metadata: { httpStatusCode: status } });
}

describe('an error of EC2', () => {
  test.each([
    ['RequestLimitExceeded', 503, 'throttled'],
    ['Throttling', 400, 'throttled'],
    ['InvalidRouteTableID.NotFound', 400, 'missing'],
    ['InvalidRoute.NotFound', 400, 'missing'],
    ['InvalidNetworkInterfaceID.NotFound', 400, 'missing'],
    ['InvalidPrefixListID.NotFound', 400, 'missing'],
    ['RouteAlreadyExists', 400, 'exists'],
    ['IncorrectState', 400, 'stale'],
    ['PrefixListVersionMismatch', 400, 'stale'],
    ['UnauthorizedOperation', 403, 'denied'],
    ['InvalidParameterValue', 400, 'refused'],
    ['RouteLimitExceeded', 400, 'refused'],
    ['InternalError', 500, 'unreachable'],
    ['Unavailable', 503, 'unreachable'],
  ])('%s with status %i is %s', (name, status, code) => {
    const fault = asVpcError(answer(name, status));
    expect(fault.code).toBe(code);
    expect(fault.message).toBe(`${name}: said EC2`);
  });

  test('that there is no route to replace is missing, though its code says another thing', () => {
    const message =
      "There is no route defined for '100.64.0.0/10' in the route table. Use CreateRoute instead.";
    expect(asVpcError(answer('InvalidParameterValue', 400, message)).code).toBe('missing');
  });

  test('without an answer is unreachable', () => {
    for (const name of ['TimeoutError', 'Error', 'CredentialsProviderError', 'constructor'])
      expect(asVpcError(Object.assign(new Error('no answer'), { name })).code).toBe('unreachable');
  });
});
