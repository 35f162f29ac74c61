/** How a host reaches the door of its edge: to join, to renew its certificate, to be there. It trusts the site's authority alone, and under it the door's name alone. */
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { NodeIdentity } from './identity.ts';
import { certificateDigest, newKey } from './keys.ts';
import { readLine, sayLine } from './lines.ts';
import { DOOR_NAME, DoorAnswer, type JoinToken, PROTOCOLS } from './token.ts';

const DIAL_MS_MAX = 10_000;

/** Throws a sentence where the edge does not take it. */
export async function joinEdge(token: JoinToken, name: string) {
  const { host, port, secret } = token;
  // Whom to trust is in the token: nothing is told before that was seen.
  const socket = await dial({ host, port, rejectUnauthorized: false }, PROTOCOLS.join);
  try {
    const authority = trustedAuthority(socket, token);
    const { key, publicKey } = newKey();
    const certificate = await asked(socket, { name, secret, publicKey });
    return { authority, key, certificate };
  } finally {
    socket.destroy();
  }
}

/** The same node with a new key; the one that it has stays good until this one is used. */
export async function renewIdentity(identity: NodeIdentity): Promise<NodeIdentity> {
  const socket = await dialEdge(identity, PROTOCOLS.renew);
  try {
    const { key, publicKey } = newKey();
    const certificate = await asked(socket, { publicKey });
    return { ...identity, key, certificate };
  } finally {
    socket.destroy();
  }
}

export function dialEdge(
  { host, port, authority, certificate, key }: NodeIdentity,
  protocol: string = PROTOCOLS.node,
): Promise<TLSSocket> {
  return dial({ host, port, ca: authority, cert: certificate, key }, protocol);
}

function dial(options: ConnectionOptions, protocol: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...options,
      servername: DOOR_NAME,
      ALPNProtocols: [protocol],
      minVersion: 'TLSv1.3',
    });
    const fail = (cause: Error) => {
      socket.destroy();
      reject(new Error(`The edge at ${options.host}:${options.port} can't be reached: ${cause.message}`));
    };
    socket.setTimeout(DIAL_MS_MAX, () => fail(new Error('no answer in time')));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      socket.off('error', fail);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** The authority that the token names, if it signed the door's certificate; a node's own certificate is no door's. */
function trustedAuthority(socket: TLSSocket, { authority, host }: JoinToken): string {
  const door = socket.getPeerX509Certificate();
  const shown = door?.issuerCertificate;
  const isTrusted =
    door !== undefined &&
    shown !== undefined &&
    certificateDigest(shown) === authority &&
    door.checkIssued(shown) &&
    door.verify(shown.publicKey) &&
    door.checkHost(DOOR_NAME) !== undefined;
  if (!isTrusted)
    throw new Error(
      `Who answers at ${host} is not the edge that made this token. Nothing was told. Make a new token there, and look who is in between.`,
    );
  return shown.toString();
}

async function asked(socket: TLSSocket, request: object): Promise<string> {
  sayLine(socket, request);
  const answer = DoorAnswer.safeParse(await readLine(socket)).data;
  if (answer === undefined) throw new Error('The edge gave no answer: it may have removed this node.');
  if ('refused' in answer) throw new Error(`The edge refuses it: ${answer.refused}.`);
  return answer.certificate;
}
