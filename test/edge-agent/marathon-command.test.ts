/** Adding a Marathon: what answers there and is none is said to be none, and nothing is kept. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readClusterFiles } from '../../edge-agent/cluster-files.ts';
import { addMarathon } from '../../edge-agent/marathon-command.ts';

test.each([
  ['has no such path', 404, 'Not Found.'],
  ['answers with a page', 200, '<html>Mesos</html>'],
])('a server that %s is no Marathon', async (_, status, text) => {
  const directory = await mkdtemp(join(tmpdir(), 'isthmus-marathon-'));
  const other = createServer((_request, answer) => answer.writeHead(status).end(text));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  try {
    const server = `http://127.0.0.1:${port}`;
    const adding = addMarathon({ name: 'prod', server, master: undefined, files: {}, directory });
    await expect(adding).rejects.toThrow(`${server} answers, and is no Marathon: GET /v2/info`);
    expect(readClusterFiles(directory).clusters).toEqual([]);
  } finally {
    other.closeAllConnections();
    other.close();
    await rm(directory, { recursive: true, force: true });
  }
});
