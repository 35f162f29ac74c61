/** What a person runs on a host to join or attach something, put together from what the API gave and what was typed. Nothing that was typed gets into a shell unchecked. */

/** As Linux takes it. */
const DEVICE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;
const TOKEN_FILE = 'isthmus.token';

/** Asks for the secret on the standard input, so that it is in no history of a shell. */
export const SECRET_LINE = `(umask 077; cat > ${TOKEN_FILE})`;

/** The API's line, for an edge whose LAN is on this device; as it came without one. Undefined if no device can be called so. */
export function edgeLine(install: string, device: string): string | undefined {
  if (device === '') return install;
  return DEVICE.test(device) ? `${install} --lan-device ${device}` : undefined;
}

const ATTACHING = {
  kubernetes: 'edge-agent cluster add kubernetes NAME --kubeconfig edge.kubeconfig',
  docker: 'edge-agent cluster add docker NAME',
  swarm: 'edge-agent cluster add swarm NAME',
  mesos: 'edge-agent cluster add mesos NAME --master http://10.0.0.11:5050',
  marathon: 'edge-agent cluster add marathon NAME --marathon https://marathon.example:8443 --tls-ca ca.pem',
} as const;

export type AttachKind = keyof typeof ATTACHING;
export const ATTACH_KINDS: readonly AttachKind[] = ['kubernetes', 'docker', 'swarm', 'mesos', 'marathon'];

/** Run on an edge, as root; NAME is to be chosen. */
export function attachLine(kind: AttachKind): string {
  return ATTACHING[kind];
}
