/** The embedded table: it outlives its process, belongs to one process at a time, and answers nobody else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStore } from '../../functions/store/table.ts';
import { type LocalTable, openTable } from '../../local/table.ts';
import { site, siteKey } from '../functions/store/examples.ts';

const WRITER = fileURLToPath(new URL('table-writer.ts', import.meta.url));
const KILLS = 4;

let directory = '';
const children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-table-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  await rm(directory, { recursive: true });
});

describe('the table on one machine', () => {
  it('keeps what was written when it is closed and opened again', async () => {
    await withTable(async (table) => {
      await createStore(table).create(site('berlin'));
    });
    await withTable(async (table) => {
      expect(await createStore(table).get(siteKey('berlin'))).toStrictEqual(site('berlin'));
    });
  });

  it('keeps every write that was answered when its process is killed', async () => {
    const written: string[] = [];
    for (let round = 0; round < KILLS; round++) {
      const writer = startWriter(String(round));
      written.push(...(await linesOf(writer, 5 + round * 20)));
      await kill(writer);
    }
    await withTable(async (table) => {
      const store = createStore(table);
      for (const name of written)
        expect(await store.get(siteKey(name))).toStrictEqual(site(name, { version: 2 }));
      expect(await store.create(site('after'))).toBe('written');
    });
  });

  it('is made whole although its first start was cut off, and clears what that left', async () => {
    await mkdir(join(directory, 'making-cut'));
    await writeFile(join(directory, 'making-cut', 'LOCK'), '');
    await withTable(async (table) => {
      expect(await createStore(table).create(site('berlin'))).toBe('written');
    });
    expect((await readdir(directory)).sort()).toStrictEqual(['leveldb', 'table.pid']);
  });

  it('answers no write that could not be made to outlive a power cut', async () => {
    await withTable(async (table) => {
      const store = createStore(table);
      await store.create(site('before'));
      // The database goes on with the files that it has open; only what syncs them looks for the directory.
      await rename(join(directory, 'leveldb'), join(directory, 'moved'));
      await expect(store.create(site('lost'))).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(store.purge(siteKey('before'), 1)).rejects.toMatchObject({ code: 'ENOENT' });
      await rename(join(directory, 'moved'), join(directory, 'leveldb'));
      expect(await store.create(site('after'))).toBe('written');
    });
  });

  it('tells a second process which directory is in use, and by whom', async () => {
    const writer = startWriter('0');
    await linesOf(writer, 1);
    await expect(openTable({ directory })).rejects.toThrow(
      `The table in ${directory} is in use by process ${writer.pid}: stop it first, or choose another directory.`,
    );
    expect(await linesOf(writer, 1)).toHaveLength(1);
  });

  it('can be opened at once after the process that had it was killed', async () => {
    const writer = startWriter('0');
    await linesOf(writer, 1);
    await kill(writer);
    await withTable(async (table) => {
      expect((await createStore(table).get(siteKey('round-0-0')))?.version).toBe(2);
    });
  });

  it('says in one sentence that a directory is damaged', async () => {
    await withTable(async (table) => {
      await createStore(table).create(site('berlin'));
    });
    await writeFile(join(directory, 'leveldb', 'CURRENT'), 'nothing\n');
    await expect(openTable({ directory })).rejects.toThrow(
      `The table in ${directory} can't be opened; restore the directory from a backup.`,
    );
  });

  it('answers no client but its own', async () => {
    await withTable(async ({ client }) => {
      const { endpoint } = client.config;
      const address = await endpoint?.();
      const url = `http://${address?.hostname}:${address?.port}/`;
      expect(address?.hostname).toBe('127.0.0.1');
      const stranger = new DynamoDBClient({
        endpoint: url,
        region: 'local',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        maxAttempts: 1,
      });
      await expect(stranger.send(new ListTablesCommand({}))).rejects.toMatchObject({
        $metadata: { httpStatusCode: 403 },
      });
      stranger.destroy();
      const page = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://elsewhere.example' } });
      expect([page.status, page.headers.get('access-control-allow-origin')]).toStrictEqual([403, null]);
    });
  });

  it('ends its server when it is closed', async () => {
    const table = await openTable({ directory });
    await table.close();
    await expect(createStore(table).get(siteKey('berlin'))).rejects.toThrow();
  });
});

async function withTable(run: (table: LocalTable) => Promise<void>): Promise<void> {
  const table = await openTable({ directory });
  try {
    await run(table);
  } finally {
    await table.close();
  }
}

function startWriter(round: string): ChildProcess {
  const child = spawn(process.execPath, [WRITER, directory, round], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** The next lines that the process prints. */
async function linesOf(child: ChildProcess, count: number): Promise<string[]> {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('The writer has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === count) break;
  }
  return lines;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
