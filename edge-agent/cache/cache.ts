/**
 * Relief of one API server: answers reads from memory or by reads that many share, with Kubernetes' own meaning of versions, and only what the
 * cluster lets the requester read. Whatever it is not sure of it leaves to the API server.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestAnalysis } from '../../protocol/cluster-report.ts';
import { Analysis } from '../relief/analysis.ts';
import { askedOf, type Question, questionOf } from '../relief/question.ts';
import { Access } from './access.ts';
import { answerBytes, type Outcome } from './answers.ts';
import { noCounts } from './counts.ts';
import type { Answered, ClusterRequest, Relief } from './port.ts';
import type { Reader } from './reader.ts';
import { type Asking, getObject, listObjects, watchObjects } from './reads.ts';
import { reportOf } from './report.ts';
import { SharedReads, type SharedResult } from './shared-reads.ts';
import { Types } from './types.ts';

export interface CacheOptions {
  /** Reads everything that is to be kept: it needs list and watch of those types, and may create SubjectAccessReviews. */
  readonly client: Reader;
  /** Milliseconds. */
  readonly monotonicNow: () => number;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  /** What objects, what changed last, and ready-made answers may take. */
  readonly budgetBytes: number;
  readonly log: (line: string) => void;
}

export interface Cache extends Relief {
  analysis(): RequestAnalysis;
}

export function openCache(options: CacheOptions): Cache {
  const { client, monotonicNow: now, wallNow, budgetBytes, log } = options;
  const counts = noCounts();
  const access = new Access(client, now, counts);
  const shared = new SharedReads(client, now, counts);
  const types = new Types({ client, now, wallNow, counts, budgetBytes, log });
  const analysis = new Analysis(now());
  const open = { streams: 0 };

  const answering = { access, shared, types, wallNow };
  return {
    answer: async (request: ClusterRequest, _incoming: IncomingMessage, response: ServerResponse) => {
      const question = questionOf({
        method: request.method,
        path: request.path,
        query: request.query,
        accept: request.headers['accept'],
        program: request.headers['user-agent'] ?? request.program,
      });
      if (question === undefined) return undefined;
      open.streams++;
      try {
        return await answerQuestion(answering, { question, request, response });
      } catch (cause) {
        log(`relief: ${cause instanceof Error ? cause.message : String(cause)}`);
        if (response.headersSent) response.destroy();
        return response.headersSent ? { by: 'cache', status: 200, bytes: 0 } : undefined;
      } finally {
        open.streams--;
      }
    },
    record: (request: ClusterRequest, answered: Answered) => {
      const { requester, program } = request;
      analysis.record({ subject: requester.subject, program, ...askedOf(request) }, answered, now());
    },
    analysis: () =>
      reportOf({ analysis, counts, types, openStreams: open.streams, budgetBytes, nowMs: now() }),
    close: () => types.close(),
  };
}

interface Answering {
  readonly access: Access;
  readonly shared: SharedReads;
  readonly types: Types;
  readonly wallNow: () => number;
}

interface Asked {
  readonly question: Question;
  readonly request: ClusterRequest;
  readonly response: ServerResponse;
}

async function answerQuestion(
  { access, shared, types, wallNow }: Answering,
  { question, request, response }: Asked,
): Promise<Outcome | undefined> {
  const { info, form } = question;
  // One object alone is not worth keeping its type, nor asking for access twice.
  if (info.verb === 'get' && form === 'json' && types.use({ ...info, form }, { begin: false }) === undefined)
    return undefined;
  if (!(await access.allows(request.requester, info))) return undefined;
  if (form !== 'shared') {
    const type = types.use({ ...info, form }, { begin: info.verb !== 'get' });
    const acceptEncoding = request.headers['accept-encoding'];
    const asking = type && { type, question, response, acceptEncoding, wallNow };
    const outcome = asking && (await answerFromMemory(asking));
    if (outcome !== undefined || form === 'json' || info.verb === 'watch') return outcome;
  }
  return answerShared(await shared.read(request), response);
}

function answerFromMemory(asking: Asking): Promise<Outcome | undefined> {
  const { verb } = asking.question.info;
  if (verb === 'get') return getObject(asking);
  return verb === 'list' ? listObjects(asking) : watchObjects(asking);
}

async function answerShared(
  result: SharedResult | undefined,
  response: ServerResponse,
): Promise<Outcome | undefined> {
  if (result === undefined) return undefined;
  const by = result.isShared ? 'coalesced' : 'upstream';
  return answerBytes(response, { by, status: 200, ...result.answer });
}
