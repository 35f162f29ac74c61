/**
 * The requests that pass to an engine through the agent of its node: a closed list, with what each must hold for and how its answer is cut down. What passes is
 * written anew from what was understood, so that nobody gains by two readers that differ. Values in, values out.
 */
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { archiveOf } from '../engine/archive.ts';
import type { EngineRequest } from '../engine/client.ts';
import { readArchive } from '../engine/unpack.ts';
import { Connection, createdBody, type HostRules, Limits, NewNetwork, networkRefusal } from './bodies.ts';

export type Need =
  /** A container of ours; `isNew`: one that never ran, so that nothing in it can meddle. */
  | { readonly kind: 'container'; readonly id: string; readonly isNew?: true }
  | { readonly kind: 'network'; readonly name: string }
  /** Both ours, and of one tenant unless the network is everybody's. */
  | { readonly kind: 'connection'; readonly id: string; readonly network: string }
  /** Ours if it is there, of the same app, and nothing but a volume. */
  | {
      readonly kind: 'volume';
      readonly name: string;
      readonly namespace: string;
      readonly app: string;
    }
  /** The network that a new container is in: the tenant's own. */
  | { readonly kind: 'tenant_network'; readonly name: string; readonly tenant: string };

/** How the answer is cut down to what the driver reads. */
export type AnswerKind =
  | 'ping'
  | 'nothing'
  | 'info'
  | 'containers'
  | 'images'
  | 'volumes'
  | 'networks'
  | 'own';

export interface Admitted {
  readonly request: EngineRequest;
  readonly needs: readonly Need[];
  readonly answer: AnswerKind;
}

export interface Understood {
  /** What the pattern of the path caught. */
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly rules: HostRules;
}

/** A text is the reason of a refusal. */
export type Passing = Omit<Admitted, 'request'> & { readonly request: Omit<EngineRequest, 'method'> };

export interface Route {
  readonly method: EngineRequest['method'];
  readonly path: RegExp;
  /** Every parameter that may be there, and what it may say. */
  readonly query?: Readonly<Record<string, RegExp>>;
  readonly hasBody?: true;
  readonly pass: (understood: Understood) => Passing | string;
}

/** An orderly stop may take as long as an app may ask for. */
const STOP_MS_MAX = 3_700_000;
const PULL_MS_MAX = 20 * 60_000;
const FILTERS_MAX = 16;

const ID = '([0-9a-f]{64})';
const IMAGE = '[A-Za-z0-9](?:[A-Za-z0-9._:@-]|/(?=[A-Za-z0-9])){0,500}';
const NETWORK = '(isthmus[_-][a-z0-9][a-z0-9._-]{0,100})';
const ONE = /^(?:0|1|true|false)$/;
const CONTAINER_NAME = /^[a-z0-9][a-z0-9_.-]{0,80}\.\d{1,5}(?:\.next|\.old)?$/;

function at(path: string): RegExp {
  return new RegExp(`^${path}$`);
}

function look(path: string, answer: AnswerKind): Passing {
  return { request: { path }, needs: [], answer };
}

function ofContainer(verb: string, more: Partial<Route> = {}): Route {
  return {
    method: 'POST',
    path: at(`/containers/${ID}/${verb}`),
    pass: ({ name: id, query }) => ({
      request: {
        path: `/containers/${id}/${verb}`,
        query,
        ...(verb === 'stop' ? { timeoutMs: STOP_MS_MAX } : {}),
      },
      needs: [{ kind: 'container', id }],
      answer: 'nothing',
    }),
    ...more,
  };
}

const LOOKS: readonly Route[] = [
  { method: 'GET', path: at('/info'), pass: () => look('/info', 'info') },
  {
    method: 'GET',
    path: at('/containers/json'),
    query: { all: ONE },
    pass: ({ query }) => ({ request: { path: '/containers/json', query }, needs: [], answer: 'containers' }),
  },
  { method: 'GET', path: at('/networks'), pass: () => look('/networks', 'networks') },
  { method: 'GET', path: at('/volumes'), query: { filters: /^.{2,2000}$/ }, pass: listVolumes },
  { method: 'GET', path: at('/images/json'), pass: () => look('/images/json', 'images') },
  {
    method: 'GET',
    path: at(`/images/(${IMAGE})/json`),
    pass: ({ name }) => look(`/images/${name}/json`, 'nothing'),
  },
  ofContainer('json', { method: 'GET', pass: ({ name: id }) => own(id, 'json') }),
  ofContainer('logs', {
    method: 'GET',
    query: { stdout: ONE, stderr: ONE, tail: /^\d{1,5}$/, since: /^-?\d{1,15}(?:\.\d{1,9})?$/ },
    pass: ({ name: id, query }) => own(id, 'logs', query),
  }),
  ofContainer('stats', {
    method: 'GET',
    // Without an end it would be a stream.
    query: { stream: /^(?:0|false)$/, 'one-shot': ONE },
    pass: ({ name: id, query }) => own(id, 'stats', { ...query, stream: 'false' }),
  }),
  {
    method: 'GET',
    path: at(`/networks/${NETWORK}`),
    pass: ({ name }) => ({
      request: { path: `/networks/${name}` },
      needs: [{ kind: 'network', name }],
      answer: 'own',
    }),
  },
];

