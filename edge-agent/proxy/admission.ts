/** Whether a request comes in, and as whom: name, host, target, token and the document's access, in this order. It sends nothing. */
import type { IncomingMessage } from 'node:http';
import type { ClusterLeaf } from '../../protocol/cluster-leaf.ts';
import type { ClusterRequest, Requester } from '../cache/port.ts';
import { type Claimant, requesterOf } from './access.ts';
import { type Refusal, WITHDRAWN } from './answers.ts';
import { bearerOf } from './bearer.ts';
import { asksToImpersonate, passedHeaders, passedUpgradeHeaders } from './headers.ts';
import { isWayAround, readTarget, sessionOf } from './target.ts';
import { verifyToken } from './token.ts';

const PROGRAM_LENGTH_MAX = 100;
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export interface Admitted<Cluster> {
  readonly kind: 'admitted';
  readonly request: ClusterRequest;
  readonly cluster: Cluster;
  readonly claimant: Claimant;
}

export type Admission<Cluster> = Admitted<Cluster> | { readonly kind: 'refused'; readonly refusal: Refusal };

/** `cluster`: the one that the TLS server name says, if it says one. */
export async function admit<Cluster extends { readonly leaf: ClusterLeaf }>(
  incoming: IncomingMessage,
  cluster: Cluster | undefined,
  nowMs: number,
): Promise<Admission<Cluster>> {
  if (cluster === undefined)
    return refused(421, 'No cluster of this site has the server name that the connection asks for.');
  const { leaf } = cluster;
  if (isForAnother(hostOf(incoming), leaf))
    return refused(421, `This connection is for ${leaf.host} alone; the Host header names another cluster.`);
  const target = readTarget(incoming.url ?? '');
  if (target.kind === 'refused') return refused(400, target.reason);
  if (!METHODS.has(incoming.method ?? '')) return refused(400, 'This method is not served.');
  const bearer = bearerOf(incoming.headers);
  if (bearer.kind === 'refused') return refused(400, bearer.reason);
  const verified = await verifyToken(bearer.authorization, leaf, nowMs);
  if (verified.kind === 'refused') return refused(401, verified.reason);
  const { claimant } = verified;
  const grant = requesterOf(claimant, leaf);
  if (grant === undefined) return { kind: 'refused', refusal: WITHDRAWN };
  if (asksToImpersonate(incoming.headers))
    return refused(
      403,
      'Impersonation does not pass through Isthmus: use a key or a binding whose access has the groups you want.',
    );
  if (leaf.record === 'exec' && isWayAround(target.path))
    return refused(
      403,
      'Sessions in this cluster are recorded, and what a node runs by itself can not be: use exec or attach of the pod.',
    );
  return { kind: 'admitted', cluster, claimant, request: requestOf(incoming, { target, leaf, grant }) };
}

interface Vetted {
  readonly target: { readonly path: string; readonly query: string };
  readonly leaf: ClusterLeaf;
  readonly grant: Requester;
}

function requestOf(incoming: IncomingMessage, { target, leaf, grant }: Vetted): ClusterRequest {
  const isUpgrade = incoming.headers.upgrade !== undefined;
  const passed = isUpgrade ? passedUpgradeHeaders(incoming.headers) : passedHeaders(incoming.headers);
  const { 'sec-websocket-extensions': _extensions, ...plain } = passed;
  return {
    method: incoming.method ?? 'GET',
    path: target.path,
    query: target.query,
    // What is recorded must not be compressed.
    headers: leaf.record === 'exec' && sessionOf(target.path) !== undefined ? plain : passed,
    requester: grant,
    program: programOf(incoming.headers['user-agent']),
  };
}

/** `kubectl/v1.34.4` of `kubectl/v1.34.4 (linux/amd64) kubernetes/0000000`. */
function programOf(userAgent: string | undefined): string {
  return (userAgent ?? 'unknown').split(' ', 1)[0]?.slice(0, PROGRAM_LENGTH_MAX) || 'unknown';
}

/** Clients write the address of a hub there; what decides is the server name. But one connection is not for two clusters. */
function isForAnother(host: string, leaf: ClusterLeaf): boolean {
  const own = [leaf.host, ...(leaf.browsers === undefined ? [] : [leaf.browsers.host])];
  return !own.includes(host) && own.some((name) => host.endsWith(`.${name.split('.').slice(2).join('.')}`));
}

function hostOf(incoming: IncomingMessage): string {
  return (incoming.headers.host ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
}

function refused(status: Refusal['status'], message: string): { kind: 'refused'; refusal: Refusal } {
  return { kind: 'refused', refusal: { status, message } };
}
