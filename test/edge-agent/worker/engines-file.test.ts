/** An engine that falls silent keeps its size and labels in what is told of its cluster, over a restart of the edge too. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspectDocker } from '../../../edge-agent/clusters/docker-facts.ts';
import { EngineClient } from '../../../edge-agent/engine/client.ts';
import { EnginesFile } from '../../../edge-agent/worker/engines-file.ts';

let directory: string;
const servers: Server[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-engines-'));
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

/** What of an engine's API is asked when it is looked at. */
async function engine(name: string, zone: string) {
  const info = {
    Name: name,
    NCPU: 4,
    MemTotal: 8 * 2 ** 30,
    ServerVersion: '20.10',
    Labels: [`zone=${zone}`],
  };
  const server = createServer(({ url = '' }, answer) => {
    answer.setHeader('content-type', 'application/json');
    answer.setHeader('api-version', '1.41');
    if (url.endsWith('/version')) return answer.end(JSON.stringify({ ApiVersion: '1.41' }));
    return answer.end(JSON.stringify(url.includes('/images/') ? [] : info));
  });
  const path = join(directory, `${name}.sock`);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  servers.push(server);
  return { name, client: new EngineClient({ kind: 'socket', path }), server };
}

test('a silent engine is as large, and has the labels, that it had', async () => {
  const nodes = [await engine('n1', 'a'), await engine('n2', 'b')] as const;
  const log: string[] = [];
  const file = () => new EnginesFile(join(directory, 'nodes'), (line) => log.push(line));
  const before = await inspectDocker(nodes, file());
  nodes[1].server.close().closeAllConnections();
  const told = async (known?: EnginesFile) =>
    (await inspectDocker(nodes, known)).nodes.map(({ name, ready, schedulable, capacity, labels }) => [
      ...[name, ready, schedulable, capacity.cpuMillis, capacity.memoryMib, labels['zone']],
    ]);
  expect(before.capacity.cpuMillis).toBe(8_000);
  expect(await told(file())).toEqual([
    ['n1', 'True', true, 4_000, 8_192, 'a'],
    ['n2', 'Unknown', true, 4_000, 8_192, 'b'],
  ]);
  // Of one that never answered nothing is known, so nothing is placed on it.
  expect((await told())[1]).toEqual(['n2', 'Unknown', false, 0, 0, undefined]);
  for (const { client } of nodes) client.close();
  expect(log).toEqual([]);
});
