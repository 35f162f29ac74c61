/**
 * Stands before a plain engine for the edge: admits a request, looks up what it needs, asks the engine, cuts the answer down. It decides nothing itself
 * (`admission.ts`, `judgement.ts`) and passes on no byte that was not understood.
 */
import type { EngineClient } from '../engine/client.ts';
import { EngineError, undefinedOn } from '../engine/errors.ts';
import { admit, type Call } from './admission.ts';
import type { HostRules } from './bodies.ts';
import {
  cutDown,
  type Held,
  HeldContainer,
  HeldNetwork,
  HeldVolume,
  judge,
  type Verdict,
} from './judgement.ts';
import type { Admitted, Need } from './routes.ts';

export interface GuardOptions {
  readonly client: EngineClient;
  /** As the host is now. */
  readonly rules: () => HostRules;
  /** Told of each refusal. */
  readonly onRefused: (why: string) => void;
}

export type GuardAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Buffer }
  /** The engine does not answer us. */
  | { readonly kind: 'silent'; readonly why: string };

const STATUS = { absent: 404, refused: 403 } as const;

/** Never rejects. */
export async function guarded(call: Call, options: GuardOptions): Promise<GuardAnswer> {
  const admission = admit(call, options.rules());
  if (admission.kind === 'refused') return refuse(admission.why, options);
  try {
    const verdict = await firstVerdict(options.client, admission.admitted.needs);
    if (verdict !== undefined) return refuse(verdict.why, options, STATUS[verdict.kind]);
    return { kind: 'answer', status: 200, body: await ask(options.client, admission.admitted) };
  } catch (cause) {
    return answerOf(cause);
  }
}

function refuse(why: string, { onRefused }: GuardOptions, status = 403): GuardAnswer {
  if (status === 403) onRefused(why);
  return said(status, status === 403 ? `The node's agent refuses it: ${why}.` : `${why}.`);
}

function said(status: number, message: string): GuardAnswer {
  return { kind: 'answer', status, body: Buffer.from(JSON.stringify({ message })) };
}

function answerOf(cause: unknown): GuardAnswer {
  if (!(cause instanceof EngineError))
    return said(500, cause instanceof Error ? cause.message : String(cause));
  if (cause.code === 'engine.unreachable') return { kind: 'silent', why: cause.message };
  return said(cause.status ?? 500, cause.message);
}

async function firstVerdict(client: EngineClient, needs: readonly Need[]): Promise<Verdict> {
  for (const need of needs) {
    const verdict = judge(need, await lookUp(client, need));
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

async function lookUp(client: EngineClient, need: Need): Promise<Held> {
  switch (need.kind) {
    case 'container':
      return { container: await container(client, need.id) };
    case 'network':
    case 'tenant_network':
      return { network: await network(client, need.name) };
    case 'connection': {
      const [held, at] = await Promise.all([container(client, need.id), network(client, need.network)]);
      return { container: held, network: at };
    }
    case 'volume': {
      const call = { method: 'GET', path: `/volumes/${need.name}` } as const;
      return { volume: await undefinedOn(client.json(HeldVolume, call), ['engine.not_found']) };
    }
  }
}

function container(client: EngineClient, id: string) {
  const call = { method: 'GET', path: `/containers/${id}/json` } as const;
  return undefinedOn(client.json(HeldContainer, call), ['engine.not_found']);
}

function network(client: EngineClient, name: string) {
  const call = { method: 'GET', path: `/networks/${name}` } as const;
  return undefinedOn(client.json(HeldNetwork, call), ['engine.not_found']);
}

async function ask(client: EngineClient, { request, answer }: Admitted): Promise<Buffer> {
  if (answer === 'ping') {
    await client.ask({ method: 'GET', path: '/version' });
    return Buffer.alloc(0);
  }
  return cutDown(answer, await client.bytes(request));
}
