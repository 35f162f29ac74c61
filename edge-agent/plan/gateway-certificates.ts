/** Which certificates the gateway serves: those that the operator supplies, and one of its own for the hosts that they do not name. */
import type { GatewayState, GatewayStep } from './gateway.ts';
import type { ObservedGateway, SuppliedCertificate } from './gateway-observed.ts';
import { sameList } from './gateway-slots.ts';

/** The own certificate is made anew when it has fewer days left than this. */
export const RENEW_DAYS = 30;
/** HAProxy takes a certificate at run time in one buffer of 16 kB: names beyond this are served without being named. */
export const CERTIFICATE_CHARACTERS_MAX = 6_000;
/** The own certificate is never without a name. */
export const GATEWAY_NAME = 'gateway.isthmus.internal';

/** Supplied certificates come, then the own one follows the hosts, then those go that are no longer supplied. */
export function planCertificates(desired: GatewayState, observed: ObservedGateway): GatewayStep[] {
  const names = ownNames(desired, observed.supplied).named;
  const make = needsCertificate(names, observed);
  const files = [desired.certificate, ...observed.supplied.filter(isUsable).map(({ file }) => file)];
  const listed = observed.files.certificates;
  return [
    ...(make ? [{ kind: 'gateway.make-certificate', issuer: desired.issuer, names } as const] : []),
    ...(observed.running === undefined ? [] : loadCertificates({ desired, observed, make, files })),
    ...(sameList(listed, files) ? [] : [{ kind: 'gateway.write-certificates', files } as const]),
  ];
}

function needsCertificate(names: readonly string[], observed: ObservedGateway): boolean {
  const { own } = observed;
  return own === undefined || own.daysLeft < RENEW_DAYS || !sameList([...own.names].sort(), names);
}

interface CertificateChange {
  readonly desired: GatewayState;
  readonly observed: ObservedGateway;
  /** The own certificate is made in this round. */
  readonly make: boolean;
  readonly files: readonly string[];
}

function loadCertificates({ desired, observed, make, files }: CertificateChange): GatewayStep[] {
  const loaded = new Map(observed.running?.certificates.map((one) => [one.file, one.fingerprint]));
  const known = [...observed.supplied, ...(observed.own === undefined ? [] : [observed.own])];
  const onDisk = new Map(known.map((one) => [one.file, one.fingerprint]));
  const isOutdated = (file: string) =>
    (make && file === desired.certificate) || loaded.get(file) !== onDisk.get(file);
  const absent = files.filter((file) => !loaded.has(file));
  const outdated = files.filter((file) => loaded.has(file) && isOutdated(file));
  const gone = [...loaded.keys()].filter((file) => !files.includes(file));
  return [
    ...absent.map((file): GatewayStep => ({ kind: 'gateway.add-certificate', file })),
    ...outdated.map((file): GatewayStep => ({ kind: 'gateway.load-certificate', file })),
    ...gone.map((file): GatewayStep => ({ kind: 'gateway.remove-certificate', file })),
  ];
}

function isUsable(certificate: SuppliedCertificate): boolean {
  return certificate.daysLeft >= 0;
}

/** Names of the own certificate: the hosts that no supplied certificate covers, sorted; and those beyond the limit. */
export function ownNames(
  desired: GatewayState,
  supplied: readonly SuppliedCertificate[],
): { readonly named: readonly string[]; readonly unnamed: readonly string[] } {
  const covered = new Set(supplied.filter(isUsable).flatMap(({ names }) => names));
  const isCovered = (host: string) =>
    covered.has(host) || covered.has(`*.${host.slice(host.indexOf('.') + 1)}`);
  const hosts = new Set(desired.routes.map((route) => route.key.slice(0, route.key.indexOf('/'))));
  const named = [GATEWAY_NAME];
  const unnamed: string[] = [];
  let characters = GATEWAY_NAME.length;
  for (const host of [...hosts].filter((one) => one !== GATEWAY_NAME && !isCovered(one)).sort()) {
    characters += host.length;
    (characters <= CERTIFICATE_CHARACTERS_MAX ? named : unnamed).push(host);
  }
  return { named: named.sort(), unnamed };
}
