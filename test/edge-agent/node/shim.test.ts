/** What the shim says while no agent answers: by which answer of the API server. A curl of ours stands in for both. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shimText } from '../../../edge-agent/node/shim.ts';

const NETWORK = JSON.stringify({ ipam: { type: 'isthmus-ipam', delegate: 'host-local' } });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-shim-'));
  await mkdir(join(directory, 'api'));
  await writeFile(join(directory, 'api/server'), 'https://nobody\n');
  await program('host-local', 'echo delegated');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(directory, name), `#!/bin/sh\n${text}\n`);
  await chmod(join(directory, name), 0o755);
}

/** The agent's socket is not there; the API server answers so. */
async function added(answer: string): Promise<string> {
  await program('curl', `case "$*" in *--unix-socket*) exit 7 ;; esac\nprintf '%s' '${answer}'`);
  const paths = { socket: '/s', held: '/held', gone: '/gone', api: join(directory, 'api') };
  const environment = {
    PATH: `${directory}:${process.env['PATH']}`,
    CNI_PATH: directory,
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'c1',
    CNI_ARGS: 'K8S_POD_NAMESPACE=acme;K8S_POD_NAME=web-1',
  };
  return new Promise((resolve) => {
    const child = execFile('sh', ['-c', shimText(paths)], { env: environment }, (_, said) => resolve(said));
    child.stdin?.end(NETWORK);
  });
}

test.each([
  ['401', "refuses this node's credentials"],
  ['403', "refuses this node's credentials"],
  ['500', 'neither the agent of this node nor the API server answers'],
  ['200', 'delegated'],
  ['404', 'delegated'],
])('an API server that answers %s makes it say: %s', async (status, expected) => {
  expect(await added(`{}\n${status}`)).toContain(expected);
});

test('a pod with a pool waits for the agent', async () => {
  expect(await added('{"annotations":{"isthmus.dev/pool":"web"}}\n200')).toContain(
    'wants an address of a pool',
  );
});
