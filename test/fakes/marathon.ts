/**
 * A double of Marathon's HTTP API over our own Mesos framework: apps, groups, deployments with their locks, the queue, events. Marathon itself can't be had. What is
 * behind the API here is real (Mesos, containers); that Marathon does the same behind its own is not shown by it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { MesosFramework } from '../../edge-agent/mesos/framework.ts';
import { parseJson } from '../../protocol/json.ts';
import { appJson, queueJson } from './marathon-answers.ts';
import { MarathonAppJson } from './marathon-app.ts';
import { Locked, MarathonApps, type Told, type Wanted } from './marathon-deployments.ts';

const LOOK_MS = 100;

export interface MarathonSettings {
  readonly framework: MesosFramework;
  /** Where it keeps apps and deployments. */
  readonly directory: string;
  /** 0: any. */
  readonly port?: number;
  /** Where it listens; loopback if absent. */
  readonly address?: string;
  /** What it says as the host name of agents. */
  readonly hostname: string;
  /** Asked for as a DC/OS token. */
  readonly token?: string;
}

export interface MarathonDouble {
  readonly server: string;
  readonly port: number;
  /** Tasks, apps and deployments stay. */
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export async function startMarathon(settings: MarathonSettings): Promise<MarathonDouble> {
  const streams = new Set<ServerResponse>();
  const tell = ({ type, body }: Told) => {
    const data = JSON.stringify({ eventType: type, timestamp: new Date().toISOString(), ...body });
    for (const stream of streams) stream.write(`event: ${type}\r\ndata: ${data}\r\n\r\n`);
  };
  const apps = new MarathonApps(settings.framework, settings.directory, tell);
  const told = new Map<string, string>();
  const timer = setInterval(() => {
    apps.look();
    tellEnds(apps, told, tell);
  }, LOOK_MS);
  const server = createServer((request, response) => {
    void serve({ settings, apps, streams, request, response });
  });
  await new Promise<void>((resolve) =>
    server.listen(settings.port ?? 0, settings.address ?? '127.0.0.1', resolve),
  );
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  return {
    server: `http://127.0.0.1:${port}`,
    port,
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Tasks that ended by themselves, once each. */
function tellEnds(apps: MarathonApps, told: Map<string, string>, tell: (event: Told) => void): void {
  for (const { json } of apps.all) {
    const { ended } = apps.view(json.id);
    if (ended === undefined || told.get(json.id) === ended.id) continue;
    told.set(json.id, ended.id);
    tell({
      type: 'status_update_event',
      body: {
        appId: json.id,
        taskId: ended.id,
        taskStatus: ended.state,
        message: ended.message,
        version: apps.versionOf(ended.release),
      },
    });
  }
}

interface Exchange {
  readonly settings: MarathonSettings;
  readonly apps: MarathonApps;
  readonly streams: Set<ServerResponse>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function serve({ settings, apps, streams, request, response }: Exchange): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://double');
  const { token } = settings;
  if (token !== undefined && request.headers.authorization !== `token=${token}`)
    return send(response, { status: 401, body: { message: 'Not Authenticated.' } });
  if (url.pathname === '/v2/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: event_stream_attached\r\ndata: {"remoteAddress":"127.0.0.1"}\r\n\r\n');
    streams.add(response);
    response.once('close', () => streams.delete(response));
    return;
  }
  const text = await textOf(request);
  const asked = {
    method: request.method ?? '',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    body: text === '' ? {} : parseJson(text),
  };
  send(response, answerTo(asked, apps, settings));
}

function answerTo(asked: Asked, apps: MarathonApps, settings: MarathonSettings): Reply {
  try {
    return routed(asked, apps, settings);
  } catch (cause) {
    if (cause instanceof Locked)
      return {
        status: 409,
        body: { message: cause.message, deployments: cause.deployments.map((id) => ({ id })) },
      };
    if (cause instanceof z.ZodError)
      return {
        status: 422,
        body: {
          message: 'Object is not valid',
          details: cause.issues.map(({ path, message }) => ({
            path: `/${path.join('/')}`,
            errors: [message],
          })),
        },
      };
    return { status: 500, body: { message: String(cause) } };
  }
}

function routed(asked: Asked, apps: MarathonApps, settings: MarathonSettings): Reply {
  const { method, path, query } = asked;
  if (path === '/v2/info') return { status: 200, body: infoOf(settings) };
  if (path === '/v2/queue') return { status: 200, body: { queue: queueJson(apps) } };
  if (path === '/v2/deployments') return { status: 200, body: apps.deployments.map(deploymentJson) };
  const taken = /^\/v2\/deployments\/(.+)$/.exec(path)?.[1];
  if (taken !== undefined && method === 'DELETE') return changed(apps.takeBack(taken));
  if (path === '/v2/apps' && method === 'GET')
    return { status: 200, body: { apps: selected(query, apps, settings) } };
  if (path === '/v2/apps' && method === 'POST') return created(asked, apps, settings);
  const group = /^\/v2\/groups(\/.+)$/.exec(path)?.[1];
  if (group !== undefined) return groupAnswer(group, asked, apps);
  const id = /^\/v2\/apps(\/.+?)(\/restart)?$/.exec(path)?.[1];
  return id === undefined ? missing(path) : appAnswer(id, asked, { apps, settings });
}

function infoOf({ framework }: MarathonSettings): object {
  return {
    name: 'marathon',
    version: '1.5.0',
    frameworkId: framework.frameworkId,
    leader: 'double:8080',
    marathon_config: { features: [] },
  };
}

function selected(query: URLSearchParams, apps: MarathonApps, { hostname }: MarathonSettings): object[] {
  const label = query.get('label');
  return apps.all
    .filter(({ json }) => label === null || json.labels[label] !== undefined)
    .map((app) => appJson(app, apps, hostname));
}

function created(asked: Asked, apps: MarathonApps, { hostname }: MarathonSettings): Reply {
  const json = MarathonAppJson.parse(asked.body);
  if (apps.at(json.id) !== undefined)
    return { status: 409, body: { message: `An app with id [${json.id}] already exists.` } };
  if (apps.all.some((app) => app.json.id.startsWith(`${json.id}/`)))
    return { status: 409, body: { message: `A group with id [${json.id}] already exists.` } };
  apps.change([{ id: json.id, json }], asked.query.get('force') === 'true');
  const stored = apps.at(json.id);
  return { status: 201, body: stored === undefined ? {} : appJson(stored, apps, hostname) };
}

interface Place {
  readonly apps: MarathonApps;
  readonly settings: MarathonSettings;
}

function appAnswer(id: string, { method, path, query, body }: Asked, { apps, settings }: Place): Reply {
  const stored = apps.at(id);
  const force = query.get('force') === 'true';
  if (method === 'PUT') {
    const json = MarathonAppJson.parse({ ...stored?.json, ...z.looseObject({}).parse(body), id });
    return changed(apps.change([{ id, json }], force));
  }
  if (stored === undefined) return missing(id);
  if (method === 'GET') return { status: 200, body: { app: appJson(stored, apps, settings.hostname) } };
  if (method === 'DELETE') return changed(apps.change([{ id, json: undefined }], force));
  return method === 'POST' && path.endsWith('/restart')
    ? changed(apps.change([{ id, json: stored.json, restart: true }], force))
    : missing(path);
}

function groupAnswer(id: string, { method, query, body }: Asked, apps: MarathonApps): Reply {
  const inside = apps.all.filter(({ json }) => json.id.startsWith(`${id}/`));
  if (inside.length === 0) return missing(id);
  if (method === 'GET')
    return { status: 200, body: { id, apps: inside.map(({ json }) => json), groups: [], pods: [] } };
  const { scaleBy } = z.strictObject({ scaleBy: z.number().min(0) }).parse(body);
  const wanted: Wanted[] = inside.map(({ json }) => ({
    id: json.id,
    json: { ...json, instances: Math.ceil(json.instances * scaleBy) },
  }));
  return changed(apps.change(wanted, query.get('force') === 'true'));
}

function deploymentJson({ id, version, affectedApps }: MarathonApps['deployments'][number]): object {
  return { id, version, affectedApps, affectedPods: [], currentStep: 1, totalSteps: 1 };
}

function changed(running: { readonly id: string; readonly version: string } | undefined): Reply {
  if (running === undefined) return missing('deployment');
  return { status: 200, body: { deploymentId: running.id, version: running.version } };
}

function missing(what: string): Reply {
  return { status: 404, body: { message: `${what} does not exist` } };
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString('utf8');
}
