/**
 * DNS messages as bytes: reads a query strictly enough to trust, and builds answers. It must not decide what the
 * answer is.
 */
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Question,
  RECURSION_AVAILABLE,
} from 'dns-packet';

export const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
export type Rcode = keyof typeof RCODES;

const HEADER_BYTES = 12;
const QUERY_BYTES_MAX = 4_096;
const UDP_BYTES_MIN = 512;
const UDP_BYTES_MAX = 1_232;
const NEGATIVE_TTL_SECONDS = 5;
const RECURSION_DESIRED_BIT = 0x0100;
const TRUNCATED_BIT = 0x0200;

export interface Query {
  readonly bytes: Buffer;
  readonly id: number;
  readonly question: Question;
  readonly hasEdns: boolean;
  /** Largest UDP answer that the client takes. */
  readonly udpBytes: number;
  readonly flags: number;
}

export type QueryResult =
  | { readonly kind: 'query'; readonly query: Query }
  /** A header could be read: the client is told what is wrong. */
  | { readonly kind: 'fault'; readonly reply: Buffer }
  /** Not a query at all: silence. */
  | { readonly kind: 'ignore' };

export function readQuery(bytes: Buffer): QueryResult {
  if (bytes.length < HEADER_BYTES || bytes.length > QUERY_BYTES_MAX) return { kind: 'ignore' };
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return { kind: 'ignore' };
  if (((flags >> 11) & 15) !== 0) return { kind: 'fault', reply: headerOnly(bytes, 'NOTIMP') };
  const query = decodeQuery(bytes, flags);
  return query === undefined
    ? { kind: 'fault', reply: headerOnly(bytes, 'FORMERR') }
    : { kind: 'query', query };
}

function decodeQuery(bytes: Buffer, flags: number): Query | undefined {
  try {
    const packet = decode(bytes);
    const [question, ...others] = packet.questions ?? [];
    if (question === undefined || others.length > 0) return undefined;
    if ((question.class ?? 'IN') !== 'IN') return undefined;
    const option = packet.additionals?.find((record) => record.type === 'OPT');
    const size = option?.type === 'OPT' ? option.udpPayloadSize : 0;
    return {
      bytes,
      id: bytes.readUInt16BE(0),
      question,
      hasEdns: option !== undefined,
      udpBytes: Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_MIN, size)),
      flags,
    };
  } catch {
    return undefined;
  }
}

/** An answer of our own; without addresses it is a negative one, with the SOA that says how long it holds. */
export function buildAnswer(
  query: Query,
  outcome: {
    readonly rcode: Rcode;
    readonly domain?: string;
    readonly addresses?: readonly string[];
    readonly ttlSeconds?: number;
  },
): Buffer {
  const { addresses = [], ttlSeconds } = outcome;
  const answers = addresses.map((address) => addressRecord(query.question.name, address, ttlSeconds));
  const authorities =
    outcome.domain !== undefined && answers.length === 0 ? [startOfAuthority(outcome.domain)] : [];
  const authority = outcome.domain === undefined ? 0 : AUTHORITATIVE_ANSWER;
  return encode({
    type: 'response',
    id: query.id,
    flags: (query.flags & RECURSION_DESIRED_BIT) | RECURSION_AVAILABLE | authority | RCODES[outcome.rcode],
    questions: [query.question],
    answers,
    authorities,
    additionals: query.hasEdns ? [edns()] : [],
  });
}

/** What fits into the client's datagram: too long an answer becomes an empty one that says "ask by TCP". */
export function fitDatagram(query: Query, reply: Buffer): Buffer {
  if (reply.length <= query.udpBytes) return reply;
  const cut = Buffer.from(reply.subarray(0, questionEnd(reply) ?? HEADER_BYTES));
  cut.writeUInt16BE(reply.readUInt16BE(2) | TRUNCATED_BIT, 2);
  cut.writeUInt16BE(cut.length > HEADER_BYTES ? 1 : 0, 4);
  for (const offset of [6, 8, 10]) cut.writeUInt16BE(0, offset);
  return cut;
}

/** A fresh question for a hub. */
export function buildQuestion(id: number, name: string): Buffer {
  return encode({ type: 'query', id, flags: RECURSION_DESIRED_BIT, questions: [{ name, type: 'A' }] });
}

export interface AddressReply {
  readonly rcode: number;
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

/** What a hub said about a name; undefined if it cannot be read. */
export function readAddressReply(bytes: Buffer, name: string): AddressReply | undefined {
  try {
    const packet = decode(bytes);
    const found = (packet.answers ?? []).flatMap((answer) =>
      answer.type === 'A' && sameName(answer.name, name) ? [answer] : [],
    );
    const ttlSeconds =
      found.length === 0 ? NEGATIVE_TTL_SECONDS : Math.min(...found.map(({ ttl = 0 }) => ttl));
    return { rcode: bytes.readUInt16BE(2) & 15, ttlSeconds, addresses: found.map(({ data }) => data) };
  } catch {
    return undefined;
  }
}

/** True if the reply belongs to the query: the same number and the very same question. */
export function isReplyTo(query: Buffer, reply: Buffer): boolean {
  const end = questionEnd(query);
  if (end === undefined || reply.length < end || (reply.readUInt16BE(2) & 0x8000) === 0) return false;
  return (
    query.readUInt16BE(0) === reply.readUInt16BE(0) &&
    reply.readUInt16BE(4) === 1 &&
    query.subarray(HEADER_BYTES, end).equals(reply.subarray(HEADER_BYTES, end))
  );
}

/** The same message under another number. */
export function withId(bytes: Buffer, id: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt16BE(id, 0);
  return copy;
}

function questionEnd(bytes: Buffer): number | undefined {
  let offset = HEADER_BYTES;
  for (let label = bytes[offset]; label !== undefined && label !== 0; label = bytes[offset]) {
    if (label > 63) return undefined;
    offset += label + 1;
  }
  const end = offset + 5;
  return end <= bytes.length ? end : undefined;
}

function headerOnly(bytes: Buffer, rcode: Rcode): Buffer {
  const reply = Buffer.alloc(HEADER_BYTES);
  bytes.copy(reply, 0, 0, 2);
  reply.writeUInt16BE(0x8000 | (bytes.readUInt16BE(2) & 0x7900) | RCODES[rcode], 2);
  return reply;
}

function addressRecord(name: string, address: string, ttlSeconds = 0): Answer {
  return { type: 'A', class: 'IN', name, ttl: ttlSeconds, data: address };
}

function startOfAuthority(domain: string): Answer {
  const times = { serial: 1, refresh: 3_600, retry: 600, expire: 86_400, minimum: NEGATIVE_TTL_SECONDS };
  const data = { mname: `ns.${domain}`, rname: `hostmaster.${domain}`, ...times };
  return { type: 'SOA', class: 'IN', name: domain, ttl: NEGATIVE_TTL_SECONDS, data };
}

function edns(): Answer {
  const sizes = { udpPayloadSize: UDP_BYTES_MAX, extendedRcode: 0, ednsVersion: 0 };
  return { type: 'OPT', name: '.', ...sizes, flags: 0, flag_do: false, options: [] };
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
