/** Reads the gateway into values: files on disk, certificates, and what HAProxy says over its runtime API. Changes nothing. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import {
  type GatewayPaths,
  parseCertificates,
  parseClusters,
  parseRoutes,
  parseSlots,
} from '../plan/gateway-files.ts';
import type {
  CertificateFile,
  ObservedGateway,
  RunningGateway,
  SuppliedCertificate,
} from '../plan/gateway-observed.ts';
import {
  fieldOf,
  parseCertificateList,
  parseClusterMap,
  parseGroupTable,
  parseMap,
  parseSlotTable,
} from '../plan/gateway-runtime.ts';

export interface GatewayEyes {
  /** Says one line to the runtime API and resolves to the answer. */
  readonly talk: (line: string) => Promise<string>;
  readonly paths: GatewayPaths;
  readonly nowMs: number;
}

const SUPPLIED_FILES_MAX = 200;
/** A certificate must fit HAProxy's buffer to be loaded while it runs. */
const SUPPLIED_BYTES_MAX = 15_000;
const DAY_MS = 86_400_000;

export async function observeGateway(eyes: GatewayEyes): Promise<ObservedGateway> {
  const { paths, nowMs } = eyes;
  const [base, slots, routes, clusters, certificates, authority] = await Promise.all(
    [paths.base, paths.slots, paths.routes, paths.clusters, paths.certificates, paths.authority].map((path) =>
      readText(path),
    ),
  );
  return {
    running: await observeRunning(eyes),
    files: {
      base,
      slots: parseSlots(slots ?? ''),
      routes: parseRoutes(routes ?? ''),
      clusters: clusters === undefined ? undefined : parseClusters(clusters),
      certificates: parseCertificates(certificates ?? ''),
    },
    own: await readOwn(paths.own, authority, nowMs),
    ...(await readSupplied(paths.directories.supplied, nowMs)),
    authority,
  };
}

/** Undefined if nobody listens. Throws if somebody does but gives no answer: that must not look like absence. */
async function observeRunning({ talk, paths }: GatewayEyes): Promise<RunningGateway | undefined> {
  const information = await talk('show info').catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  if (information === undefined) return undefined;
  const files = parseCertificateList(await talk(`show ssl crt-list ${paths.certificates}`));
  const certificates: CertificateFile[] = [];
  for (const file of new Set(files))
    certificates.push({
      file,
      fingerprint: fieldOf(await talk(`show ssl cert ${file}`), 'SHA1 FingerPrint') ?? '',
    });
  const servers = await talk('show stat -1 4 -1');
  return {
    revision: fieldOf(information, 'description') ?? '',
    slots: parseSlotTable(servers),
    groups: parseGroupTable(servers),
    routes: parseMap(await talk(`show map ${paths.routes}`)),
    clusters: parseClusterMap(await talk(`show map ${paths.clusters}`)),
    certificates,
  };
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

async function readOwn(
  file: string,
  authority: string | undefined,
  nowMs: number,
): Promise<SuppliedCertificate | undefined> {
  const text = await readText(file);
  if (text === undefined || authority === undefined) return undefined;
  const found = readPair(file, text, nowMs);
  return found !== undefined && isIssuedBy(text, authority) ? found : undefined;
}

function isIssuedBy(text: string, authority: string): boolean {
  try {
    return new X509Certificate(text).verify(new X509Certificate(authority).publicKey);
  } catch {
    return false;
  }
}

async function readSupplied(
  directory: string,
  nowMs: number,
): Promise<{ supplied: SuppliedCertificate[]; unusable: string[] }> {
  const names = await readdir(directory).catch((): string[] => []);
  const files = names
    .filter((name) => /^[A-Za-z0-9._-]+\.pem$/.test(name))
    .sort()
    .map((name) => `${directory}/${name}`);
  const supplied: SuppliedCertificate[] = [];
  const unusable = files.slice(SUPPLIED_FILES_MAX);
  for (const file of files.slice(0, SUPPLIED_FILES_MAX)) {
    const found = readPair(file, (await readText(file, SUPPLIED_BYTES_MAX)) ?? '', nowMs);
    if (found === undefined) unusable.push(file);
    else supplied.push(found);
  }
  return { supplied, unusable };
}

/** The first certificate of a file that also holds its key; undefined if it does not. */
function readPair(file: string, text: string, nowMs: number): SuppliedCertificate | undefined {
  try {
    const certificate = new X509Certificate(text);
    if (!certificate.checkPrivateKey(createPrivateKey(text))) return undefined;
    return {
      file,
      fingerprint: certificate.fingerprint.replaceAll(':', ''),
      names: dnsNames(certificate.subjectAltName),
      daysLeft: Math.floor((certificate.validToDate.getTime() - nowMs) / DAY_MS),
    };
  } catch {
    return undefined;
  }
}

function dnsNames(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length).toLowerCase());
}

const FILE_BYTES_MAX = 4_000_000;

async function readText(path: string, bytesMax = FILE_BYTES_MAX): Promise<string | undefined> {
  try {
    return (await stat(path)).size > bytesMax ? undefined : await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
