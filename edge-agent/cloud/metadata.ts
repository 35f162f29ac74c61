/**
 * The instance's own metadata (IMDSv2): who it is, and the subnet of a network interface. Read on the host alone, by a
 * token; it must not hand credentials to anybody.
 */
import { z } from 'zod';
import { Cidr } from '../../protocol/address.ts';

const TIMEOUT_MS = 2_000;
const TOKEN_SECONDS = '300';
const TEXT_MAX = 4_096;

export interface Metadata {
  /** Id of this instance. */
  instance(): Promise<string>;
  /** CIDR of the subnet that the interface lies in; undefined while the instance does not have it. */
  subnet(mac: string): Promise<string | undefined>;
}

const Instance = z.string().regex(/^i-[0-9a-f]{8,17}$/);

/** `endpoint`: `http://169.254.169.254` on an instance. */
export function openMetadata(endpoint: string): Metadata {
  const origin = endpoint.replace(/\/+$/, '');
  return {
    instance: async () => Instance.parse(await read(origin, 'instance-id')),
    subnet: async (mac) => {
      const text = await read(origin, `network/interfaces/macs/${mac}/subnet-ipv4-cidr-block`);
      return text === undefined ? undefined : Cidr.parse(text);
    },
  };
}

/** Undefined: there is no such entry. */
async function read(origin: string, path: string): Promise<string | undefined> {
  const issued = await ask(`${origin}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_SECONDS },
  });
  const token = issued ?? '';
  return ask(`${origin}/latest/meta-data/${path}`, { headers: { 'x-aws-ec2-metadata-token': token } });
}

async function ask(url: string, init: RequestInit): Promise<string | undefined> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (cause: unknown) => {
      throw new Error(`The instance's metadata does not answer at ${url}: is this an instance?`, { cause });
    },
  );
  const text = (await answer.text()).trim();
  if (answer.status === 404) return undefined;
  if (!answer.ok || text.length > TEXT_MAX)
    throw new Error(`The instance's metadata answers ${answer.status} at ${url}`);
  return text;
}
