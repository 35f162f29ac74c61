/** Who is let into the API on AWS, and how often: access tokens of the configured issuers, and the limits that one process can hold. */
import { createRates, RATE_LIMITS } from '../api/rates.ts';
import { trustIssuers } from '../oidc/token-check.ts';
import type { Environment } from './environment.ts';

export function openDoor(issuers: Environment['issuers']) {
  return { ...trustIssuers(issuers, Date.now), rates: createRates(RATE_LIMITS) };
}
