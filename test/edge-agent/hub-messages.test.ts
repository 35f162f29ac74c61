/** How a hub hears of changes: its queue, the API while the queue does not answer, and no sooner than it was told. */
import { afterEach, describe, expect, test } from 'vitest';
import type { QueueMessages } from '../../edge-agent/cloud/cloud.ts';
import { agentsIn } from '../../edge-agent/cloud/queue.ts';
import { HubMessages } from '../../edge-agent/hub-messages.ts';
import type { Answer } from '../../edge-agent/link/client.ts';

const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/123456789012/hub-a';

/** A queue and an API that hold messages; a poll of either is answered when there is something, or is held open. */
class Post {
  readonly heard: string[] = [];
  readonly polls: string[] = [];
  readonly queued: string[][] = [];
  fault: Extract<QueueMessages, { kind: 'failed' }> | undefined;
  api: { changed: string[]; cursor: string; againSeconds?: number } = { changed: [], cursor: 'queue' };
  readonly messages: HubMessages;

  constructor(withQueue: boolean) {
    const account = { messages: (queue: string) => this.#receive(queue) };
    this.messages = new HubMessages({
      caller: { call: ({ path }) => this.#call(path) },
      ...(withQueue ? { account } : {}),
      now: () => performance.now(),
      chance: () => 0,
      onChanged: (agents) => this.heard.push(...agents),
    });
    posts.push(this);
  }

  async #receive(queue: string): Promise<QueueMessages> {
    this.polls.push(queue);
    await soon(2);
    if (this.fault !== undefined) return this.fault;
    const agents = this.queued.shift();
    if (agents === undefined) await soon(200);
    return { kind: 'messages', agents: agents ?? [] };
  }

  async #call(path: string): Promise<Answer> {
    this.polls.push(path.split('?')[0] ?? '');
    await soon(2);
    if (this.api.againSeconds === undefined && this.api.changed.length === 0) await soon(200);
    const body = JSON.stringify(this.api);
    this.api = { ...this.api, changed: [] };
    return { kind: 'answer', status: 200, headers: {}, body };
  }
}

const posts: Post[] = [];
const API = '/v1/agent/messages';

afterEach(() => posts.splice(0).forEach(({ messages }) => messages.stop()));

function soon(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 4_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not happen in time');
    await soon(5);
  }
}

describe('a hub with a queue', () => {
  test('hears of every agent that is named there, and does not ask the API', async () => {
    const post = new Post(true);
    post.queued.push(['edge.demo.berlin', 'edge.demo.tokyo'], ['hub.hub-a']);
    post.messages.update(QUEUE);
    await until(() => post.heard.length === 3);
    expect(post.heard).toEqual(['edge.demo.berlin', 'edge.demo.tokyo', 'hub.hub-a']);
    expect(new Set(post.polls)).toEqual(new Set([QUEUE]));
    expect(post.messages.findings()).toEqual([]);
  });

  test.each([
    ['denied', 'queue.denied'],
    ['unreachable', 'queue.unreachable'],
  ])('that is %s hears by the API, says so, and returns to the queue by itself', async (code, finding) => {
    const post = new Post(true);
    post.fault = { kind: 'failed', code, reason: 'as ordered' };
    post.api.changed = ['edge.demo.berlin'];
    post.messages.update(QUEUE);
    await until(() => post.heard.includes('edge.demo.berlin'));
    expect(post.messages.findings()).toMatchObject([{ code: finding, level: 'warning' }]);
    post.fault = undefined;
    post.queued.push(['edge.demo.tokyo']);
    await until(() => post.heard.includes('edge.demo.tokyo'));
    expect(post.messages.findings()).toEqual([]);
  });

  test('backs off from a queue that fails: an API that answers at once is not flooded meanwhile', async () => {
    const post = new Post(true);
    post.fault = { kind: 'failed', code: 'unreachable', reason: 'as ordered' };
    post.api.againSeconds = 60;
    post.messages.update(QUEUE);
    await soon(1_400);
    expect(post.polls.filter((poll) => poll === API).length).toBeLessThanOrEqual(3);
    expect(post.polls.filter((poll) => poll === QUEUE).length).toBeLessThanOrEqual(3);
    expect(post.polls.length).toBeGreaterThanOrEqual(3);
  });
});

describe('a hub without a queue', () => {
  test('hears by the long poll, time after time', async () => {
    const post = new Post(false);
    post.api.changed = ['edge.demo.berlin'];
    post.messages.update(undefined);
    await until(() => post.heard.length === 1 && post.polls.length > 1);
    expect(new Set(post.polls)).toEqual(new Set([API]));
  });

  test('asks again no sooner than it was told', async () => {
    const post = new Post(false);
    post.api.againSeconds = 60;
    post.messages.update(QUEUE);
    await soon(300);
    expect(post.polls).toEqual([API]);
  });
});

test('what is no message of ours names nobody', () => {
  expect(agentsIn('{"agents":["a","b"]}')).toEqual(['a', 'b']);
  for (const body of ['', '{', '[]', '{"agents":[1]}', '{"agents":"a"}']) expect(agentsIn(body)).toEqual([]);
});
