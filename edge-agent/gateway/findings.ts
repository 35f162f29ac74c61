/** What a person should know of the gateway, for `doctor` and the report. Each says what to do. */
import type { Finding } from '../../protocol/report.ts';
import type { GatewayState, RefusedRoute } from '../plan/gateway.ts';
import { ownNames, RENEW_DAYS } from '../plan/gateway-certificates.ts';
import type { ObservedGateway } from '../plan/gateway-observed.ts';
import { ROUTES_MAX } from './desired.ts';

/** The report takes 64 findings of all kinds. */
const FINDINGS_MAX = 16;

const REFUSALS: Record<RefusedRoute['reason'], { readonly message: string; readonly fix: string }> = {
  bad_host: {
    message: 'its host is no host name',
    fix: 'Write the host in lower case, for example shop.example.com.',
  },
  bad_path: { message: 'its path is no path prefix', fix: 'Write a path such as / or /shop.' },
  address_not_allowed: {
    message: "its address is not a site's virtual address",
    fix: 'Point the route at a service of a site; see that the site has its virtual prefixes.',
  },
  duplicate: {
    message: 'another route has the same host and path',
    fix: 'Give one of the two another host or path.',
  },
  too_many: {
    message: 'the gateway is full',
    fix: `Serve at most ${ROUTES_MAX} routes by one hub, or spread them over groups of hubs.`,
  },
};

export function gatewayFindings(desired: GatewayState, observed: ObservedGateway): Finding[] {
  return [
    ...desired.refused.map(refusedRoute),
    ...observed.unusable.map(unusableFile),
    ...observed.supplied.filter(({ daysLeft }) => daysLeft < RENEW_DAYS).map(endingCertificate),
    ...unnamedHosts(desired, observed),
  ].slice(0, FINDINGS_MAX);
}

function refusedRoute({ tenant, name, reason }: RefusedRoute): Finding {
  const { message, fix } = REFUSALS[reason];
  return {
    code: 'gateway_route_refused',
    level: 'error',
    message: `The route ${name} of tenant ${tenant} is not served: ${message}.`,
    fix,
  };
}

function unusableFile(file: string): Finding {
  return {
    code: 'gateway_certificate_unusable',
    level: 'error',
    message: `${file} is not used: it needs a certificate and its key, without a passphrase, in at most 15 kB.`,
    fix: 'Put the certificate, its chain and its key into one PEM file.',
  };
}

function endingCertificate({
  file,
  daysLeft,
}: {
  readonly file: string;
  readonly daysLeft: number;
}): Finding {
  return {
    code: 'gateway_certificate_ending',
    level: daysLeft < 0 ? 'error' : 'warning',
    message:
      daysLeft < 0
        ? `${file} has ended; the gateway serves its own certificate instead.`
        : `${file} ends in ${daysLeft} days.`,
    fix: 'Replace the file; the gateway loads it without a reload.',
  };
}

function unnamedHosts(desired: GatewayState, observed: ObservedGateway): Finding[] {
  const { named, unnamed } = ownNames(desired, observed.supplied);
  if (unnamed.length === 0) return [];
  return [
    {
      code: 'gateway_certificate_full',
      level: 'warning',
      message: `${unnamed.length} hosts are not named by the gateway's own certificate, which has ${named.length} names.`,
      fix: 'Supply a certificate for them, for example a wildcard.',
    },
  ];
}