function own(id: string, what: string, query: Readonly<Record<string, string>> = {}): Passing {
  return {
    request: { path: `/containers/${id}/${what}`, query },
    needs: [{ kind: 'container', id }],
    answer: 'own',
  };
}

const CHANGES: readonly Route[] = [
  {
    method: 'POST',
    path: at('/containers/create'),
    query: { name: CONTAINER_NAME },
    hasBody: true,
    pass: createContainer,
  },
  ofContainer('start'),
  ofContainer('restart'),
  ofContainer('stop'),
  ofContainer('rename', { query: { name: CONTAINER_NAME } }),
  ofContainer('update', {
    hasBody: true,
    pass: ({ name: id, body }) => {
      const limits = jsonOf(Limits, body);
      if (typeof limits === 'string') return limits;
      return {
        request: { path: `/containers/${id}/update`, body: limits },
        needs: [{ kind: 'container', id }],
        answer: 'nothing',
      };
    },
  }),
  ofContainer('archive', { method: 'PUT', query: { path: /^\/$/ }, hasBody: true, pass: unpack }),
  {
    method: 'DELETE',
    path: at(`/containers/${ID}`),
    pass: ({ name: id }) => ({
      request: { path: `/containers/${id}` },
      needs: [{ kind: 'container', id }],
      answer: 'nothing',
    }),
  },
  {
    method: 'POST',
    path: at('/images/create'),
    query: { fromImage: at(IMAGE) },
    pass: ({ query }) => ({
      request: { path: '/images/create', query, timeoutMs: PULL_MS_MAX },
      needs: [],
      answer: 'own',
    }),
  },
  { method: 'POST', path: at('/networks/create'), hasBody: true, pass: createNetwork },
  ...(['connect', 'disconnect'] as const).map(
    (verb): Route => ({
      method: 'POST',
      path: at(`/networks/${NETWORK}/${verb}`),
      hasBody: true,
      pass: (understood) => connect(verb, understood),
    }),
  ),
  {
    method: 'DELETE',
    path: at(`/networks/${NETWORK}`),
    pass: ({ name }) => ({
      request: { path: `/networks/${name}` },
      needs: [{ kind: 'network', name }],
      answer: 'nothing',
    }),
  },
];

export const ROUTES: readonly Route[] = [...LOOKS, ...CHANGES];

/** As understood, or why not. Names of fields count letter by letter here, which an engine does not. */
function jsonOf<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.infer<Schema> | string {
  const parsed = schema.safeParse(parseJson(body.toString('utf8')));
  return parsed.success ? parsed.data : z.prettifyError(parsed.error).replaceAll('\n', ' ').slice(0, 500);
}

const Filters = z.strictObject({ label: z.array(z.string().max(300)).min(1).max(FILTERS_MAX) });

function listVolumes({ query }: Understood): Passing | string {
  const filters = jsonOf(Filters, Buffer.from(query['filters'] ?? ''));
  if (typeof filters === 'string') return filters;
  return {
    request: { path: '/volumes', query: { filters: JSON.stringify(filters) } },
    needs: [],
    answer: 'volumes',
  };
}

function createContainer({ query, body, rules }: Understood): Passing | string {
  const { name } = query;
  if (name === undefined) return 'it has no name';
  const created = createdBody(rules);
  const wanted = jsonOf(created, body);
  if (typeof wanted === 'string') return wanted;
  const { tenant, namespace, app, network } = wanted.owner;
  return {
    request: { path: '/containers/create', query: { name }, body: wanted.body },
    needs: [
      { kind: 'tenant_network', name: network, tenant },
      ...wanted.volumes.map((volume) => ({ kind: 'volume', name: volume, namespace, app }) as const),
    ],
    answer: 'own',
  };
}

function createNetwork({ body, rules }: Understood): Passing | string {
  const wanted = jsonOf(NewNetwork, body);
  if (typeof wanted === 'string') return wanted;
  const why = networkRefusal(wanted, rules);
  if (why !== undefined) return why;
  return { request: { path: '/networks/create', body: wanted }, needs: [], answer: 'own' };
}

function connect(verb: 'connect' | 'disconnect', { name, body }: Understood): Passing | string {
  const wanted = jsonOf(Connection[verb], body);
  if (typeof wanted === 'string') return wanted;
  return {
    request: { path: `/networks/${name}/${verb}`, body: wanted },
    needs: [{ kind: 'connection', id: wanted.Container, network: name }],
    answer: 'nothing',
  };
}

/** Plain files alone, and only before the container has run: no link that leads elsewhere, nobody who makes one meanwhile. */
function unpack({ name: id, body }: Understood): Passing | string {
  const files = readArchive(body);
  if (files === undefined) return 'its archive holds something else than plain files';
  return {
    request: { path: `/containers/${id}/archive`, query: { path: '/' }, body: archiveOf(files) },
    needs: [{ kind: 'container', id, isNew: true }],
    answer: 'nothing',
  };
}
